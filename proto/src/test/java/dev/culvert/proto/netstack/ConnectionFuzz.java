package dev.culvert.proto.netstack;

import dev.culvert.proto.inet.IcmpHeader;
import dev.culvert.proto.inet.InternetChecksum;
import dev.culvert.proto.inet.IpProtocol;
import dev.culvert.proto.inet.Ipv4Header;
import dev.culvert.proto.inet.NetworkOrder;
import dev.culvert.proto.inet.TcpHeader;
import dev.culvert.proto.netstack.testing.Packets;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/// A fuzzer plays the peer of a connection, who knows every number, and the application above it. Whatever they do:
/// what
/// is read is the peer's stream, what is sent is the application's, nothing is sent beyond the window, all that is sent
/// is well formed, and in the end nothing is left.
public final class ConnectionFuzz {
    private static final int MTU = 1040;
    private static final int PEER_PORT = 4711;
    /// So that the numbers of both ends soon begin anew.
    private static final int PEER_ISS = -2000;

    private static final int MOST_PACKETS = 20_000;

    private final Stack stack = new Stack(StackConfig.of(List.of(StackFuzz.US), MTU), new SplittableRandom(5));
    private final ByteBuffer out = ByteBuffer.allocate(MTU);
    private final TcpHeader header = new TcpHeader();
    private final Ipv4Header ip = new Ipv4Header();
    private final @Nullable TcpListener listener;
    private @Nullable TcpSocket socket;
    private int ourPort = 80;
    private long now = 1_000_000_000L;
    private int iss;
    private boolean synSeen;
    /// The first connection is over, and a SYN has begun one more.
    private boolean another;
    /// The right edge of all windows that the peer has offered, from our SYN on.
    private long edge;
    private int scale;
    private long read;
    private long written;
    /// The number behind all that we have sent.
    private long highest = 1;
    private byte[] last = new byte[0];
    private byte[] options = {};

    private ConnectionFuzz(boolean active) {
        listener = active ? null : stack.listen(80);
        if (active) {
            TcpSocket begun = stack.connect(null, new InetSocketAddress(StackFuzz.PEER, PEER_PORT), now);
            if (begun == null) {
                throw new AssertionError("no socket");
            }
            socket = begun;
            ourPort = begun.local().getPort();
        }
    }

    /// The byte of either stream at a position.
    private static byte at(long position, int salt) {
        return (byte) (position * 31 + (position >>> 8) * 17 + salt);
    }

    /// @throws AssertionError if a promise was broken
    public static void take(byte[] data) {
        ByteBuffer all = ByteBuffer.wrap(data);
        if (!all.hasRemaining()) {
            return;
        }
        int how = all.get();
        ConnectionFuzz fuzz = new ConnectionFuzz((how & 1) != 0);
        fuzz.scale = (how & 2) != 0 ? 7 : 0;
        fuzz.drain();
        fuzz.handshake(how);
        while (all.remaining() > 4) {
            fuzz.step(all.get(), all.get(), all.get(), all.get());
            fuzz.drain();
        }
        fuzz.end();
    }

    private void handshake(int how) {
        byte[] mss = {2, 4, 3, (byte) 0xe8};
        byte[] shift = {1, 3, 3, 7};
        byte[] sack = {1, 1, 4, 2};
        ByteBuffer syn = ByteBuffer.allocate(24).put(mss);
        if ((how & 2) != 0) {
            syn.put(shift);
        }
        if ((how & 4) != 0) {
            syn.put(sack);
        }
        if ((how & 8) != 0) {
            options = new byte[] {1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0};
            syn.put(options);
        }
        byte[] all = Arrays.copyOf(syn.array(), syn.position());
        edge = 65_536;
        if (listener == null) {
            send(TcpHeader.SYN | TcpHeader.ACK, 0, 1, 65535, 0, all);
        } else {
            send(TcpHeader.SYN, 0, 0, 65535, 0, all);
        }
        drain();
        if ((how & 16) == 0) {
            segment(TcpHeader.ACK, 1, 1, 65535 >>> scale, 0);
        }
        drain();
    }

    private void step(int what, int a, int b, int c) {
        switch (what & 15) {
            case 0, 1, 2, 3 -> segment(TcpHeader.ACK, 1 + read + a, ackOf(b), (c & 0xff) << 3, (what & 0xf0) << 2);
            case 4 -> segment(a & 0x3f, 1 + read + b, ackOf(c), 2000, what >> 4);
            case 5 -> segment(TcpHeader.ACK | TcpHeader.FIN, 1 + read + a, ackOf(b), c & 0xff, what & 0xf0);
            case 6 -> sack(a, b & 0xff, c & 0xff);
            case 7 -> write((a & 0xff) << (b & 7));
            case 8 -> read((a & 0xff) << (b & 7));
            case 9, 10 -> pass(1_000_000L << (a & 15));
            case 11 -> close(a & 15);
            case 12 -> icmp(a & 15, (b & 0xff) * 8, c);
            case 13 -> stamp(a, b);
            case 14 -> segment(TcpHeader.ACK, 1 + read + 1000L * (a & 15), ackOf(b), 0xffff >>> (c & 15), 1000);
            default -> bent(a & 0xff, b);
        }
    }

    /// Mostly all that we have sent, or near it.
    private long ackOf(int distance) {
        return distance == 0 ? 1 : 1 + Math.max(0, sent() - 8L * (distance & 0x7f)) + (distance == -1 ? 1 : 0);
    }

    private long sent() {
        return Math.max(0, highest - 1);
    }

    private void segment(int flags, long seq, long ack, int window, int length) {
        edge = Math.max(edge, ack + ((long) window << scale));
        send(flags, seq, ack, window, Math.clamp(length, 0, 1000), options);
    }

    private void send(int flags, long seq, long ack, int window, int length, byte[] withOptions) {
        int head = TcpHeader.LENGTH + withOptions.length;
        byte[] tcp = new byte[head + length];
        System.arraycopy(withOptions, 0, tcp, TcpHeader.LENGTH, withOptions.length);
        // A SYN has a number of its own, before the data that comes with it.
        long first = (flags & TcpHeader.SYN) == 0 ? seq - 1 : seq;
        for (int i = 0; i < length; i++) {
            tcp[head + i] = at(first + i, 1);
        }
        int number = PEER_ISS + (int) seq;
        int acknowledged = (flags & TcpHeader.ACK) == 0 ? 0 : iss + (int) ack;
        TcpHeader.write(tcp, 0, PEER_PORT, ourPort, number, acknowledged, head, flags, window);
        TcpHeader.writeChecksum(tcp, 0, tcp.length, StackFuzz.pseudo());
        receive(Packets.ip(StackFuzz.PEER, StackFuzz.US, IpProtocol.TCP, tcp));
    }

    private void receive(byte[] packet) {
        stack.handlePacket(ByteBuffer.wrap(packet), now);
        if (socket == null && listener != null) {
            socket = listener.accept();
        }
    }

    private void sack(int from, int length, int ack) {
        byte[] more = Arrays.copyOf(options, options.length + 12);
        ByteBuffer block = ByteBuffer.wrap(more, options.length, 12).put(new byte[] {1, 1, 5, 10});
        int start = iss + (int) Math.max(1, highest - 100L * (from & 0x7f));
        block.putInt(start).putInt(start + 10 * length);
        edge = Math.max(edge, ackOf(ack) + (2000L << scale));
        send(TcpHeader.ACK, 1 + read, ackOf(ack), 2000, 0, more);
    }

    private void write(int length) {
        TcpSocket current = socket;
        if (current == null || current.sender.finQueued) {
            return;
        }
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = at(written + i, 2);
        }
        written += Math.max(0, current.write(ByteBuffer.wrap(bytes)));
    }

    private void read(int length) {
        TcpSocket current = socket;
        if (current == null || current.detached) {
            return;
        }
        ByteBuffer bytes = ByteBuffer.allocate(length);
        int n = current.read(bytes);
        // A second connection of the same ports begins at another number, and so at another byte.
        int first = current.receiver.irs - PEER_ISS;
        for (int i = 0; i < n; i++) {
            require(bytes.get(i) == at(first + read + i, 1), "byte " + (read + i) + " is not the peer's");
        }
        read += Math.max(0, n);
    }

    private void pass(long nanos) {
        now += nanos;
        stack.handleTimeout(now);
    }

    private void close(int how) {
        TcpSocket current = socket;
        if (current == null) {
            return;
        }
        switch (how) {
            case 0 -> current.close();
            case 1 -> current.abort();
            case 2 -> current.keepAlive(10_000_000_000L);
            case 3 -> current.userTimeout(30_000_000_000L);
            default -> current.shutdownOutput();
        }
    }

    /// A router's error about what we sent last, or about a number nearby.
    private void icmp(int code, int size, int bend) {
        if (last.length >= 28) {
            byte[] quoted = Arrays.copyOf(last, 28);
            NetworkOrder.put32(quoted, 24, NetworkOrder.i32(quoted, 24) + bend);
            receive(Packets.icmp(StackFuzz.PEER, StackFuzz.US, IcmpHeader.V4_UNREACHABLE, code, size, quoted));
        }
    }

    private void stamp(int value, int echo) {
        if (options.length > 0) {
            NetworkOrder.put32(options, 4, NetworkOrder.i32(options, 4) + value);
            NetworkOrder.put32(options, 8, NetworkOrder.i32(options, 8) + echo);
        }
    }

    /// Our own last packet comes back with a byte changed, which no checksum lets pass.
    private void bent(int where, int how) {
        if (last.length > 0 && how != 0) {
            byte[] packet = last.clone();
            packet[where % packet.length] ^= (byte) how;
            stack.handlePacket(ByteBuffer.wrap(packet), now);
        }
    }

    private void drain() {
        int packets = 0;
        while (stack.pollTransmit(out.clear(), now)) {
            require(++packets < MOST_PACKETS, "packets without end");
            last = Arrays.copyOf(out.array(), out.limit());
            require(last.length <= MTU && ip.check(last, 0, last.length), "no packet");
            if (ip.protocol() == IpProtocol.TCP) {
                checkSegment();
            }
        }
    }

    private void checkSegment() {
        int length = last.length - 20;
        require(header.check(last, 20, length), "no segment");
        int sum = InternetChecksum.sum(last, 20, length);
        require(InternetChecksum.fold(StackFuzz.pseudo() + length + sum) == 0xffff, "a wrong checksum");
        if (header.destinationPort() != PEER_PORT || (header.flags() & TcpHeader.RST) != 0) {
            return;
        }
        if ((header.flags() & TcpHeader.SYN) != 0) {
            another |= synSeen && header.sequence() != iss;
            require(!another || socket == null || isOver(socket.state()), "another initial number");
            iss = header.sequence();
            synSeen = true;
            require(header.payloadLength() == 0, "data with SYN");
            return;
        }
        long seq = Integer.toUnsignedLong(header.sequence() - iss);
        long end = seq + header.payloadLength();
        if (!another && seq < 0xffff_0000L) {
            highest = Math.max(highest, end + (header.flags() & TcpHeader.FIN));
        }
        if (another || end == seq) {
            return;
        }
        require(end <= edge, "beyond the window: " + end + " of " + edge);
        require(end - 1 <= written, "more than was written");
        for (long i = seq; i < end; i++) {
            byte sentByte = last[header.payloadOffset() + (int) (i - seq)];
            require(sentByte == at(i - 1, 2), "byte " + (i - 1) + " is not ours");
        }
    }

    private static boolean isOver(TcpState state) {
        return state == TcpState.CLOSED || state == TcpState.TIME_WAIT;
    }

    private void end() {
        TcpSocket current = socket;
        if (current != null) {
            read(1 << 20);
            current.abort();
        }
        drain();
        takeUpOthers();
        // An answer to a SYN that nobody takes up is given up within a minute or two.
        for (int i = 0; i < 300 && stack.sockets() > 0; i++) {
            pass(1_000_000_000L);
            drain();
            takeUpOthers();
        }
        require(stack.sockets() == 0, stack.sockets() + " sockets are left");
        require(stack.bufferMemory() == 0, stack.bufferMemory() + " bytes are left");
    }

    /// Further connections wait to be taken up, some of them over already, with what they have received.
    private void takeUpOthers() {
        TcpListener all = listener;
        TcpSocket late = all == null ? null : all.accept();
        while (all != null && late != null) {
            late.abort();
            late = all.accept();
        }
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }
}
