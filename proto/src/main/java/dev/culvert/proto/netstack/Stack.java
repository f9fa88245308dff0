package dev.culvert.proto.netstack;

import dev.culvert.proto.inet.IpPrefix;
import dev.culvert.proto.inet.IpProtocol;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// A host inside the tunnel: takes IP packets, gives IP packets, and has TCP connections, UDP ports and echoes in
/// between.
///
/// One owner drives it, in any order of calls: `handlePacket` for each packet; `pollReady` until null, serving
/// each socket; `pollTransmit` until false; then wait until `nextDeadline` and call `handleTimeout`. `now` is
/// monotonic, in nanoseconds, not negative.
public final class Stack {
    private static final long LEAST_MEMORY = 64L << 20;

    private final int mtu;
    private final LocalAddresses local;
    private final Counters drops = new Counters();
    private final ReadyQueue readyQueue = new ReadyQueue();
    private final TransmitQueue transmitQueue = new TransmitQueue();
    private final ReplyQueue replies = new ReplyQueue();
    private final Packet packet = new Packet();
    private final IpInput ip;
    private final FragmentReassembly fragments = new FragmentReassembly();
    private final PagePool pool;
    private final PathMtus paths;
    private final TcpLayer tcp;
    private final UdpLayer udp;
    private final IcmpLayer icmp;

    /// A stack with nothing open.
    ///
    /// @param random a secure source: initial sequence numbers, ports and hash keys come from it
    public Stack(StackConfig config, RandomGenerator random) {
        mtu = config.mtu();
        local = new LocalAddresses(config.addresses());
        ip = new IpInput(local, fragments);
        icmp = new IcmpLayer(mtu, drops, replies);
        long buffers = (long) config.sendBuffer() + config.receiveBuffer();
        pool = new PagePool(Math.max(LEAST_MEMORY, 4 * buffers));
        paths = new PathMtus(mtu);
        tcp = new TcpLayer(config, pool, paths, drops, readyQueue, transmitQueue, replies, random);
        udp = new UdpLayer(mtu, paths, local, pool, drops, readyQueue, transmitQueue, icmp, random);
    }

    /// Takes one IP packet, from position to limit of a heap buffer; it is neither changed nor kept.
    public void handlePacket(ByteBuffer packet, long now) {
        int offset = packet.arrayOffset() + packet.position();
        Drop reason = ip.parse(this.packet, packet.array(), offset, packet.remaining(), now);
        if (reason != null) {
            drops.count(reason);
            icmp.tellProblem(this.packet, now);
        } else if (!this.packet.incomplete) {
            handleWhole(now);
        }
    }

    private void handleWhole(long now) {
        int protocol = packet.protocol;
        if (protocol == IpProtocol.TCP) {
            tcp.handlePacket(packet, now);
        } else if (protocol == IpProtocol.UDP) {
            udp.handlePacket(packet, now);
        } else if (protocol == (packet.ipv4 ? IpProtocol.ICMP : IpProtocol.ICMPV6)) {
            icmp.handlePacket(packet, tcp, now);
        } else {
            drops.count(Drop.UNKNOWN_PROTOCOL);
            icmp.sendProtocolUnreachable(packet, now);
        }
    }

    /// Begins a connection; its socket is reported ready when it stands or has failed. Null if all sockets or all
    /// ports towards `remote` are in use, or there is no own address of its family.
    ///
    /// @param from the own address to use, or null for the first of the family
    /// @throws IllegalArgumentException if `from` is not one of the stack's addresses, or `remote` is one or
    /// cannot be one
    public @Nullable TcpSocket connect(@Nullable InetAddress from, InetSocketAddress remote, long now) {
        InetAddress to = requireRemote(remote.getAddress());
        if (remote.getPort() == 0) {
            throw new IllegalArgumentException("port: 0 (expected: 1..65535)");
        }
        InetAddress source = source(from, to);
        return source == null ? null : tcp.connect(source, remote, now);
    }

    /// Whether connections may begin from outside; if not, a SYN is dropped without an answer, so that its sender
    /// repeats it. True at the start.
    public void acceptNew(boolean accept) {
        tcp.acceptNew = accept;
    }

    /// Accepts connections to a port on all own addresses; null if it is taken.
    public @Nullable TcpListener listen(int port) {
        if (port < 1 || port > 65535) {
            throw new IllegalArgumentException("port: " + port + " (expected: 1..65535)");
        }
        return tcp.listen(port);
    }

    /// Holds a UDP port on all own addresses, 0 for any; null if it is taken.
    public @Nullable UdpSocket bindUdp(int port) {
        if (port < 0 || port > 65535) {
            throw new IllegalArgumentException("port: " + port + " (expected: 0..65535)");
        }
        return udp.bind(port);
    }

    /// Sends an echo request with `payloadLength` zero bytes; the answer comes by [#pollEchoReply]. One that
    /// cannot be sent is counted as dropped.
    ///
    /// @param from the own address to use, or null for the first of the family
    public void sendEcho(
            @Nullable InetAddress from, InetAddress remote, int identifier, int sequence, int payloadLength, long now) {
        InetAddress source = source(from, requireRemote(remote));
        if (source != null) {
            icmp.sendEcho(source, remote, identifier << 16 | (sequence & 0xffff), payloadLength);
        }
    }

    /// Says how large packets to these destinations may be, as somebody has measured it on the path: live
    /// connections send again at once, in segments that fit, what was too large; new ones begin so, and ask
    /// their peers for no larger ones. Echoes keep to the stack's MTU, for they are how a path is measured.
    ///
    /// Unlike what ICMP says, this may be less than 1280 for IPv6: TCP does not need the minimum MTU, it only
    /// may rely on it (RFC 8200 §5), and a path that breaks the promise still carries less.
    ///
    /// @param bytes of an IP packet; below 576 counts as 576, the stack's MTU and more takes the limit away
    public void pathMtu(Collection<IpPrefix> destinations, int bytes) {
        paths.put(destinations, bytes);
        tcp.applyPathMtus();
    }

    private static InetAddress requireAddress(@Nullable InetAddress address) {
        if (address == null || address.isAnyLocalAddress() || address.isMulticastAddress()) {
            throw new IllegalArgumentException("remote: " + address + " (expected: a unicast address)");
        }
        return address;
    }

    private InetAddress requireRemote(@Nullable InetAddress address) {
        InetAddress remote = requireAddress(address);
        if (local.contains(remote)) {
            throw new IllegalArgumentException("remote: " + remote + " (expected: another host)");
        }
        return remote;
    }

    private @Nullable InetAddress source(@Nullable InetAddress from, InetAddress to) {
        if (from == null) {
            return local.towards(to);
        }
        if (!local.contains(from) || from.getAddress().length != to.getAddress().length) {
            throw new IllegalArgumentException("from: " + from + " (expected: an own address of the remote's family)");
        }
        return from;
    }

    /// The next socket whose readiness has changed since it was last returned: connected, accepted something,
    /// readable, at the end of the stream, writable again, failed or closed. Null if there is none.
    public @Nullable Pollable pollReady() {
        Pollable next = readyQueue.poll();
        while (next != null && next.detached) {
            next = readyQueue.poll();
        }
        return next;
    }

    /// Moves the oldest echo reply to `holder`; false if there is none.
    public boolean pollEchoReply(EchoReply holder) {
        return icmp.pollReply(holder);
    }

    /// Writes one IP packet from the position of a heap buffer on and sets the limit to its end; false, and the
    /// buffer is untouched, if there is nothing to send now. Sockets take turns.
    ///
    /// @param out with room for at least the MTU
    public boolean pollTransmit(ByteBuffer out, long now) {
        if (out.remaining() < mtu) {
            throw new IllegalArgumentException("room: " + out.remaining() + " (expected: >= " + mtu + ")");
        }
        byte[] bytes = out.array();
        int offset = out.arrayOffset() + out.position();
        int length = replies.poll(bytes, offset);
        while (length == 0) {
            Pollable next = transmitQueue.poll();
            if (next == null) {
                return false;
            }
            length = build(next, bytes, offset, now);
            if (length > 0) {
                transmitQueue.add(next);
            }
        }
        out.limit(out.position() + length);
        return true;
    }

    private int build(Pollable next, byte[] bytes, int offset, long now) {
        return switch (next) {
            case TcpSocket socket -> tcp.build(socket, bytes, offset, now);
            case UdpSocket socket -> udp.build(socket, bytes, offset);
            case TcpListener _ -> 0;
        };
    }

    /// Does what is due; to be called at [#nextDeadline], or at any time.
    public void handleTimeout(long now) {
        tcp.handleTimeout(now);
        while (fragments.expire(packet, drops, now)) {
            icmp.sendReassemblyTimeExceeded(packet, now);
        }
    }

    /// When [#handleTimeout] has something to do, or `Long.MAX_VALUE`. Ask again after any other call.
    public long nextDeadline() {
        return Math.min(tcp.nextDeadline(), fragments.nextDeadline());
    }

    /// What it holds now, with at most `most` connections told one by one.
    public StackStatus status(int most, long now) {
        return tcp.status(most, fragments.size(), now);
    }

    /// How many packets were dropped for a reason.
    public long drops(Drop reason) {
        return drops.of(reason);
    }

    /// Bytes of buffer memory that sockets hold now.
    public long bufferMemory() {
        return (long) pool.used() * PagePool.PAGE;
    }

    /// TCP connections in whatever state.
    public int sockets() {
        return tcp.sockets();
    }
}
