package dev.culvert.proto.netstack;

import static dev.culvert.proto.netstack.testing.Seg.rstAck;
import static dev.culvert.proto.netstack.testing.Seg.seg;
import static dev.culvert.proto.netstack.testing.Seg.syn;
import static dev.culvert.proto.netstack.testing.Seg.synAck;
import static dev.culvert.proto.netstack.testing.Trace.established;
import static dev.culvert.proto.netstack.testing.Trace.listening;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.netstack.testing.Trace;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Data, windows and acknowledgments, without loss.
final class TcpDataTest {
    /// A connection whose receive buffer is small, so that its window is easily filled.
    private static Trace smallWindow() {
        return listening(new StackConfig(List.of(Trace.US), Trace.MTU, 65536, 4096, 10, 10))
                .handshake(syn().mss(1000));
    }

    @Test
    void data_inOrder_isReadAndAcknowledged() {
        Trace trace = established();
        trace.ready(trace.listener)
                .receive(seg().seq(1).ack(1).data("aaa"))
                .expect(seg().seq(1).ack(4));
        trace.ready(trace.socket()).ready(null).reads("aaa").reads("");
    }

    @Test
    void data_outOfOrder_isHeldUntilTheGapCloses() {
        Trace trace = established()
                .receive(seg().seq(4).ack(1).data("bbb"))
                .expect(seg().ack(1))
                .reads("")
                .receive(seg().seq(10).ack(1).data("ddd"))
                .expect(seg().ack(1))
                .receive(seg().seq(1).ack(1).data("aaa"))
                .expect(seg().ack(7));
        trace.reads("aaabbb")
                .receive(seg().seq(7).ack(1).data("ccc"))
                .expect(seg().ack(13))
                .reads("cccddd");
    }

    @Test
    void data_overlapping_isTakenOnce() {
        established()
                .receive(seg().seq(3).ack(1).data("cde"))
                .expect(seg().ack(1))
                .receive(seg().seq(1).ack(1).data("abc"))
                .expect(seg().ack(6))
                .receive(seg().seq(2).ack(1).data("bcdefg"))
                .expect(seg().ack(8))
                .reads("abcdefg");
    }

    @Test
    void data_twice_isAcknowledgedTwiceAndReadOnce() {
        established()
                .receive(seg().seq(1).ack(1).data("abc"))
                .expect(seg().ack(4))
                .receive(seg().seq(1).ack(1).data("abc"))
                .expect(seg().ack(4))
                .dropped(Drop.OUT_OF_WINDOW)
                .reads("abc");
    }

    @Test
    void outOfOrder_withSack_isReportedMostRecentFirst() {
        established(syn().mss(1000).sackOk())
                .receive(seg().seq(11).ack(1).data(10))
                .expect(seg().ack(1).sack(11, 21))
                .receive(seg().seq(31).ack(1).data(10))
                .expect(seg().ack(1).sack(31, 41).sack(11, 21))
                .receive(seg().seq(21).ack(1).data(5))
                .expect(seg().ack(1).sack(11, 26).sack(31, 41))
                .receive(seg().seq(1).ack(1).data(10))
                .expect(seg().ack(26).sack(31, 41));
    }

    @Test
    void reassembly_tooManyGaps_dropsWhatComesNext() {
        Trace trace = established();
        for (int i = 0; i <= Reassembly.MAX_RANGES + Reassembly.RANGES_PER_PAGE; i++) {
            trace.receive(seg().seq(11 + 20 * i).ack(1).data(10));
        }
        trace.dropped(Drop.REASSEMBLY_FULL);
    }

    @Test
    void acks_afterTheFirstSegments_areDelayedOrEverySecond() {
        Trace trace = established();
        int seq = 1;
        for (; seq < 16_000; seq += 1000) {
            trace.receive(seg().seq(seq).ack(1).data(1000)).expect(seg().ack(seq + 1000));
        }
        trace.receive(seg().seq(seq).ack(1).data(1000)).expectNothing();
        trace.receive(seg().seq(seq + 1000).ack(1).data(1000)).expect(seg().ack(seq + 2000));
        trace.receive(seg().seq(seq + 2000).ack(1).data(1000)).expectNothing();
        trace.timeoutAfter(40).expect(seg().ack(seq + 3000)).expectNothing();
    }

    @Test
    void ack_delayed_ridesOnData() {
        Trace trace = established();
        int seq = 1;
        for (; seq < 16_000; seq += 1000) {
            trace.receive(seg().seq(seq).ack(1).data(1000)).expect(seg());
        }
        trace.receive(seg().seq(seq).ack(1).data("x")).expectNothing();
        trace.write("y").expect(seg().seq(1).ack(seq + 1).data("y")).expectNothing();
    }

    @Test
    void acks_ofManySegmentsAtOnce_areOne() {
        established()
                .receive(seg().seq(1).ack(1).data(1000))
                .receive(seg().seq(1001).ack(1).data(1000))
                .receive(seg().seq(2001).ack(1).data(1000))
                .expect(seg().ack(3001))
                .expectNothing();
    }

    @Test
    void write_moreThanASegment_isCutAndPushedAtItsEnd() {
        established()
                .write(2500)
                .expect(seg().seq(1).data(1000))
                .expect(seg().seq(1001).data(1000))
                .expect(seg().seq(2001).data(500).push())
                .expectNothing();
    }

    @Test
    void write_small_isNotHeldBack() {
        established()
                .write("a")
                .expect(seg().seq(1).data("a"))
                .write("b")
                .expect(seg().seq(2).data("b"));
    }

    @Test
    void write_beyondTheInitialWindow_waitsForAcks() {
        Trace trace = established().write(20_000);
        for (int i = 0; i < 10; i++) {
            trace.expect(seg().seq(1 + 1000 * i).data(1000));
        }
        trace.expectNothing().receive(seg().seq(1).ack(2001));
        for (int i = 10; i < 14; i++) {
            trace.expect(seg().seq(1 + 1000 * i).data(1000));
        }
        trace.expectNothing();
    }

    @Test
    void write_beyondThePeersWindow_waitsForIt() {
        established()
                .receive(seg().seq(1).ack(1).window(1500))
                .write(3000)
                .expect(seg().seq(1).data(1000))
                .expectNothing()
                .receive(seg().seq(1).ack(1001).window(1500))
                .expect(seg().seq(1001).data(1000))
                .expectNothing();
    }

    @Test
    void write_direct_worksToo() {
        Trace trace = established();
        ByteBuffer direct = ByteBuffer.allocateDirect(3)
                .put((byte) 'a')
                .put((byte) 'b')
                .put((byte) 'c')
                .flip();
        assertThat(trace.socket().write(direct)).isEqualTo(3);
        trace.expect(seg().seq(1).data("abc")).receive(seg().seq(1).ack(4).data("de"));
        ByteBuffer target = ByteBuffer.allocateDirect(10);
        assertThat(trace.socket().read(target)).isEqualTo(2);
        assertThat(target.flip().get()).isEqualTo((byte) 'd');
    }

    @Test
    void write_bufferFull_isReportedWhenThereIsRoom() {
        Trace trace = listening(new StackConfig(List.of(Trace.US), Trace.MTU, 4096, 4096, 10, 10))
                .handshake(syn().mss(1000));
        trace.ready(trace.listener).ready(null);
        assertThat(trace.socket().write(ByteBuffer.allocate(5000))).isEqualTo(4096);
        assertThat(trace.socket().writable()).isZero();
        assertThat(trace.socket().unacknowledged()).isEqualTo(4096);
        trace.expect(seg().data(1000)).expect(seg().data(1000)).expect(seg().data(1000));
        trace.receive(seg().seq(1).ack(501)).ready(null);
        trace.receive(seg().seq(1).ack(2001)).ready(trace.socket());
        assertThat(trace.socket().writable()).isEqualTo(2000);
    }

    @Test
    void windowScale_isUsedBothWays() {
        Trace trace = established(syn().mss(1000).scale(3)).peerScale(3);
        trace.receive(seg().seq(1).ack(1).window(100))
                .write(800)
                .expect(seg().seq(1).data(800));
        trace.write(200).expectNothing();
        // 64 KiB at first, less what waits to be read, in units of 128.
        trace.receive(seg().seq(1).ack(801).data(320))
                .expect(seg().seq(801).window((64 << 10) / 128 - 3).data(200));
    }

    @Test
    void synAck_windowIsNeverScaled() {
        listening().receive(syn().mss(1000).scale(3)).expect(synAck().window(65535));
    }

    @Test
    void window_full_closesAndOpensWhenRead() {
        Trace trace = smallWindow();
        trace.receive(seg().seq(1).ack(1).data(1000)).expect(seg().ack(1001).window(3096));
        trace.receive(seg().seq(1001).ack(1).data(1000)).expect(seg().ack(2001).window(2096));
        trace.receive(seg().seq(2001).ack(1).data(1000)).expect(seg().ack(3001).window(1096));
        trace.receive(seg().seq(3001).ack(1).data(1000)).expect(seg().ack(4001).window(96));
        trace.receive(seg().seq(4001).ack(1).data(96)).expect(seg().ack(4097).window(0));
        trace.receive(seg().seq(4097).ack(1).data(1))
                .expect(seg().ack(4097).window(0))
                .dropped(Drop.OUT_OF_WINDOW);
        // Less than a segment is not worth a word (silly window).
        trace.reads(500)
                .expectNothing()
                .reads(600)
                .expect(seg().ack(4097).window(1100))
                .expectNothing();
    }

    @Test
    void window_dataBeyondIt_isCutOff() {
        Trace trace = smallWindow();
        trace.receive(seg().seq(4001).ack(1).data(1000)).expect(seg().ack(1));
        trace.receive(seg().seq(1).ack(1).data(4000)).expect(seg().ack(4097).window(0));
    }

    @Test
    void zeroWindow_isProbedUntilItOpens() {
        Trace trace =
                established().receive(seg().seq(1).ack(1).window(0)).write(100).expectNothing();
        trace.timeoutAfter(200).expect(seg().seq(0)).expectNothing();
        trace.receive(seg().seq(1).ack(1).window(0)).expectNothing();
        trace.timeoutAfter(400).expect(seg().seq(0)).expectNothing();
        trace.receive(seg().seq(1).ack(1).window(1000)).expect(seg().seq(1).data(100));
    }

    @Test
    void zeroWindow_peerSilent_timesOut() {
        Trace trace =
                established().receive(seg().seq(1).ack(1).window(0)).write(100).expectNothing();
        for (int i = 0; i < 8; i++) {
            trace.after(60_000).expect(seg().seq(0));
        }
        trace.after(60_000).is(TcpState.CLOSED);
        assertThat(trace.socket().failure()).isEqualTo(CloseReason.TIMED_OUT);
    }

    @Test
    void sillyWindow_isOverriddenByTheTimer() {
        Trace trace =
                established().receive(seg().seq(1).ack(1).window(10)).write(100).expectNothing();
        trace.after(300).expect(seg().seq(1).data(10));
    }

    @Test
    void timestamps_areEchoed() {
        established(syn().mss(1000).timestamps(100, 0))
                .receive(seg().seq(1).ack(1).timestamps(150, 0).data("a"))
                .expect(seg().ack(2).timestamps(0, 150).timestamp(0))
                .receive(seg().seq(3).ack(1).timestamps(170, 0).data("c"))
                .expect(seg().ack(2).timestamps(0, 150).timestamp(0))
                .receive(seg().seq(2).ack(1).timestamps(160, 0).data("b"))
                .expect(seg().ack(4).timestamps(0, 160).timestamp(0));
    }

    @Test
    void timestamps_takeRoomFromTheSegment() {
        established(syn().mss(1000).timestamps(1, 0))
                .write(1000)
                .expect(seg().data(988))
                .expect(seg().data(12));
    }

    @Test
    void keepAlive_peerSilent_probesAndFails() {
        Trace trace = established();
        trace.socket().keepAlive(10_000_000_000L);
        trace.timeoutAfter(10_000).expect(seg().seq(0).ack(1));
        trace.receive(seg().seq(1).ack(1)).timeoutAfter(2500).expectNothing().timeoutAfter(7500);
        for (int i = 0; i < 4; i++) {
            trace.expect(seg().seq(0).ack(1)).timeoutAfter(2500);
        }
        trace.is(TcpState.CLOSED).expectNothing();
        assertThat(trace.socket().failure()).isEqualTo(CloseReason.TIMED_OUT);
    }

    @Test
    void abort_sendsResetAndForgets() {
        Trace trace = established()
                .write("x")
                .expect(seg().data("x"))
                .abort()
                .expect(rstAck().seq(2).ack(1));
        assertThat(trace.stack.sockets()).isZero();
        assertThat(trace.stack.bufferMemory()).isZero();
        assertThat(trace.socket().write(ByteBuffer.allocate(1))).isEqualTo(-1);
    }

    @Test
    void idleConnection_holdsNoBufferMemory() {
        Trace trace =
                established().write(5000).receive(seg().seq(1).ack(1).data(50)).reads(50);
        for (int i = 0; i < 5; i++) {
            trace.expect(seg().data(1000));
        }
        assertThat(trace.stack.bufferMemory()).isEqualTo(PagePool.PAGE);
        trace.receive(seg().seq(51).ack(5001));
        assertThat(trace.stack.bufferMemory()).isZero();
    }
}
