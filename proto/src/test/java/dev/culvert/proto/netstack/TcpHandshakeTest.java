package dev.culvert.proto.netstack;

import static dev.culvert.proto.netstack.testing.Seg.rst;
import static dev.culvert.proto.netstack.testing.Seg.rstAck;
import static dev.culvert.proto.netstack.testing.Seg.seg;
import static dev.culvert.proto.netstack.testing.Seg.syn;
import static dev.culvert.proto.netstack.testing.Seg.synAck;
import static dev.culvert.proto.netstack.testing.Trace.established;
import static dev.culvert.proto.netstack.testing.Trace.listening;
import static dev.culvert.proto.netstack.testing.Trace.synSent;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.netstack.testing.Trace;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

final class TcpHandshakeTest {
    @Test
    void listen_synArrives_answersAndAcceptsAfterAck() {
        Trace trace =
                listening().receive(syn().mss(1000)).expect(synAck().mss(1000)).ready(null);
        trace.receive(seg().seq(1).ack(1)).ready(trace.listener);
        TcpSocket socket = Objects.requireNonNull(trace.listener.accept());
        assertThat(socket.state()).isEqualTo(TcpState.ESTABLISHED);
        assertThat(socket.remote()).hasToString("/10.0.0.2:40000");
        assertThat(socket.local()).hasToString("/10.0.0.1:80");
        assertThat(trace.listener.accept()).isNull();
    }

    @Test
    void listen_dataComesWithTheAck_isReadable() {
        listening()
                .receive(syn())
                .expect(synAck())
                .receive(seg().seq(1).ack(1).data("hello"))
                .expect(seg().seq(1).ack(6));
    }

    @Test
    void listen_synOffersNothing_offersNothingBack() {
        Trace trace = listening().receive(syn()).expect(synAck());
        assertThat(trace.sentOption(8) || trace.sentOption(3) || trace.sentOption(4))
                .isFalse();
    }

    @Test
    void listen_synOffersAll_agreesToAll() {
        listening()
                .receive(syn().mss(900).scale(7).sackOk().timestamps(5, 0))
                .expect(synAck().mss(1000).scale(7).sackOk().timestamps(0, 5).timestamp(0));
    }

    @Test
    void listen_synWhileNoneMayBegin_isDroppedAndAnsweredWhenItComesAgain() {
        Trace trace = listening();
        trace.stack.acceptNew(false);
        trace.receive(syn()).expectNothing();
        assertThat(trace.stack.drops(Drop.NOT_ACCEPTING)).isEqualTo(1);

        trace.stack.acceptNew(true);
        trace.receive(syn()).expect(synAck());
    }

    @Test
    void established_whileNoneMayBegin_goesOn() {
        Trace trace = established();
        trace.stack.acceptNew(false);
        trace.receive(seg().seq(1).ack(1).data("hello")).reads("hello");
    }

    @Test
    void synReceived_synAgain_answersAgain() {
        listening()
                .receive(syn())
                .expect(synAck())
                .receive(syn())
                .expect(synAck())
                .expectNothing();
    }

    @Test
    void synReceived_nothingArrives_repeatsAndGivesUp() {
        Trace trace = listening().receive(syn()).expect(synAck());
        for (int seconds = 1; seconds <= 16; seconds *= 2) {
            trace.timeoutAfter(1000L * seconds).expect(synAck()).expectNothing();
        }
        trace.timeoutAfter(32_000).expectNothing();
        assertThat(trace.stack.sockets()).isZero();
        trace.ready(null);
    }

    @Test
    void synReceived_rst_vanishes() {
        Trace trace = listening()
                .receive(syn())
                .expect(synAck())
                .receive(rst().seq(1))
                .expectNothing();
        assertThat(trace.stack.sockets()).isZero();
        trace.ready(null);
    }

    @Test
    void synReceived_ackOfWhatWasNotSent_isReset() {
        listening()
                .receive(syn())
                .expect(synAck())
                .receive(seg().seq(1).ack(9))
                .expect(rst().seq(9))
                .dropped(Drop.UNACCEPTABLE_ACK);
    }

    @Test
    void listen_ackWithoutConnection_isReset() {
        listening().receive(seg().seq(7).ack(3)).expect(rst().seq(3)).dropped(Drop.NO_TCP_SOCKET);
    }

    @Test
    void closedPort_syn_isReset() {
        Trace trace = listening();
        trace.listener.close();
        trace.receive(syn().seq(0)).expect(rstAck().seq(0).ack(1)).dropped(Drop.NO_TCP_SOCKET);
    }

    @Test
    void closedPort_rst_isIgnored() {
        listening().receive(rst().seq(1)).expectNothing();
    }

    @Test
    void connect_synAckArrives_stands() {
        Trace trace = synSent()
                .receive(synAck().mss(1000))
                .expect(seg().seq(1).ack(1))
                .is(TcpState.ESTABLISHED);
        trace.ready(trace.socket());
        assertThat(trace.socket().isConnected()).isTrue();
    }

    @Test
    void connect_dataWrittenEarly_followsTheHandshake() {
        synSent()
                .write("early")
                .receive(synAck().mss(1000))
                .expect(seg().seq(1).ack(1).data("early"));
    }

    @Test
    void connect_noAnswer_timesOut() {
        Trace trace = synSent();
        for (int seconds = 1; seconds <= 32; seconds *= 2) {
            trace.timeoutAfter(1000L * seconds).expect(syn());
        }
        // RFC 9293 §3.8.3: at least three minutes for a SYN.
        trace.timeoutAfter(60_000).expect(syn());
        trace.timeoutAfter(60_000).is(TcpState.CLOSED).ready(trace.socket());
        assertThat(trace.socket().failure()).isEqualTo(CloseReason.TIMED_OUT);
        trace.readsEnd();
    }

    @Test
    void connect_rstForOurSyn_isRefused() {
        Trace trace =
                synSent().receive(rstAck().seq(0).ack(1)).is(TcpState.CLOSED).expectNothing();
        trace.ready(trace.socket());
        assertThat(trace.socket().failure()).isEqualTo(CloseReason.REFUSED);
    }

    @Test
    void connect_rstWithWrongAck_isIgnored() {
        synSent().receive(rstAck().seq(0).ack(2)).expectNothing().is(TcpState.SYN_SENT);
    }

    @Test
    void connect_rstWithoutAck_isIgnored() {
        synSent().receive(rst().seq(0)).is(TcpState.SYN_SENT).dropped(Drop.MISSING_ACK);
    }

    @Test
    void connect_ackOfAnOldConnection_isReset() {
        synSent().receive(seg().seq(500).ack(300)).expect(rst().seq(300)).is(TcpState.SYN_SENT);
    }

    @Test
    void connect_bothAtOnce_meet() {
        Trace trace = synSent().receive(syn().mss(1000)).expect(synAck()).is(TcpState.SYN_RECEIVED);
        trace.receive(synAck()).is(TcpState.ESTABLISHED).ready(trace.socket());
        trace.receive(seg().seq(1).ack(1).data("x")).expect(seg().seq(1).ack(2)).reads("x");
    }

    @Test
    void connect_closedBeforeAnswer_vanishes() {
        Trace trace = synSent().close().expectNothing();
        assertThat(trace.stack.sockets()).isZero();
        trace.receive(synAck()).expect(rst().seq(1));
    }

    @Test
    void connect_lostSynAckAck_isRepeatedOnSynAck() {
        synSent()
                .receive(synAck().mss(1000))
                .expect(seg().seq(1).ack(1))
                .receive(synAck().mss(1000))
                .expect(seg().seq(1).ack(1))
                .dropped(Drop.OUT_OF_WINDOW);
    }

    @Test
    void peerMss_isRespectedAndBounded() {
        established(syn().mss(400))
                .write(600)
                .expect(seg().seq(1).data(400))
                .expect(seg().seq(401).data(200));
        established(syn().mss(9000))
                .write(1500)
                .expect(seg().seq(1).data(1000))
                .expect(seg().seq(1001).data(500));
        established(syn())
                .write(600)
                .expect(seg().seq(1).data(536))
                .expect(seg().seq(537).data(64));
        established(syn().mss(1))
                .write(100)
                .expect(seg().seq(1).data(88))
                .expect(seg().seq(89).data(12));
    }

    private static Trace halfOpen() {
        StackConfig config = new StackConfig(List.of(Trace.US), Trace.MTU, 1 << 20, 1 << 20, 100, 1);
        return listening(config).peerPort(1).receive(syn()).expect(synAck()).peerPort(2);
    }

    @Test
    void halfOpen_limitReached_synIsAnsweredWithACookie() {
        Trace trace = halfOpen();
        trace.receive(syn().mss(1000).scale(7).sackOk().timestamps(5, 0));
        trace.expect(synAck().mss(1000).scale(5).sackOk().timestamps(0, 5)).dropped(Drop.SYN_COOKIE);
        assertThat(trace.stack.sockets()).isEqualTo(1);
        trace.after(300)
                .receive(
                        seg().seq(1).ack(1).timestamps(6, trace.lastTimestamp()).data("hello"))
                .expect(seg().seq(1).ack(6))
                .ready(trace.listener);
        TcpSocket socket = Objects.requireNonNull(trace.listener.accept());
        assertThat(socket.state()).isEqualTo(TcpState.ESTABLISHED);
        assertThat(socket.readable()).isEqualTo(5);
        assertThat(socket.sender.recovery.sackPermitted).isTrue();
        assertThat(socket.sender.window.peerShift).isEqualTo(7);
        // 940 is the size below 1000 that a cookie can hold, less 12 bytes of timestamps.
        assertThat(socket.sender.mss).isEqualTo(928);
    }

    @Test
    void cookie_withoutTimestamps_keepsTheSizeOnly() {
        Trace trace = halfOpen().receive(syn().mss(600).scale(7).sackOk()).expect(synAck());
        assertThat(trace.sentOption(3) || trace.sentOption(4) || trace.sentOption(8))
                .isFalse();
        trace.receive(seg().seq(1).ack(1)).ready(trace.listener);
        TcpSocket socket = Objects.requireNonNull(trace.listener.accept());
        assertThat(socket.sender.mss).isEqualTo(536);
        assertThat(socket.sender.window.peerShift).isZero();
    }

    @Test
    void cookie_guessed_isReset() {
        Trace trace = halfOpen().receive(syn().mss(600)).expect(synAck());
        for (int guess = -100; guess <= 100; guess++) {
            if (guess != 1) {
                trace.receive(seg().seq(1).ack(guess)).expect(rst().seq(guess));
            }
        }
        trace.receive(seg().seq(2).ack(1)).expect(rst().seq(1));
        assertThat(trace.stack.sockets()).isEqualTo(1);
    }

    @Test
    void cookie_tooOld_isReset() {
        Trace trace = halfOpen().receive(syn().mss(600)).expect(synAck()).after(0);
        while (trace.now() < 70_000_000_000L) {
            trace.after(1000);
            // The other one's SYN again.
            trace.discardsWhatIsSent();
        }
        trace.receive(seg().seq(1).ack(1)).expect(rst().seq(1));
    }

    @Test
    void cookie_ofAnotherPort_isReset() {
        halfOpen()
                .receive(syn().mss(600))
                .expect(synAck())
                .peerPort(3)
                .receive(seg().seq(1).ack(1))
                .expect(rst().seq(1));
    }

    @Test
    void sockets_limitReached_synIsDropped() {
        StackConfig config = new StackConfig(List.of(Trace.US), Trace.MTU, 65536, 65536, 1, 10);
        listening(config)
                .handshake(syn())
                .peerPort(2)
                .receive(syn())
                .expectNothing()
                .dropped(Drop.TOO_MANY_SOCKETS);
    }

    @Test
    void accept_queueFull_synIsDropped() {
        StackConfig config = new StackConfig(List.of(Trace.US), Trace.MTU, 65536, 65536, 4096, 10);
        Trace trace = listening(config);
        for (int port = 1; port <= TcpListener.BACKLOG; port++) {
            trace.peerPort(port)
                    .receive(syn())
                    .expect(synAck())
                    .receive(seg().seq(1).ack(1));
        }
        trace.peerPort(2000).receive(syn()).expectNothing().dropped(Drop.ACCEPT_QUEUE_FULL);
        assertThat(trace.listener.accept()).isNotNull();
        trace.receive(syn()).expect(synAck());
    }

    @Test
    void listener_closed_resetsWhatNobodyAccepted() {
        Trace trace =
                listening().receive(syn()).expect(synAck()).receive(seg().seq(1).ack(1));
        trace.listener.close();
        trace.expect(rstAck().seq(1).ack(1));
        assertThat(trace.stack.sockets()).isZero();
    }

    @Test
    void accept_resetWhileWaiting_isLeftOut() {
        Trace trace = listening()
                .receive(syn())
                .expect(synAck())
                .receive(seg().seq(1).ack(1))
                .receive(rst().seq(1));
        assertThat(trace.listener.accept()).isNull();
    }
}
