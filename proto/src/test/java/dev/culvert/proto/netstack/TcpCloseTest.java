package dev.culvert.proto.netstack;

import static dev.culvert.proto.netstack.testing.Seg.fin;
import static dev.culvert.proto.netstack.testing.Seg.rst;
import static dev.culvert.proto.netstack.testing.Seg.rstAck;
import static dev.culvert.proto.netstack.testing.Seg.seg;
import static dev.culvert.proto.netstack.testing.Seg.syn;
import static dev.culvert.proto.netstack.testing.Seg.synAck;
import static dev.culvert.proto.netstack.testing.Trace.established;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.proto.netstack.testing.Trace;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/// How connections end (RFC 9293 §3.6, figures 12 and 13).
final class TcpCloseTest {
    /// We have closed, the peer has acknowledged it.
    private static Trace finWait2() {
        return established()
                .shutdown()
                .expect(fin().seq(1).ack(1))
                .receive(seg().seq(1).ack(2));
    }

    /// We closed first, and both FINs are acknowledged.
    private static Trace timeWait() {
        return finWait2()
                .receive(fin().seq(1).ack(2))
                .expect(seg().seq(2).ack(2))
                .is(TcpState.TIME_WAIT);
    }

    @Test
    void shutdown_finAckedThenPeerCloses_waits() {
        Trace trace = established()
                .shutdown()
                .is(TcpState.FIN_WAIT_1)
                .expect(fin().seq(1).ack(1));
        trace.receive(seg().seq(1).ack(2)).is(TcpState.FIN_WAIT_2);
        trace.receive(fin().seq(1).ack(2))
                .expect(seg().seq(2).ack(2))
                .is(TcpState.TIME_WAIT)
                .readsEnd();
        trace.timeoutAfter(10_000).is(TcpState.CLOSED).expectNothing();
        assertThat(trace.stack.sockets()).isZero();
        assertThat(trace.socket().failure()).isNull();
    }

    @Test
    void shutdown_finAndAckTogether_waits() {
        established()
                .shutdown()
                .expect(fin().seq(1).ack(1))
                .receive(fin().seq(1).ack(2))
                .expect(seg().seq(2).ack(2))
                .is(TcpState.TIME_WAIT);
    }

    @Test
    void shutdown_bothAtOnce_crosses() {
        established()
                .shutdown()
                .expect(fin().seq(1).ack(1))
                .receive(fin().seq(1).ack(1))
                .is(TcpState.CLOSING)
                .expect(seg().seq(2).ack(2))
                .receive(seg().seq(2).ack(2))
                .is(TcpState.TIME_WAIT);
    }

    @Test
    void peerCloses_weFollow_isOver() {
        Trace trace = established()
                .receive(fin().seq(1).ack(1))
                .is(TcpState.CLOSE_WAIT)
                .expect(seg().seq(1).ack(2));
        trace.readsEnd().shutdown().is(TcpState.LAST_ACK).expect(fin().seq(1).ack(2));
        trace.receive(seg().seq(2).ack(2)).is(TcpState.CLOSED).expectNothing();
        assertThat(trace.stack.sockets()).isZero();
    }

    @Test
    void peerCloses_weStillSend() {
        established()
                .receive(fin().seq(1).ack(1).data("bye"))
                .expect(seg().seq(1).ack(5))
                .write("more")
                .expect(seg().seq(1).ack(5).data("more"))
                .reads("bye")
                .readsEnd()
                .is(TcpState.CLOSE_WAIT);
    }

    @Test
    void shutdown_peerStillSends_isRead() {
        finWait2()
                .receive(seg().seq(1).ack(2).data("late"))
                .expect(seg().seq(2).ack(5))
                .reads("late");
    }

    @Test
    void shutdown_withData_finRidesOnTheLastSegment() {
        established()
                .write("bye")
                .shutdown()
                .expect(fin().seq(1).data("bye").push())
                .expectNothing();
    }

    @Test
    void shutdown_finLost_isSentAgain() {
        established()
                .write("bye")
                .shutdown()
                .expect(fin().seq(1).data("bye"))
                .after(300)
                .expect(fin().seq(1).data("bye"))
                .receive(seg().seq(1).ack(4))
                .after(500)
                .expect(fin().seq(4))
                .receive(seg().seq(1).ack(5))
                .is(TcpState.FIN_WAIT_2);
    }

    @Test
    void fin_outOfOrder_waitsForTheGap() {
        established()
                .receive(fin().seq(4).ack(1).data("def"))
                .expect(seg().ack(1))
                .is(TcpState.ESTABLISHED)
                .receive(seg().seq(1).ack(1).data("abc"))
                .expect(seg().ack(8))
                .is(TcpState.CLOSE_WAIT)
                .reads("abcdef")
                .readsEnd();
    }

    @Test
    void write_afterShutdown_isAProgrammingError() {
        Trace trace = established().shutdown();
        assertThatThrownBy(() -> trace.socket().write(ByteBuffer.allocate(1)))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void close_dataArrivesLater_isReset() {
        Trace trace = established().close().expect(fin().seq(1).ack(1));
        trace.receive(seg().seq(1).ack(2).data("late"))
                .expect(rstAck().seq(2).ack(1))
                .dropped(Drop.DATA_AFTER_CLOSE);
        assertThat(trace.stack.sockets()).isZero();
    }

    @Test
    void close_withUnreadData_resets() {
        established()
                .receive(seg().seq(1).ack(1).data("unread"))
                .close()
                .expect(rstAck().seq(1).ack(7));
    }

    @Test
    void close_peerNeverCloses_isForgottenAfterAMinute() {
        Trace trace = established()
                .close()
                .expect(fin().seq(1))
                .receive(seg().seq(1).ack(2))
                .is(TcpState.FIN_WAIT_2);
        trace.timeoutAfter(60_000).is(TcpState.CLOSED).expectNothing();
        assertThat(trace.stack.sockets()).isZero();
    }

    @Test
    void close_inFinWait2_isForgottenAfterAMinute() {
        Trace trace = finWait2().close().expectNothing();
        trace.timeoutAfter(60_000).is(TcpState.CLOSED);
    }

    @Test
    void close_windowStaysClosed_isForgottenAfterTwoMinutes() {
        Trace trace = established()
                .receive(seg().seq(1).ack(1).window(0))
                .write(10)
                .close()
                .expectNothing();
        for (int seconds = 0; seconds <= 240; seconds += 20) {
            trace.after(20_000).receive(seg().seq(1).ack(1).window(0));
        }
        trace.is(TcpState.CLOSED);
        assertThat(trace.stack.bufferMemory()).isZero();
    }

    @Test
    void close_noReport() {
        Trace trace = established();
        trace.ready(trace.listener)
                .close()
                .expect(fin())
                .receive(fin().seq(1).ack(2))
                .expect(seg());
        trace.ready(null).after(10_000).ready(null);
    }

    @Test
    void timeWait_finAgain_isAcknowledgedAndStartsAnew() {
        timeWait()
                .after(9_000)
                .receive(fin().seq(1).ack(2))
                .expect(seg().seq(2).ack(2))
                .timeoutAfter(10_000)
                .is(TcpState.CLOSED);
    }

    @Test
    void timeWait_rst_isIgnored() {
        timeWait().receive(rst().seq(2)).is(TcpState.TIME_WAIT).dropped(Drop.TIME_WAIT_RESET);
    }

    @Test
    void timeWait_newerSyn_isANewConnection() {
        Trace trace = timeWait()
                .receive(syn().seq(5000).mss(1000))
                .is(TcpState.CLOSED)
                .expect(synAck().ack(5001));
        assertThat(trace.stack.sockets()).isEqualTo(1);
    }

    @Test
    void timeWait_olderSyn_isNot() {
        timeWait()
                .receive(syn().seq(0).mss(1000))
                .is(TcpState.TIME_WAIT)
                .expect(seg().seq(2).ack(2));
    }

    @Test
    void rst_inEstablished_fails() {
        Trace trace = established().receive(seg().seq(1).ack(1).data("last")).expect(seg());
        trace.ready(trace.listener).ready(trace.socket()).receive(rst().seq(5)).ready(trace.socket());
        assertThat(trace.socket().failure()).isEqualTo(CloseReason.RESET);
        trace.reads("last").readsEnd().expectNothing();
        trace.close();
        assertThat(trace.stack.bufferMemory()).isZero();
    }

    @Test
    void closedListener_connectionStays() {
        Trace trace = established();
        trace.listener.close();
        trace.receive(seg().seq(1).ack(1).data("a")).expect(seg().ack(2));
    }
}
