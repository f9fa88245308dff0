package dev.culvert.proto.netstack.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.inet.AddressWords;
import dev.culvert.proto.inet.InternetChecksum;
import dev.culvert.proto.inet.IpProtocol;
import dev.culvert.proto.inet.Ipv4Header;
import dev.culvert.proto.inet.NetworkOrder;
import dev.culvert.proto.inet.PacketPrinter;
import dev.culvert.proto.inet.TcpHeader;
import dev.culvert.proto.netstack.Drop;
import dev.culvert.proto.netstack.Pollable;
import dev.culvert.proto.netstack.Stack;
import dev.culvert.proto.netstack.StackConfig;
import dev.culvert.proto.netstack.TcpListener;
import dev.culvert.proto.netstack.TcpSocket;
import dev.culvert.proto.netstack.TcpState;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/// A stack and a peer that follows a script: what the peer sends is `receive`d, what the stack sends must be
/// `expect`ed.
///
/// The stack is 10.0.0.1 with an MTU of 1040, so 1000 bytes make a full segment without options.
public final class Trace {
    public static final InetAddress US = InetAddress.ofLiteral("10.0.0.1");
    public static final InetAddress PEER = InetAddress.ofLiteral("10.0.0.2");
    public static final int PORT = 80;
    public static final int PEER_PORT = 40000;
    public static final int MTU = 1040;
    static final int PEER_ISS = 0xffff_f000;

    public final Stack stack;
    private final ByteBuffer out;
    private final TcpHeader header = new TcpHeader();
    private final Ipv4Header ip = new Ipv4Header();
    public final TcpListener listener;
    private @Nullable TcpSocket socket;
    private int ourPort = PORT;
    private int peerPort = PEER_PORT;
    private int iss;
    private long now = 1_000_000_000L;
    private byte[] last = {};
    private int peerScale;
    private int firstTimestamp;
    private boolean timestampSeen;
    private long roundTrip;

    private Trace(StackConfig config) {
        stack = new Stack(config, new SplittableRandom(7));
        out = ByteBuffer.allocate(config.mtu());
        listener = Objects.requireNonNull(stack.listen(PORT));
    }

    public static StackConfig config() {
        return StackConfig.of(List.of(US), MTU);
    }

    public static Trace listening(StackConfig config) {
        return new Trace(config);
    }

    public static Trace listening() {
        return listening(config());
    }

    /// We are about to send SYN.
    public static Trace connecting() {
        Trace trace = new Trace(config());
        trace.socket =
                Objects.requireNonNull(trace.stack.connect(null, new InetSocketAddress(PEER, PEER_PORT), trace.now));
        trace.ourPort = trace.socket.local().getPort();
        return trace;
    }

    /// We have sent SYN.
    public static Trace synSent() {
        return connecting().expect(Seg.syn().mss(1000));
    }

    /// The peer has connected to us, with MSS 1000 and no other option.
    public static Trace established() {
        return established(Seg.syn().mss(1000));
    }

    /// The peer has connected to us with this SYN.
    public static Trace established(Seg syn) {
        return listening().handshake(syn);
    }

    /// The peer connects with this SYN, and we accept.
    public Trace handshake(Seg syn) {
        receive(syn).expect(Seg.synAck()).after(roundTrip);
        Seg ack = Seg.seg().seq(1).ack(1).window(65535 >>> (syn.scale == null ? 0 : syn.scale));
        receive(syn.timestamp == null ? ack : ack.timestamps(syn.timestamp + 1, lastTimestamp()));
        return accept().expectNothing();
    }

    public Trace accept() {
        socket = Objects.requireNonNull(listener.accept());
        return this;
    }

    /// The timestamp of the last packet that we sent.
    public int lastTimestamp() {
        return option(8) < 0 ? 0 : NetworkOrder.i32(last, option(8) + 2);
    }

    public TcpSocket socket() {
        return Objects.requireNonNull(socket);
    }

    /// The handshake takes so many milliseconds.
    public Trace roundTrip(long millis) {
        roundTrip = millis;
        return this;
    }

    /// The peer goes on from another port.
    public Trace peerPort(int port) {
        peerPort = port;
        return this;
    }

    public Trace receive(Seg seg) {
        byte[] packet = build(seg);
        stack.handlePacket(ByteBuffer.wrap(packet), now);
        return this;
    }

    /// The bytes of a segment from the peer.
    public byte[] build(Seg seg) {
        byte[] options = seg.options(iss);
        int tcp = 20 + options.length;
        byte[] packet = new byte[20 + tcp + seg.length()];
        System.arraycopy(options, 0, packet, 40, options.length);
        if (seg.data != null) {
            System.arraycopy(seg.data, 0, packet, 20 + tcp, seg.data.length);
        }
        int source = (int) AddressWords.low(PEER);
        int target = (int) AddressWords.low(US);
        Ipv4Header.write(packet, 0, packet.length, IpProtocol.TCP, source, target);
        packet[1] = (byte) seg.ecn;
        NetworkOrder.put16(packet, 10, 0);
        NetworkOrder.put16(packet, 10, InternetChecksum.finish(InternetChecksum.sum(packet, 0, Ipv4Header.LENGTH)));
        int seq = PEER_ISS + (seg.seq == null ? 1 : seg.seq);
        int ack = seg.ack == null ? 0 : iss + seg.ack;
        int window = seg.window == null ? 65535 >>> peerScale : seg.window;
        TcpHeader.write(packet, 20, peerPort, ourPort, seq, ack, tcp, seg.flags, window);
        long pseudo = InternetChecksum.pseudoHeader(0, AddressWords.low(PEER), 0, AddressWords.low(US), IpProtocol.TCP);
        TcpHeader.writeChecksum(packet, 20, tcp + seg.length(), pseudo);
        return packet;
    }

    /// A packet of any kind arrives.
    public Trace receivePacket(byte[] packet) {
        stack.handlePacket(ByteBuffer.wrap(packet), now);
        return this;
    }

    /// The next packet that is sent now, or null.
    public byte @Nullable [] poll() {
        out.clear();
        if (!stack.pollTransmit(out, now)) {
            return null;
        }
        last = Arrays.copyOf(out.array(), out.limit());
        assertThat(ip.check(last, 0, last.length) && header.check(last, 20, last.length - 20))
                .as(PacketPrinter.print(last, 0, last.length))
                .isTrue();
        if ((header.flags() & TcpHeader.SYN) != 0) {
            iss = header.sequence();
        }
        if (!timestampSeen && option(8) >= 0) {
            timestampSeen = true;
            firstTimestamp = lastTimestamp();
        }
        return last;
    }

    /// Our initial sequence number.
    int iss() {
        return iss;
    }

    /// The first timestamp that we sent.
    int firstTimestamp() {
        return firstTimestamp;
    }

    public Trace expect(Seg seg) {
        assertThat(poll()).as("a packet is sent").isNotNull();
        String text = PacketPrinter.print(last, 0, last.length);
        // Only exchanges that are about it say whether a SYN of ours offers ECN.
        boolean ourSyn = (header.flags() & (TcpHeader.SYN | TcpHeader.ACK)) == TcpHeader.SYN;
        int ignored = (seg.pushMatters ? 0 : TcpHeader.PSH) | (ourSyn ? TcpHeader.ECE | TcpHeader.CWR : 0);
        assertThat(header.flags() & ~ignored).as("flags of %s", text).isEqualTo(seg.flags & ~ignored);
        check(seg, text);
        return this;
    }

    private void check(Seg seg, String text) {
        if (seg.seq != null) {
            assertThat(header.sequence() - iss).as("seq of %s", text).isEqualTo(seg.seq);
        }
        if (seg.ack != null) {
            assertThat(header.acknowledgment() - PEER_ISS).as("ack of %s", text).isEqualTo(seg.ack);
        }
        if (seg.window != null) {
            assertThat(header.window()).as("window of %s", text).isEqualTo(seg.window);
        }
        assertThat(header.payloadLength()).as("length of %s", text).isEqualTo(seg.length());
        if (seg.data != null && seg.data.length > 0 && seg.data[0] != 0) {
            String data = new String(last, 20 + header.headerLength(), seg.length(), StandardCharsets.ISO_8859_1);
            assertThat(data).isEqualTo(new String(seg.data, StandardCharsets.ISO_8859_1));
        }
        checkOptions(seg, text);
    }

    private void checkOptions(Seg seg, String text) {
        if (seg.mss != null) {
            assertThat(text).contains("<mss " + seg.mss + ">");
        }
        if (seg.scale != null) {
            assertThat(text).contains("<wscale " + seg.scale + ">");
        }
        if (seg.sackOk) {
            assertThat(text).contains("<sackOK>");
        }
        if (seg.echo != null) {
            assertThat(NetworkOrder.i32(last, option(8) + 6))
                    .as("echo of %s", text)
                    .isEqualTo(seg.echo);
        }
        int sackAt = option(5);
        int blocks = sackAt < 0 ? 0 : (last[sackAt + 1] - 2) / 8;
        if (!seg.sack.isEmpty()) {
            int[] edges = new int[2 * blocks];
            for (int i = 0; i < edges.length; i++) {
                edges[i] = NetworkOrder.i32(last, sackAt + 2 + 4 * i) - PEER_ISS;
            }
            assertThat(edges).as(text).containsExactly(seg.sack.toArray(Integer[]::new));
        }
    }

    /// Where an option stands in the last packet, or -1.
    private int option(int kind) {
        int at = 40;
        int end = 20 + (last[32] >>> 4 & 0xf) * 4;
        while (at < end && last[at] != kind) {
            at += last[at] == 1 ? 1 : last[at + 1];
        }
        return at < end ? at : -1;
    }

    public boolean sentOption(int kind) {
        return option(kind) >= 0;
    }

    /// Whether anything is sent now; one packet of it is taken.
    public boolean sendsSomething() {
        out.clear();
        return stack.pollTransmit(out, now);
    }

    public Trace discardsWhatIsSent() {
        boolean more = true;
        while (more) {
            more = stack.pollTransmit(ByteBuffer.allocate(MTU), now);
        }
        return this;
    }

    public Trace expectNothing() {
        out.clear();
        boolean sent = stack.pollTransmit(out, now);
        assertThat(sent)
                .as(() -> PacketPrinter.print(out.array(), 0, out.limit()))
                .isFalse();
        return this;
    }

    /// Lets time pass up to the next deadline and serves it; it must come after so many milliseconds.
    public Trace timeoutAfter(long millis) {
        assertThat((stack.nextDeadline() - now) / 1_000_000)
                .as("milliseconds to the deadline")
                .isEqualTo(millis);
        now = stack.nextDeadline();
        return after(0);
    }

    public Trace after(long millis) {
        return until(now + millis * 1_000_000);
    }

    /// Lets time pass up to a point, and serves what is due.
    Trace until(long then) {
        now = then;
        stack.handleTimeout(now);
        return this;
    }

    public Trace write(String text) {
        ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1));
        assertThat(socket().write(bytes)).isEqualTo(text.length());
        return this;
    }

    public Trace write(int length) {
        assertThat(socket().write(ByteBuffer.allocate(length))).isEqualTo(length);
        return this;
    }

    public Trace reads(String text) {
        ByteBuffer bytes = ByteBuffer.allocate(4096);
        int n = socket().read(bytes);
        assertThat(new String(bytes.array(), 0, Math.max(n, 0), StandardCharsets.ISO_8859_1))
                .isEqualTo(text);
        return this;
    }

    public Trace reads(int length) {
        assertThat(socket().read(ByteBuffer.allocate(length))).isEqualTo(length);
        return this;
    }

    public Trace readsEnd() {
        assertThat(socket().read(ByteBuffer.allocate(1))).isEqualTo(-1);
        return this;
    }

    public Trace shutdown() {
        socket().shutdownOutput();
        return this;
    }

    public Trace close() {
        socket().close();
        return this;
    }

    public Trace abort() {
        socket().abort();
        return this;
    }

    public Trace is(TcpState state) {
        assertThat(socket().state()).isEqualTo(state);
        return this;
    }

    public Trace dropped(Drop reason) {
        assertThat(stack.drops(reason)).as(reason.name()).isEqualTo(1);
        return this;
    }

    public Trace ready(@Nullable Pollable expected) {
        assertThat(stack.pollReady()).isSameAs(expected);
        return this;
    }

    /// The peer's windows are scaled from now on.
    public Trace peerScale(int shift) {
        peerScale = shift;
        return this;
    }

    public long now() {
        return now;
    }

    /// The last packet that we sent.
    public byte[] lastPacket() {
        return last;
    }
}
