package dev.culvert.proto.wireguard;

import static dev.culvert.proto.wireguard.testing.Packets.packet;
import static dev.culvert.proto.wireguard.testing.Pair.MILLI;
import static dev.culvert.proto.wireguard.testing.Pair.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.wireguard.testing.Datagram;
import dev.culvert.proto.wireguard.testing.End;
import dev.culvert.proto.wireguard.testing.Pair;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class HandshakeTraceTest {
    private final Pair pair = Pair.of(1);
    private final End a = pair.a;
    private final End b = pair.b;

    @Test
    void encapsulate_withoutSession_handshakesThenSendsThePacket() {
        a.send(toB(1));
        assertThat(a.device.lastDrop()).isNull();
        pair.settle();
        assertThat(pair.trace()).containsExactly("a>b initiation", "b>a response", "a>b data");
        assertThat(b.numbers()).containsExactly(1);
        b.send(toA(2));
        pair.settle();
        assertThat(pair.trace()).containsExactly("b>a data");
        assertThat(a.numbers()).containsExactly(2);
        assertThat(a.peer().hasSession(pair.now())).isTrue();
        assertThat(a.peer().lastHandshakeNanos()).isEqualTo(pair.now());
        assertThat(a.peer().txBytes()).isEqualTo(b.peer().rxBytes()).isEqualTo(148 + 112);
        assertThat(a.peer().rxBytes()).isEqualTo(b.peer().txBytes()).isEqualTo(92 + 112);
    }

    @Test
    void initiate_nothingToSend_confirmsWithAKeepalive() {
        a.device.initiate(a.peer(), pair.now());
        pair.settle();
        assertThat(pair.trace()).containsExactly("a>b initiation", "b>a response", "a>b keepalive");
        assertThat(b.peer().hasSession(pair.now())).isTrue();
        assertThat(b.peer().endpoint()).isEqualTo(a.address);
    }

    @Test
    void initiate_withoutPresharedKey_succeeds() {
        a.know(b, null, true, 0, "10.0.0.2/32");
        b.know(a, null, false, 0, "10.0.0.1/32");
        a.send(toB(1));
        pair.settle();
        assertThat(b.numbers()).containsExactly(1);
    }

    @Test
    void handleDatagram_responseWithOtherPresharedKey_isForged() {
        b.know(a, PresharedKey.generate(new Random(5)), false, 0, "10.0.0.1/32");
        a.send(toB(1));
        pair.settle();
        assertThat(pair.trace()).containsExactly("a>b initiation", "b>a response");
        assertThat(a.device.drops(Drop.FORGED_HANDSHAKE)).isOne();
    }

    @Test
    void handleDatagram_forgedResponse_doesNotEndTheHandshake() {
        a.send(toB(1));
        b.receive(pair.takeOne(a));
        Datagram response = pair.takeOne(b);
        Datagram forged = response.damaged(Messages.RESPONSE_EMPTY);
        new CookieGenerator(a.key.publicKey()).addMacs(forged.bytes, 0, forged.bytes.length, pair.now());
        a.receive(forged);
        assertThat(a.device.lastDrop()).isEqualTo(Drop.FORGED_HANDSHAKE);
        a.receive(response);
        assertThat(a.device.lastDrop()).isNull();
        pair.settle();
        assertThat(b.numbers()).containsExactly(1);
        a.receive(response);
        assertThat(a.device.lastDrop()).isEqualTo(Drop.UNEXPECTED_RESPONSE);
    }

    @Test
    void handleDatagram_responseToAnOlderInitiation_hasNoIndex() {
        a.device.initiate(a.peer(), pair.now());
        b.receive(pair.takeOne(a));
        Datagram late = pair.takeOne(b);
        pair.skip(6 * SECOND);
        a.device.handleTimeout(pair.now());
        Datagram second = pair.takeOne(a);
        assertThat(second.type()).isEqualTo("initiation");
        a.receive(late);
        assertThat(a.device.lastDrop()).isEqualTo(Drop.UNKNOWN_INDEX);
        b.receive(second);
        a.receive(pair.takeOne(b));
        assertThat(a.peer().hasSession(pair.now())).isTrue();
    }

    @Test
    void encapsulate_responderBeforeTheFirstData_waits() {
        a.device.initiate(a.peer(), pair.now());
        b.receive(pair.takeOne(a));
        Datagram response = pair.takeOne(b);
        b.send(toA(1));
        assertThat(pair.take(b)).isEmpty();
        a.receive(response);
        b.receive(pair.takeOne(a));
        b.send(toA(2));
        pair.settle();
        assertThat(a.numbers()).containsExactly(1, 2);
    }

    @Test
    void initiate_bothAtOnce_bothSessionsWork() {
        b.peer().endpoint(a.address);
        a.send(toB(1));
        b.send(toA(2));
        Datagram fromA = pair.takeOne(a);
        Datagram fromB = pair.takeOne(b);
        a.receive(fromB);
        b.receive(fromA);
        Datagram answerOfA = pair.takeOne(a);
        Datagram answerOfB = pair.takeOne(b);
        a.receive(answerOfB);
        b.receive(answerOfA);
        pair.settle();
        assertThat(b.numbers()).containsExactly(1);
        assertThat(a.numbers()).containsExactly(2);
        a.send(toB(3));
        b.send(toA(4));
        pair.advance(20 * SECOND);
        assertThat(b.numbers()).containsExactly(1, 3);
        assertThat(a.numbers()).containsExactly(2, 4);
        assertThat(pair.trace()).filteredOn(line -> line.contains("initiation")).hasSize(2);
    }

    @Test
    void initiate_bothAtOnceAndOneResponseLost_oneSessionServesBoth() {
        b.peer().endpoint(a.address);
        a.send(toB(1));
        b.send(toA(2));
        Datagram fromA = pair.takeOne(a);
        a.receive(pair.takeOne(b));
        b.receive(fromA);
        pair.take(b);
        b.receive(pair.takeOne(a));
        pair.settle();
        assertThat(b.numbers()).containsExactly(1);
        assertThat(a.numbers()).containsExactly(2);
    }

    @Test
    void handleDatagram_replayedInitiation_isStaleAndMovesNothing() {
        a.device.initiate(a.peer(), pair.now());
        Datagram initiation = pair.takeOne(a);
        b.receive(initiation);
        pair.take(b);
        pair.skip(SECOND);
        b.receive(initiation.from(new java.net.InetSocketAddress("203.0.113.9", 9)));
        assertThat(b.device.lastDrop()).isEqualTo(Drop.STALE_TIMESTAMP);
        assertThat(pair.take(b)).isEmpty();
        assertThat(b.peer().endpoint()).isEqualTo(a.address);
    }

    @Test
    void initiate_clockSetBack_stillSendsALaterTimestamp() {
        a.device.initiate(a.peer(), pair.now());
        pair.settle();
        Timestamp first = a.peer().sentTimestamp();
        assertThat(b.peer().receivedTimestamp()).isEqualTo(first);
        a.device.wallClockOffset(0);
        pair.skip(10 * SECOND);
        a.device.initiate(a.peer(), pair.now());
        pair.settle();
        assertThat(b.device.drops(Drop.STALE_TIMESTAMP)).isZero();
        assertThat(a.peer().sentTimestamp()).isGreaterThan(first);
        assertThat(b.peer().receivedTimestamp()).isEqualTo(a.peer().sentTimestamp());
    }

    @Test
    void restoreTimestamps_afterARestart_refusesReplaysAndForgivesOnRequest() {
        a.device.initiate(a.peer(), pair.now());
        Datagram old = pair.takeOne(a);
        b.peer().restoreTimestamps(a.peer().sentTimestamp(), Timestamp.NONE);
        b.receive(old);
        assertThat(b.device.lastDrop()).isEqualTo(Drop.STALE_TIMESTAMP);
        b.peer().restoreTimestamps(Timestamp.NONE, Timestamp.NONE);
        b.receive(old);
        assertThat(b.device.lastDrop()).isNull();
    }

    @Test
    void restoreTimestamps_withAMarkAhead_aClockThatWentBackStillGetsIn() {
        a.device.initiate(a.peer(), pair.now());
        pair.settle();
        Timestamp mark = a.peer().sentTimestamp().plusSeconds(300);
        // Power on again in 1970, as a board without a battery does.
        a.device.wallClockOffset(0);
        a.peer().restoreTimestamps(Timestamp.NONE, mark);
        pair.skip(10 * SECOND);

        a.device.initiate(a.peer(), pair.now());
        pair.settle();

        assertThat(b.device.drops(Drop.STALE_TIMESTAMP)).isZero();
        assertThat(b.peer().receivedTimestamp()).isEqualTo(new Timestamp(mark.seconds(), mark.nanos() + 1));
    }

    @Test
    void initiation_sentOrTaken_isNewsBeforeItIsAnswered() {
        long newsOfA = a.device.peerNews();
        long newsOfB = b.device.peerNews();
        a.device.initiate(a.peer(), pair.now());
        Datagram initiation = pair.takeOne(a);
        assertThat(a.device.peerNews()).isEqualTo(newsOfA + 1);
        b.receive(initiation);
        assertThat(b.device.peerNews()).isGreaterThan(newsOfB);
        newsOfB = b.device.peerNews();
        b.receive(initiation);
        assertThat(b.device.lastDrop()).isEqualTo(Drop.STALE_TIMESTAMP);
        assertThat(b.device.peerNews()).isEqualTo(newsOfB);
    }

    @Test
    void initiate_within5Seconds_onlyIfForced() {
        a.device.initiate(a.peer(), pair.now());
        assertThat(pair.take(a)).hasSize(1);
        pair.skip(4 * SECOND);
        a.device.initiate(a.peer(), pair.now());
        assertThat(pair.take(a)).isEmpty();
        a.device.initiate(a.peer(), true, pair.now());
        assertThat(pair.take(a)).hasSize(1);
        pair.skip(5 * SECOND);
        a.device.initiate(a.peer(), pair.now());
        assertThat(pair.take(a)).hasSize(1);
    }

    @Test
    void handleDatagram_secondInitiationWithin20Ms_isDropped() {
        a.device.initiate(a.peer(), pair.now());
        b.receive(pair.takeOne(a));
        pair.take(b);
        pair.skip(19 * MILLI);
        a.device.initiate(a.peer(), true, pair.now());
        b.receive(pair.takeOne(a));
        assertThat(b.device.lastDrop()).isEqualTo(Drop.INITIATION_FLOOD);
        pair.skip(MILLI);
        a.device.initiate(a.peer(), true, pair.now());
        b.receive(pair.takeOne(a));
        assertThat(b.device.lastDrop()).isNull();
    }

    @Test
    void encapsulate_moreThan128Waiting_dropsTheOldest() {
        for (int i = 0; i < 130; i++) {
            a.send(toB(i));
        }
        assertThat(a.device.drops(Drop.STAGED_OVERFLOW)).isEqualTo(2);
        pair.settle();
        assertThat(b.numbers()).hasSize(128).startsWith(2, 3).endsWith(129).isSorted();
    }

    @Test
    void encapsulate_whileOthersWait_doesNotOvertake() {
        a.send(toB(1));
        b.receive(pair.takeOne(a));
        a.receive(pair.takeOne(b));
        a.send(toB(2));
        pair.settle();
        assertThat(b.numbers()).containsExactly(1, 2);
    }

    @Test
    void removePeer_midHandshake_forgetsEverything() {
        a.send(toB(1));
        b.receive(pair.takeOne(a));
        a.device.removePeer(b.key.publicKey());
        a.receive(pair.takeOne(b));
        assertThat(a.device.lastDrop()).isEqualTo(Drop.UNKNOWN_INDEX);
        assertThat(a.device.drops(Drop.STAGED_EXPIRED)).isOne();
        assertThat(a.device.nextDeadline()).isEqualTo(Long.MAX_VALUE);
        assertThat(a.device.peers()).isEmpty();
        a.device.removePeer(b.key.publicKey());
    }

    @Test
    void addPeer_again_keepsTheSession() {
        a.send(toB(1));
        pair.settle();
        Peer same = a.know(b, null, false, 0, "10.0.0.2/32", "10.9.0.0/16");
        assertThat(same.hasSession(pair.now())).isTrue();
        assertThat(same.endpoint()).isEqualTo(b.address);
        assertThat(same.allowedIps())
                .isEqualTo(List.of(
                        dev.culvert.proto.inet.IpPrefix.parse("10.0.0.2/32"),
                        dev.culvert.proto.inet.IpPrefix.parse("10.9.0.0/16")));
        pair.trace();
        a.send(packet("10.0.0.1", "10.9.1.1", 60, 2));
        assertThat(pair.trace()).containsExactly("a>b data");
    }

    private static byte[] toB(int number) {
        return packet("10.0.0.1", "10.0.0.2", 80, number);
    }

    private static byte[] toA(int number) {
        return packet("10.0.0.2", "10.0.0.1", 80, number);
    }
}
