package dev.culvert.proto.netstack;

import static dev.culvert.proto.netstack.testing.Seg.fin;
import static dev.culvert.proto.netstack.testing.Seg.rst;
import static dev.culvert.proto.netstack.testing.Seg.seg;
import static dev.culvert.proto.netstack.testing.Seg.syn;
import static dev.culvert.proto.netstack.testing.Seg.synAck;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.netstack.testing.Trace;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// FIN, RST, SYN and data in every state (RFC 9293 §3.10.7.4). The peer has sent nothing but SYN, and FIN where the
/// state asks for it; all of ours that is out is acknowledged where the state asks for that.
final class TcpStatesTest {
    /// A connection in a state; what is still to be sent has been.
    private static Trace in(TcpState state) {
        Trace trace = switch (state) {
            case SYN_RECEIVED -> Trace.synSent().receive(syn().mss(1000)).expect(synAck());
            case ESTABLISHED -> Trace.established();
            case FIN_WAIT_1 -> Trace.established().shutdown().expect(fin().seq(1));
            case FIN_WAIT_2 -> in(TcpState.FIN_WAIT_1).receive(seg().seq(1).ack(2));
            case CLOSE_WAIT -> Trace.established().receive(fin().seq(1).ack(1)).expect(seg().ack(2));
            case CLOSING -> in(TcpState.FIN_WAIT_1).receive(fin().seq(1).ack(1)).expect(seg().ack(2));
            case LAST_ACK ->
                in(TcpState.CLOSE_WAIT).shutdown().expect(fin().seq(1).ack(2));
            case TIME_WAIT ->
                in(TcpState.FIN_WAIT_2).receive(fin().seq(1).ack(2)).expect(seg().ack(2));
            default -> throw new IllegalArgumentException(state.name());
        };
        return trace.expectNothing().is(state);
    }

    /// The next number of the peer.
    private static int next(TcpState state) {
        return switch (state) {
            case CLOSE_WAIT, CLOSING, LAST_ACK, TIME_WAIT -> 2;
            default -> 1;
        };
    }

    @ParameterizedTest
    @CsvSource({
        "SYN_RECEIVED, CLOSE_WAIT",
        "ESTABLISHED, CLOSE_WAIT",
        "FIN_WAIT_1, CLOSING",
        "FIN_WAIT_2, TIME_WAIT",
    })
    void fin_inOrder_isAcknowledgedAndMovesOn(TcpState from, TcpState to) {
        in(from).receive(fin().seq(1).ack(from == TcpState.FIN_WAIT_2 ? 2 : 1))
                .expect(seg().ack(2))
                .expectNothing()
                .is(to);
    }

    @ParameterizedTest
    @EnumSource(
            value = TcpState.class,
            names = {"CLOSE_WAIT", "CLOSING", "LAST_ACK", "TIME_WAIT"})
    void fin_again_isAcknowledgedAndChangesNothing(TcpState state) {
        in(state)
                .receive(fin().seq(1).ack(1))
                .expect(seg().ack(2))
                .expectNothing()
                .is(state);
    }

    @ParameterizedTest
    @EnumSource(
            value = TcpState.class,
            names = {"SYN_RECEIVED", "ESTABLISHED", "FIN_WAIT_1", "FIN_WAIT_2", "CLOSE_WAIT", "CLOSING", "LAST_ACK"})
    void rst_exactlyNext_endsAtOnce(TcpState state) {
        Trace trace = in(state).receive(rst().seq(next(state))).expectNothing().is(TcpState.CLOSED);
        CloseReason reason = state == TcpState.SYN_RECEIVED ? CloseReason.REFUSED : CloseReason.RESET;
        assertThat(trace.socket().failure()).isEqualTo(reason);
        assertThat(trace.stack.sockets()).isZero();
    }

    @ParameterizedTest
    @EnumSource(
            value = TcpState.class,
            names = {"ESTABLISHED", "FIN_WAIT_1", "FIN_WAIT_2"})
    void rst_inTheWindowButNotNext_isChallenged(TcpState state) {
        in(state)
                .receive(rst().seq(next(state) + 5))
                .expect(seg().ack(next(state)))
                .expectNothing()
                .is(state)
                .dropped(Drop.INEXACT_RESET);
    }

    @ParameterizedTest
    @EnumSource(
            value = TcpState.class,
            names = {
                "SYN_RECEIVED",
                "ESTABLISHED",
                "FIN_WAIT_1",
                "FIN_WAIT_2",
                "CLOSE_WAIT",
                "CLOSING",
                "LAST_ACK",
                "TIME_WAIT"
            })
    void rst_outOfTheWindow_isIgnored(TcpState state) {
        in(state)
                .receive(rst().seq(-1))
                .receive(rst().seq(100_000))
                .expectNothing()
                .is(state);
    }

    @ParameterizedTest
    @EnumSource(
            value = TcpState.class,
            names = {"ESTABLISHED", "FIN_WAIT_1", "FIN_WAIT_2"})
    void syn_inTheWindow_isChallenged(TcpState state) {
        in(state)
                .receive(syn().seq(50))
                .expect(seg().ack(next(state)))
                .expectNothing()
                .is(state);
    }

    @ParameterizedTest
    @EnumSource(
            value = TcpState.class,
            names = {"ESTABLISHED", "FIN_WAIT_1", "FIN_WAIT_2"})
    void data_isTakenWhereItMayCome(TcpState state) {
        in(state)
                .receive(seg().seq(1).ack(1).data("abc"))
                .expect(seg().ack(4))
                .is(state)
                .reads("abc");
    }

    @ParameterizedTest
    @EnumSource(
            value = TcpState.class,
            names = {"CLOSE_WAIT", "CLOSING", "LAST_ACK", "TIME_WAIT"})
    void data_behindTheFin_isNeverTaken(TcpState state) {
        in(state).receive(seg().seq(2).ack(1).data("abc")).reads("");
    }
}
