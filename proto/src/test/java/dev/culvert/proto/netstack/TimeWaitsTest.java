package dev.culvert.proto.netstack;

import static dev.culvert.proto.netstack.testing.Seg.fin;
import static dev.culvert.proto.netstack.testing.Seg.rst;
import static dev.culvert.proto.netstack.testing.Seg.seg;
import static dev.culvert.proto.netstack.testing.Seg.syn;
import static dev.culvert.proto.netstack.testing.Seg.synAck;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.netstack.testing.Trace;
import java.util.List;
import org.junit.jupiter.api.Test;

/// TIME-WAIT of connections whose application has gone.
final class TimeWaitsTest {
    private static Trace left() {
        return left(Trace.established());
    }

    /// We close first; the peer follows.
    private static Trace left(Trace established) {
        return established
                .close()
                .expect(fin().seq(1).ack(1))
                .receive(fin().seq(1).ack(2))
                .expect(seg().seq(2).ack(2))
                .expectNothing();
    }

    private static Trace timed() {
        Trace trace = Trace.established(syn().mss(1000).timestamps(1000, 0)).close();
        trace.expect(fin().seq(1).ack(1));
        return trace.receive(fin().seq(1).ack(2).timestamps(1002, trace.lastTimestamp()))
                .expect(seg().seq(2).ack(2))
                .expectNothing();
    }

    private static int timeWait(Trace trace) {
        return trace.stack.status(0, trace.now()).timeWait();
    }

    @Test
    void close_first_leavesNoSocketButTheEnd() {
        Trace trace = left().is(TcpState.CLOSED);
        assertThat(trace.stack.status(10, trace.now()).connections()).isEmpty();
        assertThat(trace.stack.status(0, trace.now()).sockets()).isZero();
        assertThat(timeWait(trace)).isEqualTo(1);
        trace.timeoutAfter(10_000).expectNothing();
        assertThat(trace.stack.sockets()).isZero();
    }

    @Test
    void fin_again_isAcknowledgedAndStartsAnew() {
        Trace trace = left().after(9_000)
                .receive(fin().seq(1).ack(2))
                .expect(seg().seq(2).ack(2));
        trace.timeoutAfter(10_000);
        assertThat(trace.stack.sockets()).isZero();
    }

    @Test
    void fin_againWithTimestamps_isAcknowledgedWithThem() {
        Trace trace = timed();
        trace.receive(fin().seq(1).ack(2).timestamps(1003, trace.lastTimestamp()))
                .expect(seg().seq(2).ack(2));
        assertThat(trace.sentOption(8)).isTrue();
        trace.receive(fin().seq(1).ack(2)).expectNothing().dropped(Drop.MISSING_TIMESTAMP);
    }

    @Test
    void data_again_isAcknowledged() {
        left().receive(seg().seq(0).ack(2).data("a"))
                .expect(seg().seq(2).ack(2))
                .dropped(Drop.OUT_OF_WINDOW);
    }

    @Test
    void ack_thatFits_isNotAnswered() {
        left().receive(seg().seq(2).ack(2)).receive(seg().seq(2).ack(1)).expectNothing();
    }

    @Test
    void ack_thatDoesNotFit_isChallengedTenTimesASecond() {
        Trace trace = left();
        for (int i = 0; i < 5; i++) {
            trace.receive(seg().seq(700).ack(2));
        }
        trace.expect(seg().seq(2).ack(2)).expectNothing();
        trace.after(100).receive(seg().seq(2).ack(3)).expect(seg().seq(2).ack(2));
    }

    /// RFC 1337: the connection is not assassinated.
    @Test
    void rst_isIgnored() {
        Trace trace = left().receive(rst().seq(2)).expectNothing().dropped(Drop.TIME_WAIT_RESET);
        assertThat(timeWait(trace)).isEqualTo(1);
    }

    /// RFC 6191 §2.
    @Test
    void syn_newer_isANewConnection() {
        Trace trace = left().receive(syn().seq(5000).mss(1000)).expect(synAck().ack(5001));
        assertThat(timeWait(trace)).isZero();
        trace = timed();
        trace.receive(syn().seq(-9).mss(1000).timestamps(2000, 0)).expect(synAck().ack(-8));
    }

    @Test
    void syn_older_isNot() {
        left().receive(syn().seq(0).mss(1000)).expect(seg().seq(2).ack(2)).dropped(Drop.UNEXPECTED_SYN);
    }

    @Test
    void many_areBoundedAndFoundAndTakeNoRoomOfOthers() {
        Trace trace = Trace.listening(new StackConfig(List.of(Trace.US), Trace.MTU, 1 << 20, 1 << 20, 100, 100));
        for (int port = 1; port <= 250; port++) {
            left(trace.peerPort(port).handshake(syn().mss(1000)));
        }
        assertThat(timeWait(trace)).isEqualTo(100);
        trace.peerPort(151).receive(fin().seq(1).ack(2)).dropped(Drop.OUT_OF_WINDOW);
        trace.peerPort(150).receive(fin().seq(1).ack(2)).dropped(Drop.NO_TCP_SOCKET);
        trace.discardsWhatIsSent();
        for (int port = 1001; port <= 1100; port++) {
            trace.peerPort(port).handshake(syn().mss(1000));
        }
        assertThat(trace.stack.status(0, trace.now()).sockets()).isEqualTo(100);
        trace.after(10_000);
        assertThat(timeWait(trace)).isZero();
    }

    @Test
    void socket_isThereUntilItsApplicationCloses() {
        Trace trace = Trace.established()
                .shutdown()
                .expect(fin().seq(1).ack(1))
                .receive(fin().seq(1).ack(2))
                .expect(seg().seq(2).ack(2))
                .expectNothing()
                .is(TcpState.TIME_WAIT)
                .readsEnd();
        trace.close().expectNothing().is(TcpState.CLOSED);
        assertThat(timeWait(trace)).isEqualTo(1);
    }
}
