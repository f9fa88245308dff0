package dev.culvert.proto.wireguard;

import static dev.culvert.proto.wireguard.testing.Packets.packet;
import static dev.culvert.proto.wireguard.testing.Pair.MILLI;
import static dev.culvert.proto.wireguard.testing.Pair.SECOND;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.wireguard.testing.Datagram;
import dev.culvert.proto.wireguard.testing.End;
import dev.culvert.proto.wireguard.testing.Pair;
import org.junit.jupiter.api.Test;

/// The rules of paper §6, in virtual time; `a` is the initiator.
final class TimerTraceTest {
    private final Pair pair = Pair.established(2);
    private final End a = pair.a;
    private final End b = pair.b;

    @Test
    void handleTimeout_noResponse_retriesEvery5SecondsAndGivesUpAfter20Initiations() {
        Pair alone = Pair.of(3).cut(datagram -> true);
        long start = alone.now();
        alone.a.send(toB(1));
        alone.settle();
        assertThat(alone.trace()).containsExactly("a>b initiation");
        alone.advance(4999 * MILLI);
        assertThat(alone.trace()).isEmpty();
        alone.advance(335 * MILLI);
        assertThat(alone.trace()).containsExactly("a>b initiation");
        alone.advance(start + 94 * SECOND - alone.now());
        assertThat(alone.trace()).hasSizeBetween(16, 17);
        assertThat(alone.a.device.drops(Drop.STAGED_EXPIRED)).isZero();
        alone.advance(20 * SECOND);
        alone.trace();
        assertThat(alone.a.device.drops(Drop.STAGED_EXPIRED)).isOne();
        alone.advance(700 * SECOND);
        assertThat(alone.trace()).isEmpty();
        assertThat(alone.a.device.nextDeadline()).isEqualTo(Long.MAX_VALUE);
        alone.a.send(toB(2));
        alone.settle();
        assertThat(alone.trace()).containsExactly("a>b initiation");
    }

    @Test
    void handleTimeout_noResponseAtAll_makes20Initiations() {
        Pair alone = Pair.of(3).cut(datagram -> true);
        alone.a.send(toB(1));
        alone.advance(200 * SECOND);
        assertThat(alone.trace()).hasSize(20).containsOnly("a>b initiation");
    }

    @Test
    void complete_sealedAfter120Seconds_initiatorRekeys() {
        pair.skip(119 * SECOND);
        a.send(toB(1));
        pair.settle();
        assertThat(pair.trace()).containsExactly("a>b data");
        pair.skip(SECOND);
        a.send(toB(2));
        pair.settle();
        assertThat(pair.trace()).containsExactly("a>b data", "a>b initiation", "b>a response", "a>b keepalive");
    }

    @Test
    void complete_sealedAfter120Seconds_responderDoesNot() {
        pair.skip(150 * SECOND);
        b.send(toA(1));
        pair.settle();
        assertThat(pair.trace()).containsExactly("b>a data");
    }

    @Test
    void complete_openedAfter165Seconds_initiatorRekeysOnce() {
        pair.skip(164 * SECOND);
        b.send(toA(1));
        pair.settle();
        assertThat(pair.trace()).containsExactly("b>a data");
        pair.skip(SECOND).cut(datagram -> !datagram.type().equals("data"));
        b.send(toA(2));
        pair.settle();
        assertThat(pair.trace()).containsExactly("b>a data", "a>b initiation");
        pair.skip(6 * SECOND);
        b.send(toA(3));
        pair.settle();
        assertThat(pair.trace()).containsExactly("b>a data");
    }

    @Test
    void encapsulate_after180Seconds_waitsForAHandshake() {
        pair.skip(180 * SECOND - 1);
        assertThat(a.peer().hasSession(pair.now())).isTrue();
        pair.skip(1);
        assertThat(a.peer().hasSession(pair.now())).isFalse();
        b.send(toA(1));
        pair.settle();
        assertThat(pair.trace()).containsExactly("b>a initiation", "a>b response", "b>a data");
        assertThat(a.numbers()).containsExactly(1);
    }

    @Test
    void handleDatagram_after180Seconds_isExpired() {
        pair.skip(170 * SECOND);
        b.send(toA(1));
        Datagram late = pair.takeOne(b);
        pair.skip(10 * SECOND);
        a.receive(late);
        assertThat(a.device.lastDrop()).isEqualTo(Drop.EXPIRED_SESSION);
    }

    @Test
    void handleTimeout_dataReceivedAndNothingSent_keepaliveAfter10Seconds() {
        a.send(toB(1));
        pair.advance(9999 * MILLI);
        assertThat(pair.trace()).containsExactly("a>b data");
        pair.advance(MILLI);
        assertThat(pair.trace()).containsExactly("b>a keepalive");
        pair.advance(100 * SECOND);
        assertThat(pair.trace()).isEmpty();
    }

    @Test
    void handleTimeout_dataReceivedTwice_needsOneKeepalive() {
        a.send(toB(1));
        pair.advance(3 * SECOND);
        a.send(toB(2));
        pair.advance(30 * SECOND);
        assertThat(pair.trace()).containsExactly("a>b data", "a>b data", "b>a keepalive");
    }

    @Test
    void handleTimeout_dataAnswered_needsNoKeepalive() {
        a.send(toB(1));
        pair.advance(5 * SECOND);
        b.send(toA(2));
        pair.advance(9 * SECOND);
        a.send(toB(3));
        pair.trace();
        b.send(toA(4));
        pair.advance(8 * SECOND);
        assertThat(pair.trace()).containsExactly("b>a data");
    }

    @Test
    void handleTimeout_dataSentAndNothingBack_handshakesAfter15Seconds() {
        pair.cut(datagram -> datagram.from.equals(b.address));
        a.send(toB(1));
        pair.advance(14_999 * MILLI);
        assertThat(pair.trace()).doesNotContain("a>b initiation");
        pair.advance(335 * MILLI);
        assertThat(pair.trace()).contains("a>b initiation");
    }

    @Test
    void addPeer_persistentKeepaliveSwitchedOn_sendsOneAtOnceAndThenEveryInterval() {
        a.know(b, null, false, 25, "10.0.0.2/32");
        pair.settle();
        assertThat(pair.trace()).containsExactly("a>b keepalive");
        pair.advance(25 * SECOND - 1);
        assertThat(pair.trace()).isEmpty();
        pair.advance(1);
        assertThat(pair.trace()).containsExactly("a>b keepalive");
        b.send(toA(1));
        pair.advance(24 * SECOND);
        assertThat(pair.trace()).containsExactly("b>a data", "a>b keepalive");
        a.know(b, null, false, 0, "10.0.0.2/32");
        pair.advance(100 * SECOND);
        assertThat(pair.trace()).isEmpty();
    }

    @Test
    void addPeer_persistentKeepaliveWithoutSession_handshakes() {
        Pair fresh = Pair.of(4);
        fresh.a.know(fresh.b, null, true, 25, "10.0.0.2/32");
        fresh.b.know(fresh.a, null, false, 0, "10.0.0.1/32");
        fresh.settle();
        assertThat(fresh.trace()).containsExactly("a>b initiation", "b>a response", "a>b keepalive");
    }

    @Test
    void handleTimeout_persistentKeepaliveWithoutEndpoint_triesAgainOnceThereIsOne() {
        Pair fresh = Pair.of(4);
        fresh.b.know(fresh.a, null, false, 25, "10.0.0.1/32");
        fresh.advance(60 * SECOND);
        assertThat(fresh.trace()).isEmpty();
        fresh.b.peer().endpoint(fresh.a.address);
        fresh.advance(25 * SECOND);
        assertThat(fresh.trace()).contains("b>a initiation");
    }

    @Test
    void handleTimeout_persistentKeepalive_keepsTheSessionFresh() {
        a.know(b, null, false, 10, "10.0.0.2/32");
        b.know(a, null, false, 0, "10.0.0.1/32");
        pair.advance(1000 * SECOND);
        assertThat(a.peer().hasSession(pair.now())).isTrue();
        assertThat(pair.trace()).filteredOn("b>a response"::equals).hasSizeBetween(7, 9);
    }

    @Test
    void handleTimeout_540SecondsAfterTheHandshake_overwritesAllKeys() {
        Keypair session = requireNonNull(a.peer().keypairs.current());
        b.send(toA(1));
        Datagram old = pair.takeOne(b);
        pair.cut(datagram -> true).advance(540 * SECOND - 1);
        a.receive(old);
        assertThat(a.device.lastDrop()).isEqualTo(Drop.EXPIRED_SESSION);
        pair.advance(1);
        a.receive(old);
        assertThat(a.device.lastDrop()).isEqualTo(Drop.UNKNOWN_INDEX);
        assertThat(a.peer().keypairs.current()).isNull();
        assertThat(a.device.nextDeadline()).isEqualTo(Long.MAX_VALUE);
        assertThat(((JdkAead) session.sending).key.bytes).containsOnly(0);
        assertThat(((JdkAead) session.receiving).key.bytes).containsOnly(0);
    }

    @Test
    void complete_sealedBeyondRekeyAfterMessages_bothSidesRekey() {
        requireNonNull(b.peer().keypairs.current()).sendCounter = Protocol.REKEY_AFTER_MESSAGES - 1;
        pair.skip(6 * SECOND);
        b.send(toA(1));
        pair.settle();
        assertThat(pair.trace()).containsExactly("b>a data");
        b.send(toA(2));
        pair.settle();
        assertThat(pair.trace()).containsExactly("b>a data", "b>a initiation", "a>b response", "b>a keepalive");
    }

    @Test
    void encapsulate_atRejectAfterMessages_waitsForAHandshake() {
        requireNonNull(a.peer().keypairs.current()).sendCounter = Protocol.REJECT_AFTER_MESSAGES - 1;
        pair.skip(6 * SECOND);
        a.send(toB(1));
        a.send(toB(2));
        pair.settle();
        assertThat(b.numbers()).containsExactly(1, 2);
        assertThat(pair.trace()).containsExactly("a>b data", "a>b initiation", "b>a response", "a>b data");
    }

    private static byte[] toB(int number) {
        return packet("10.0.0.1", "10.0.0.2", 80, number);
    }

    private static byte[] toA(int number) {
        return packet("10.0.0.2", "10.0.0.1", 80, number);
    }
}
