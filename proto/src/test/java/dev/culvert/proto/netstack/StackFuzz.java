package dev.culvert.proto.netstack;

import dev.culvert.proto.inet.InternetChecksum;
import dev.culvert.proto.inet.IpProtocol;
import dev.culvert.proto.inet.NetworkOrder;
import dev.culvert.proto.inet.TcpHeader;
import dev.culvert.proto.netstack.testing.Packets;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/// What a fuzzer does to a stack below its connections: IP headers, TCP options, and packets in pieces. Each call
/// begins
/// with a new stack, and ends with the question whether it still works.
public final class StackFuzz {
    static final InetAddress US = InetAddress.ofLiteral("10.0.0.1");
    static final InetAddress PEER = InetAddress.ofLiteral("10.0.0.2");
    private static final InetAddress US6 = InetAddress.ofLiteral("fd00::1");
    private static final InetAddress PEER6 = InetAddress.ofLiteral("fd00::2");
    private static final int MTU = 1280;
    private static final int PORT = 53;
    private static final UdpEndpoint FROM = new UdpEndpoint();

    private final Stack stack = new Stack(StackConfig.of(List.of(US, US6), MTU), new SplittableRandom(1));
    private final ByteBuffer out = ByteBuffer.allocate(MTU);
    private final UdpSocket socket;
    private long now = 1_000_000_000L;

    private StackFuzz() {
        UdpSocket bound = stack.bindUdp(PORT);
        TcpListener listener = stack.listen(80);
        if (bound == null || listener == null) {
            throw new AssertionError("no port");
        }
        socket = bound;
    }

    private void receive(byte[] packet) {
        stack.handlePacket(ByteBuffer.wrap(packet), now);
        for (int i = 0; i < 100 && stack.pollTransmit(out.clear(), now); i++) {
            if (out.limit() > MTU) {
                throw new AssertionError("longer than the MTU: " + out.limit());
            }
        }
        stack.handleTimeout(now);
    }

    /// IP headers: any first bytes, to us and from our peer, so that they get as far as they can.
    public static void headers(byte[] data) {
        StackFuzz fuzz = new StackFuzz();
        ByteBuffer all = ByteBuffer.wrap(data);
        while (all.remaining() > 2) {
            int how = all.get();
            byte[] packet = new byte[Math.min(all.get() & 0xff, all.remaining())];
            all.get(packet);
            address(packet, how);
            fuzz.receive(packet);
            fuzz.now += 1_000_000L << (how & 7);
        }
        fuzz.stillWorks();
    }

    private static void address(byte[] packet, int how) {
        if ((how & 0x80) == 0 && packet.length >= 20) {
            packet[0] = (byte) (0x40 | (packet[0] & 0xf));
            System.arraycopy(PEER.getAddress(), 0, packet, 12, 4);
            System.arraycopy(US.getAddress(), 0, packet, 16, 4);
            if ((how & 0x40) == 0) {
                NetworkOrder.put16(packet, 2, packet.length);
            }
            int header = Math.min(packet.length, 4 * (packet[0] & 0xf));
            NetworkOrder.put16(packet, 10, 0);
            NetworkOrder.put16(packet, 10, InternetChecksum.finish(InternetChecksum.sum(packet, 0, header)));
        } else if (packet.length >= 40) {
            packet[0] = (byte) (0x60 | (packet[0] & 0xf));
            System.arraycopy(PEER6.getAddress(), 0, packet, 8, 16);
            System.arraycopy(US6.getAddress(), 0, packet, 24, 16);
            if ((how & 0x40) == 0) {
                NetworkOrder.put16(packet, 4, packet.length - 40);
            }
        }
    }

    /// TCP options, of a SYN and of what follows it: whatever they say, the handshake ends as one without them would.
    public static void options(byte[] data) {
        StackFuzz fuzz = new StackFuzz();
        ByteBuffer all = ByteBuffer.wrap(data);
        int port = 1000;
        while (all.remaining() > 2) {
            byte[] options = new byte[Math.min(all.get() & 0x28, all.remaining()) & ~3];
            all.get(options);
            fuzz.receive(segment(port, TcpHeader.SYN, 100, 0, options));
            fuzz.receive(segment(port, TcpHeader.ACK, 101, 7, options));
            fuzz.receive(segment(port++, TcpHeader.RST, 101, 0, options));
            fuzz.now += 1_000_000;
        }
        if (fuzz.stack.sockets() > 0) {
            throw new AssertionError("a connection outlived its reset");
        }
        fuzz.stillWorks();
    }

    static byte[] segment(int port, int flags, int seq, int ack, byte[] options) {
        byte[] tcp = new byte[TcpHeader.LENGTH + options.length];
        System.arraycopy(options, 0, tcp, TcpHeader.LENGTH, options.length);
        TcpHeader.write(tcp, 0, port, 80, seq, ack, tcp.length, flags, 1000);
        TcpHeader.writeChecksum(tcp, 0, tcp.length, pseudo());
        return Packets.ip(PEER, US, IpProtocol.TCP, tcp);
    }

    static long pseudo() {
        return InternetChecksum.pseudoHeader(0, 0xffff_0a00_0002L, 0, 0xffff_0a00_0001L, IpProtocol.TCP);
    }

    /// Pieces of eight datagrams in any order, of any length and at any place. What comes out must be one of them.
    public static void fragments(byte[] data) {
        StackFuzz fuzz = new StackFuzz();
        ByteBuffer all = ByteBuffer.wrap(data);
        while (all.remaining() > 3) {
            int how = all.get();
            int offset = 8 * ((all.get() & 0xff) << (how >>> 5 & 3));
            int length = 8 * ((all.get() & 0x7f) << (how >>> 5 & 1)) - ((how & 0x10) == 0 ? 0 : 3);
            boolean more = (all.get() & 1) == 0;
            fuzz.piece(how & 7, offset, length, more);
            fuzz.now += (how & 8) == 0 ? 0 : 500_000_000L;
            fuzz.takeWhole();
        }
        if (fuzz.stack.status(0, fuzz.now).fragments() > FragmentReassembly.PACKETS) {
            throw new AssertionError("too many packets in pieces");
        }
        fuzz.stillWorks();
    }

    private static byte[] datagram(int id) {
        byte[] payload = new byte[new int[] {1, 100, 1480, 3000, 9000, 20_000, 40_000, 65_000}[id]];
        new SplittableRandom(id).nextBytes(payload);
        payload[0] = (byte) id;
        return id % 2 == 0 ? Packets.udp(PEER, 1, US, PORT, payload) : Packets.udp(PEER6, 1, US6, PORT, payload);
    }

    private void piece(int id, int offset, int length, boolean more) {
        byte[] whole = datagram(id);
        int header = id % 2 == 0 ? 20 : 40;
        int from = header + Math.min(offset, whole.length - header);
        byte[] part = Arrays.copyOfRange(whole, from, from + Math.clamp(length, 0, whole.length - from));
        if (id % 2 == 0) {
            byte[] packet = Packets.ip(PEER, US, IpProtocol.UDP, part);
            NetworkOrder.put16(packet, 4, id);
            NetworkOrder.put16(packet, 6, (more ? 0x2000 : 0) | ((offset / 8) & 0x1fff));
            receive(Packets.repairIpv4(packet));
        } else {
            byte[] cut = new byte[8 + part.length];
            cut[0] = IpProtocol.UDP;
            NetworkOrder.put16(cut, 2, (offset & 0xfff8) | (more ? 1 : 0));
            NetworkOrder.put32(cut, 4, id);
            System.arraycopy(part, 0, cut, 8, part.length);
            receive(Packets.ip(PEER6, US6, IpProtocol.FRAGMENT, cut));
        }
    }

    /// Whether a datagram has come, which must be as it was before it was cut.
    private boolean takeWhole() {
        ByteBuffer got = ByteBuffer.allocate(1 << 16);
        boolean any = false;
        while (socket.receive(got.clear(), FROM)) {
            byte[] bytes = Arrays.copyOf(got.flip().array(), got.limit());
            byte[] whole = datagram(bytes[0] & 7);
            int header = (bytes[0] & 1) == 0 ? 28 : 48;
            if (!Arrays.equals(bytes, 0, bytes.length, whole, header, whole.length)) {
                throw new AssertionError("a datagram that nobody has sent");
            }
            any = true;
        }
        return any;
    }

    /// Two pieces that belong together still make a whole, once all others are too old.
    private void stillWorks() {
        now += 61_000_000_000L;
        stack.handleTimeout(now);
        if (stack.status(0, now).fragments() > 0) {
            throw new AssertionError("pieces outlive their time");
        }
        while (socket.receive(out.clear(), FROM)) {
            // Whatever the fuzzer has sent to this port.
        }
        piece(3, 0, 1480, true);
        piece(3, 1480, 4000, false);
        if (!takeWhole()) {
            throw new AssertionError("a packet in two pieces was lost");
        }
    }
}
