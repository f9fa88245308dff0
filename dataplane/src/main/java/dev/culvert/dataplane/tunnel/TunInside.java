package dev.culvert.dataplane.tunnel;

import dev.culvert.dataplane.udp.DatagramPorts;
import dev.culvert.proto.inet.HostUnreachable;
import dev.culvert.proto.inet.IcmpHeader;
import dev.culvert.proto.inet.IpPrefix;
import dev.culvert.proto.inet.IpProtocol;
import dev.culvert.proto.inet.Ipv6Header;
import dev.culvert.proto.inet.NetworkOrder;
import dev.culvert.proto.inet.PrefixMap;
import dev.culvert.proto.inet.TcpHeader;
import dev.culvert.proto.netstack.Stack;
import dev.culvert.proto.netstack.StackConfig;
import dev.culvert.proto.netstack.StackStatus;
import dev.culvert.proto.offload.Coalescer;
import dev.culvert.proto.offload.MssClamp;
import dev.culvert.proto.offload.Segmenter;
import dev.culvert.proto.offload.VirtioNetHeader;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ServerChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// An interface of the kernel's at the inner end of the tunnel, and so the kernel's TCP/IP: the driver `tun`.
///
/// Segments that follow one another are joined on the way in ([Coalescer]) and cut on the way out ([Segmenter]).
///
/// Datagrams and our own echoes stay with the process's own stack: there a flow is a port that nobody has to open in
/// the kernel's rules and that needs no descriptor, and an echo may measure sizes that the kernel's routes forbid.
final class TunInside implements Inside {
    private static final Logger LOG = LoggerFactory.getLogger(TunInside.class);
    private static final int LARGEST = VirtioNetHeader.LENGTH + 65_535;

    // What the kernel itself would send of such errors to one destination, and some more: nobody needs as many.
    private static final int ERRORS = 100;
    private static final long ERRORS_WITHIN = 1_000_000_000L;
    // The coalescer writes a header before what it is given.
    private static final int ROOM = 16;

    private final TunPort port;
    private final StackInside stack;
    private final boolean ownsDatagrams;
    private final ForwardedDatagrams forwarded;
    private final Pings pings;
    private final int mtu;
    private final HostEnd host;
    private final Segmenter segmenter = new Segmenter();
    private final Coalescer coalescer = new Coalescer();
    private final Coalescer.Sink sink;
    private final byte[] taken = new byte[LARGEST];
    // How large packets to these places may be, where the interface would carry larger ones.
    private final PrefixMap<Integer> limits = new PrefixMap<>();
    private final byte[] error = new byte[ROOM + HostUnreachable.LONGEST];
    private final long[] drops = new long[TunDrop.values().length];
    private boolean readable;
    private boolean cutting;
    private boolean accepting = true;
    private int interfaceMtu;
    private long errorsSince;
    private int errors;

    /// @param own the addresses of the interface, if they are known here
    TunInside(TunPort port, HostNetwork network, Pings pings, List<InetAddress> own, int mtu) {
        this.port = port;
        this.pings = pings;
        // A stack has an address; where the interface has none that we know of, nothing comes to it.
        List<InetAddress> addresses = own.isEmpty() ? List.of(InetAddress.getLoopbackAddress()) : own;
        this.stack = new StackInside(new Stack(StackConfig.of(addresses, mtu), new SecureRandom()), pings);
        // Where somebody else has configured the interface its datagrams are the kernel's as well.
        this.ownsDatagrams = !network.equals(HostNetwork.UNTOUCHED);
        this.forwarded = new ForwardedDatagrams(own);
        this.mtu = mtu;
        this.interfaceMtu = mtu;
        this.sink = port::write;
        this.host = new HostEnd(port.name(), network, mtu);
    }

    @Override
    public String type() {
        return "tun";
    }

    @Override
    public String interfaceName() {
        return port.name();
    }

    @Override
    public void forwards(boolean wanted) {
        forwarded.set(wanted);
    }

    @Override
    public ChannelFactory<Channel> connections() {
        return host::connection;
    }

    @Override
    public ChannelFactory<ServerChannel> listeners() {
        return host::listener;
    }

    @Override
    public @Nullable DatagramPorts datagrams() {
        return ownsDatagrams ? stack.datagrams() : null;
    }

    @Override
    public void start(Pump loop) throws IOException {
        stack.start(loop);
        // Something may wait since before; a read will tell.
        readable = true;
        port.register(
                loop.eventLoop(),
                () -> {
                    readable = true;
                    loop.schedulePump();
                },
                () -> LOG.error("the tunnel's interface {} was removed: restart the node", port.name()));
    }

    @Override
    public void handlePacket(ByteBuffer packet, long now) {
        byte[] bytes = packet.array();
        int offset = packet.arrayOffset() + packet.position();
        int length = packet.remaining();
        if (!accepting && isSyn(bytes, offset, length)) {
            count(TunDrop.NOT_ACCEPTING);
        } else if (isStacks(bytes, offset, length)) {
            stack.handlePacket(packet, now);
        } else {
            clamp(bytes, offset, length, 12, 8);
            coalescer.add(bytes, offset, length, sink);
        }
    }

    /// What a SYN announces is what its path takes, in both directions: neither end may hear what is wrong with larger
    /// segments, least of all one that stands behind this machine or the peer.
    ///
    /// @param four where the address of the peer's side stands in an IPv4 packet
    /// @param six and in an IPv6 packet
    private void clamp(byte[] bytes, int offset, int length, int four, int six) {
        if (MssClamp.isSyn(bytes, offset, length)) {
            boolean isFour = isFour(bytes, offset);
            Integer limit = limits.lookup(bytes, offset + (isFour ? four : six), isFour ? 4 : 16);
            MssClamp.clamp(bytes, offset, length, limit == null ? interfaceMtu : Math.min(limit, interfaceMtu));
        }
    }

    /// Says what the interface's own MTU is, where somebody else has set it.
    void interfaceMtu(int bytes) {
        interfaceMtu = bytes;
    }

    @Override
    public void unreachable(ByteBuffer packet, long now) {
        if (now - errorsSince >= ERRORS_WITHIN) {
            errorsSince = now;
            errors = 0;
        }
        if (errors == ERRORS) {
            return;
        }
        int at = packet.arrayOffset() + packet.position();
        int length = HostUnreachable.write(packet.array(), at, packet.remaining(), error, ROOM);
        if (length > 0) {
            errors++;
            coalescer.add(error, ROOM, length, sink);
            coalescer.flush(sink);
        }
    }

    private void count(TunDrop reason) {
        drops[index(reason)]++;
    }

    // The counters are an array of this run; nothing is stored by these numbers.
    @SuppressWarnings("EnumOrdinal")
    private static int index(TunDrop reason) {
        return reason.ordinal();
    }

    private static boolean isSyn(byte[] bytes, int offset, int length) {
        int tcp = offset + transport(bytes, offset);
        return protocol(bytes, offset) == IpProtocol.TCP
                && tcp + TcpHeader.LENGTH <= offset + length
                && (NetworkOrder.u8(bytes, tcp + 13) & (TcpHeader.SYN | TcpHeader.ACK)) == TcpHeader.SYN;
    }

    private static boolean isFour(byte[] bytes, int offset) {
        return NetworkOrder.u8(bytes, offset) >>> 4 == 4;
    }

    private static int transport(byte[] bytes, int offset) {
        return isFour(bytes, offset) ? (bytes[offset] & 0xf) * 4 : Ipv6Header.LENGTH;
    }

    private static int protocol(byte[] bytes, int offset) {
        return NetworkOrder.u8(bytes, offset + (isFour(bytes, offset) ? 9 : 6));
    }

    /// Datagrams, and the echoes that somebody here waits for.
    private boolean isStacks(byte[] bytes, int offset, int length) {
        boolean four = isFour(bytes, offset);
        int protocol = protocol(bytes, offset);
        if (protocol == IpProtocol.UDP) {
            return ownsDatagrams && !forwarded.contain(bytes, offset, length);
        }
        int icmp = offset + transport(bytes, offset);
        return !pings.isEmpty()
                && protocol == (four ? IpProtocol.ICMP : IpProtocol.ICMPV6)
                && icmp + IcmpHeader.LENGTH <= offset + length
                && NetworkOrder.u8(bytes, icmp) == (four ? IcmpHeader.V4_ECHO_REPLY : IcmpHeader.V6_ECHO_REPLY)
                && pings.expect(NetworkOrder.u16(bytes, icmp + 4));
    }

    @Override
    public void dispatch(long now) {
        coalescer.flush(sink);
        stack.dispatch(now);
    }

    @Override
    public boolean pollTransmit(ByteBuffer out, long now) {
        if (stack.pollTransmit(out, now)) {
            return true;
        }
        byte[] bytes = out.array();
        int at = out.arrayOffset() + out.position();
        while (cutting || take()) {
            int length = segmenter.next(bytes, at);
            if (length > 0) {
                clamp(bytes, at, length, 16, 24);
                out.limit(out.position() + length);
                return true;
            }
            cutting = false;
        }
        return false;
    }

    private boolean take() {
        while (readable) {
            int length = port.read(taken);
            if (length == 0) {
                readable = false;
            } else if (!segmenter.begin(taken, 0, length)) {
                count(TunDrop.MALFORMED);
            } else if (segmenter.longest() > mtu) {
                count(TunDrop.TOO_LARGE);
            } else {
                cutting = true;
                return true;
            }
        }
        return false;
    }

    @Override
    public void handleTimeout(long now) {
        stack.handleTimeout(now);
    }

    @Override
    public long nextDeadline() {
        return stack.nextDeadline();
    }

    @Override
    public void sendEcho(InetAddress to, int identifier, int payloadLength, long now) {
        stack.sendEcho(to, identifier, payloadLength, now);
    }

    @Override
    public void addresses(List<IpPrefix> before, List<IpPrefix> now) {
        host.addresses(before, now);
    }

    @Override
    public void pathMtu(Collection<IpPrefix> destinations, int bytes) {
        stack.pathMtu(destinations, bytes);
        for (IpPrefix prefix : destinations) {
            if (bytes >= mtu) {
                limits.remove(prefix);
            } else {
                limits.put(prefix, bytes);
            }
        }
        host.pathMtu(destinations, bytes);
    }

    @Override
    public void acceptNew(boolean accept) {
        accepting = accept;
    }

    @Override
    public @Nullable StackStatus status(int most, long now) {
        return null;
    }

    @Override
    public void drops(Map<String, Long> into) {
        stack.drops(into);
        for (TunDrop reason : TunDrop.values()) {
            into.put("tun." + reason, drops[index(reason)]);
        }
        into.put("tun.REFUSED", port.writeErrors());
    }

    @Override
    public void stop() {
        port.unregister();
    }

    @Override
    public void close() {
        port.close();
        host.close();
    }
}
