package dev.culvert.proto.netstack;

import static dev.culvert.proto.netstack.testing.Seg.fin;
import static dev.culvert.proto.netstack.testing.Seg.rst;
import static dev.culvert.proto.netstack.testing.Seg.seg;
import static dev.culvert.proto.netstack.testing.Seg.syn;
import static dev.culvert.proto.netstack.testing.Seg.synAck;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.proto.inet.InternetChecksum;
import dev.culvert.proto.inet.IpProtocol;
import dev.culvert.proto.inet.NetworkOrder;
import dev.culvert.proto.netstack.testing.Trace;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What RFC 9293 demands and no other test shows; and that the table in docs/netstack.md names tests that exist.
final class TcpRequirementsTest {
    private static final int MUSTS = 69;
    private static final Pattern TEST = Pattern.compile("`(\\w+Test)\\.(\\w+)`");

    @Test
    void table_hasEveryMust_andItsTestsExist() throws Exception {
        String text = Files.readString(Path.of(System.getProperty("user.dir"), "..", "docs", "netstack.md"));
        Matcher rows = Pattern.compile("(?m)^\\| (\\d+(?:[–, ]+\\d+)*) \\|.*$").matcher(text);
        List<Integer> seen = new ArrayList<>();
        while (rows.find()) {
            Matcher ranges = Pattern.compile("(\\d+)(?:–(\\d+))?").matcher(rows.group(1));
            while (ranges.find()) {
                int last = Integer.parseInt(ranges.group(ranges.group(2) == null ? 1 : 2));
                for (int must = Integer.parseInt(ranges.group(1)); must <= last; must++) {
                    seen.add(must);
                }
            }
            boolean any = TEST.matcher(rows.group()).find();
            assertThat(any || rows.group().contains("**not**")).as(rows.group()).isTrue();
        }
        assertThat(seen).as("each once").doesNotHaveDuplicates().hasSize(MUSTS);
        Matcher tests = TEST.matcher(text);
        while (tests.find()) {
            Class<?> test = Class.forName("dev.culvert.proto.netstack." + tests.group(1));
            String method = tests.group(2);
            assertThat(Arrays.stream(test.getDeclaredMethods())
                            .anyMatch(one -> one.getName().equals(method)))
                    .as("%s.%s", test.getSimpleName(), method)
                    .isTrue();
        }
    }

    @Test
    void window_above32767_isUnsigned() {
        Trace trace =
                Trace.established().receive(seg().seq(1).ack(1).window(60_000)).write(10_000);
        for (int i = 0; i < 10; i++) {
            trace.expect(seg().data(1000));
        }
    }

    @Test
    void sent_checksumIsRight() {
        Trace trace = Trace.established().write("odd").expect(seg().data("odd"));
        byte[] packet = trace.lastPacket();
        long pseudo = InternetChecksum.pseudoHeader(0, 0xffff_0a00_0001L, 0, 0xffff_0a00_0002L, IpProtocol.TCP);
        int sum = InternetChecksum.sum(packet, 20, packet.length - 20);
        assertThat(InternetChecksum.fold(pseudo + packet.length - 20 + sum)).isEqualTo(0xffff);
    }

    @Test
    void options_unknown_areSkippedByTheirLength() {
        Trace.listening()
                .receive(syn().options(253, 4, 9, 9, 2, 4, 3, 0, 254, 2))
                .expect(synAck())
                .receive(seg().seq(1).ack(1).options(253, 3, 1).data("a"))
                .expect(seg().ack(2));
    }

    @Test
    void options_unaligned_areRead() {
        Trace trace =
                Trace.listening().receive(syn().options(1, 2, 4, 1, 144, 1)).expect(synAck());
        trace.receive(seg().seq(1).ack(1));
        TcpSocket socket = Objects.requireNonNull(trace.listener.accept());
        socket.write(ByteBuffer.allocate(500));
        trace.expect(seg().data(400)).expect(seg().data(100));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3, 200})
    void options_illegalLength_harmNothing(int length) {
        Trace.listening()
                .receive(syn().options(2, length, 1, 144))
                .expect(synAck())
                .receive(seg().seq(1).ack(1).options(5, length).data("a"))
                .expect(seg().ack(2));
    }

    @Test
    void mss_isOnSynsOnly_andOptionsArePadded() {
        Trace trace = Trace.established(syn().mss(1000).sackOk().timestamps(1, 0));
        trace.write("a").expect(seg().data("a"));
        assertThat(trace.sentOption(2)).isFalse();
        assertThat(trace.sentOption(3)).isFalse();
        assertThat(trace.sentOption(4)).isFalse();
    }

    @Test
    void mss6_peerSaysNone_is1220() {
        StackConfig config = StackConfig.of(List.of(InetAddress.ofLiteral("fd00::1")), 1420);
        Stack stack = new Stack(config, new SplittableRandom(1));
        InetSocketAddress to = new InetSocketAddress(InetAddress.ofLiteral("fd00::2"), 80);
        TcpSocket socket = Objects.requireNonNull(stack.connect(null, to, 0));
        Segment answer = new Segment();
        answer.options.windowShift = -1;
        socket.negotiate(answer, 0);
        assertThat(socket.sender.mss).isEqualTo(1220);
    }

    @Test
    void connect_bothAtOnceThenRst_isRefusedNotForgotten() {
        Trace trace = Trace.synSent().receive(syn()).expect(synAck()).receive(rst().seq(1));
        assertThat(trace.socket().failure()).isEqualTo(CloseReason.REFUSED);
        trace.ready(trace.socket());
    }

    @Test
    void rtt_ofWhatWasSentTwice_isNotMeasured() {
        Trace trace = Trace.listening().roundTrip(50).handshake(syn().mss(1000)).write(100);
        trace.expect(seg().data(100)).after(250).expect(seg().data(100)).after(1);
        long before = trace.socket().sender.rtt.srtt();
        trace.receive(seg().seq(1).ack(101));
        assertThat(trace.socket().sender.rtt.srtt()).isEqualTo(before);
    }

    @Test
    void keepAlive_byDefault_isOff() {
        assertThat(Trace.established().stack.nextDeadline()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void urgent_data_isDataLikeAnyOther() {
        Trace.established()
                .receive(seg().seq(1).ack(1).urgent().data("abc"))
                .expect(seg().ack(4))
                .reads("abc");
    }

    @Test
    void window_shrinks_nothingBreaks() {
        Trace trace =
                Trace.established().receive(seg().seq(1).ack(1).window(5000)).write(5000);
        for (int i = 0; i < 5; i++) {
            trace.expect(seg().data(1000));
        }
        trace.receive(seg().seq(1).ack(1001).window(1000)).write(1000).expectNothing();
        trace.timeoutAfter(200)
                .expect(seg().seq(1001).data(1000))
                .receive(seg().seq(1).ack(5001).window(1000));
        trace.expect(seg().seq(5001).data(1000));
    }

    /// Found by the fuzzer of whole connections: a byte beyond every edge that the peer had named.
    @Test
    void window_ofDataSentAgainThatAcknowledgesMore_counts() {
        Trace trace =
                Trace.established().receive(seg().seq(1001).ack(1).window(3000).data("late"));
        trace.expect(seg().ack(1)).write(5000);
        for (int i = 0; i < 3; i++) {
            trace.expect(seg().data(1000));
        }
        trace.receive(seg().seq(1).ack(2001).window(1000)).expectNothing();
        trace.receive(seg().seq(1).ack(3001).window(500)).expectNothing();
        trace.timeoutAfter(200).expect(seg().seq(3001).data(500));
    }

    @Test
    void zeroWindow_peerAnswersForADay_connectionStays() {
        Trace trace = Trace.established()
                .receive(seg().seq(1).ack(1).window(0))
                .write(100)
                .expectNothing();
        int probes = 0;
        while (trace.now() < 24L * 3600 * 1_000_000_000L) {
            trace.after(60_000)
                    .expect(seg().seq(0))
                    .receive(seg().seq(1).ack(1).window(0))
                    .expectNothing();
            probes++;
        }
        assertThat(probes).isGreaterThan(1000);
        trace.is(TcpState.ESTABLISHED).receive(seg().seq(1).ack(1).window(1000)).expect(seg().data(100));
    }

    @Test
    void ourWindowClosed_rstAndAckStillCount() {
        StackConfig config = new StackConfig(List.of(Trace.US), Trace.MTU, 65536, 4096, 10, 10);
        Trace trace = Trace.listening(config).handshake(syn().mss(1000));
        for (int i = 0; i < 4; i++) {
            trace.receive(seg().seq(1 + 1024 * i).ack(1).data(1024)).expect(seg());
        }
        trace.write("x")
                .expect(seg().data("x").window(0))
                .receive(seg().seq(4097).ack(2));
        assertThat(trace.socket().unacknowledged()).isZero();
        trace.receive(rst().seq(4097)).is(TcpState.CLOSED);
    }

    @Test
    void listen_manyPeersAtOnce_eachHasItsConnection() {
        Trace trace = Trace.listening();
        assertThat(trace.stack.listen(81)).isNotNull();
        assertThat(trace.stack.listen(Trace.PORT))
                .as("a port is listened on once")
                .isNull();
        for (int port = 1; port <= 50; port++) {
            trace.peerPort(port)
                    .receive(syn())
                    .expect(synAck())
                    .receive(seg().seq(1).ack(1));
        }
        for (int port = 1; port <= 50; port++) {
            assertThat(Objects.requireNonNull(trace.listener.accept()).remotePort())
                    .isEqualTo(port);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"224.0.0.1", "0.0.0.0", "10.0.0.1", "ff02::1"})
    void connect_toWhatIsNoHost_isRefused(String target) {
        Trace trace = Trace.listening();
        InetSocketAddress to = new InetSocketAddress(InetAddress.ofLiteral(target), 80);
        assertThatThrownBy(() -> trace.stack.connect(null, to, 0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void connect_fromAnAddress_usesIt() {
        InetAddress second = InetAddress.ofLiteral("10.0.0.7");
        Stack stack = new Stack(StackConfig.of(List.of(Trace.US, second), 1040), new SplittableRandom(1));
        InetSocketAddress to = new InetSocketAddress(Trace.PEER, 80);
        assertThat(Objects.requireNonNull(stack.connect(second, to, 0)).local().getAddress())
                .isEqualTo(second);
        assertThat(Objects.requireNonNull(stack.connect(null, to, 0)).local().getAddress())
                .isEqualTo(Trace.US);
    }

    @Test
    void sent_ipHeader_isOfANewPacket() {
        Trace trace = Trace.established().write("a").expect(seg().data("a"));
        byte[] packet = trace.lastPacket();
        assertThat(packet[8]).as("TTL").isEqualTo((byte) 64);
        assertThat(NetworkOrder.u16(packet, 6)).as("do not fragment").isEqualTo(0x4000);
    }

    @Test
    void close_halfOfIt_readsOn() {
        Trace.established()
                .shutdown()
                .expect(fin().seq(1))
                .receive(seg().seq(1).ack(2).data("abc"))
                .expect(seg().ack(4))
                .reads("abc");
    }
}
