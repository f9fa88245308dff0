package dev.culvert.proto.wireguard;

import static dev.culvert.proto.wireguard.testing.Packets.packet;
import static dev.culvert.proto.wireguard.testing.Pair.MILLI;
import static dev.culvert.proto.wireguard.testing.Pair.SECOND;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.wireguard.testing.Datagram;
import dev.culvert.proto.wireguard.testing.End;
import dev.culvert.proto.wireguard.testing.Pair;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// For every reason one way to it: it is counted once, nothing else is, and nothing is answered.
final class DropTest {
    /// Reasons that cannot come first.
    private static final Set<Drop> AFTER_OTHERS = EnumSet.of(Drop.RATE_LIMITED, Drop.COOKIE_REPLY_OVERFLOW);

    private static final Set<Drop> ANSWERED =
            EnumSet.of(Drop.COOKIE_REQUIRED, Drop.COOKIE_REPLY_OVERFLOW, Drop.RATE_LIMITED, Drop.STAGED_OVERFLOW);

    private final Pair pair = Pair.established(3);
    private final End a = pair.a;
    private final End b = pair.b;

    @ParameterizedTest
    @EnumSource
    void drops_eachReason_isCountedOnce(Drop reason) {
        provoke(reason);
        for (Drop each : Drop.values()) {
            if (!AFTER_OTHERS.contains(reason) || each == reason) {
                assertThat(a.device.drops(each)).as("%s", each).isEqualTo(each == reason ? 1 : 0);
            }
        }
        assertThat(a.received).isEmpty();
        if (!ANSWERED.contains(reason)) {
            assertThat(pair.take(a)).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void handleDatagram_randomAndDamagedBytes_neverThrows(long seed) {
        Random random = new Random(seed);
        Datagram[] genuine = {sent(b), initiation(), sent(b)};
        for (int i = 0; i < 3000; i++) {
            byte[] bytes;
            if (i % 3 == 0) {
                bytes = genuine[random.nextInt(genuine.length)].bytes.clone();
                bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
            } else {
                bytes = new byte[random.nextInt(200)];
                random.nextBytes(bytes);
                if (bytes.length > 3) {
                    Messages.int32(bytes, 0, random.nextInt(6));
                }
            }
            a.receive(genuine[0].with(bytes));
            a.transmit();
        }
        assertThat(a.received).as("seed %d", seed).isEmpty();
        assertThat(a.device.drops(Drop.MALFORMED)).as("seed %d", seed).isPositive();
    }

    private void provoke(Drop reason) {
        switch (reason) {
            case MALFORMED -> malformed();
            case BAD_MAC1 -> given(initiation().damaged(Macs.mac1Offset(148)));
            case COOKIE_REQUIRED -> cookieRequired();
            case COOKIE_REPLY_OVERFLOW -> overflowingCookies();
            case RATE_LIMITED -> rateLimited();
            case FORGED_HANDSHAKE -> given(withMac1(initiation().damaged(Messages.INITIATION_STATIC)));
            case UNKNOWN_PEER -> unknownPeer();
            case LOW_ORDER_POINT -> lowOrderPoint();
            case STALE_TIMESTAMP -> staleTimestamp();
            case INITIATION_FLOOD -> initiationFlood();
            case UNKNOWN_INDEX -> given(sent(b).damaged(Messages.TRANSPORT_RECEIVER));
            case UNEXPECTED_RESPONSE -> unexpectedResponse();
            case FORGED_COOKIE_REPLY -> forgedCookieReply();
            case EXPIRED_SESSION -> expiredSession();
            case COUNTER_EXHAUSTED -> counterExhausted();
            case FORGED_TRANSPORT -> given(sent(b).damaged(50));
            case REPLAYED -> replayed();
            case INNER_MALFORMED -> given(sealedByB(new byte[64]));
            case SOURCE_NOT_ALLOWED -> given(sealedByB(packet("10.0.0.3", "10.0.0.1", 64, 0)));
            case CONGESTED -> congested();
            case PEER_REMOVED -> removedMeanwhile();
            case OUTGOING_MALFORMED -> sending(new byte[64]);
            case NO_PEER -> sending(packet("10.0.0.1", "10.0.0.9", 64, 0));
            case NO_ENDPOINT -> noEndpoint();
            case STAGED_OVERFLOW -> stagedOverflow();
            case STAGED_EXPIRED -> stagedExpired();
        }
    }

    private void malformed() {
        Datagram data = sent(b);
        data.bytes[1] = 1;
        given(data);
    }

    private void cookieRequired() {
        underLoad();
        given(initiation());
    }

    private void unknownPeer() {
        a.device.removePeer(b.key.publicKey());
        given(initiation());
    }

    private void lowOrderPoint() {
        Datagram zero = initiation();
        Arrays.fill(zero.bytes, 8, 40, (byte) 0);
        given(withMac1(zero));
    }

    private void staleTimestamp() {
        Datagram initiation = initiation();
        a.receive(initiation);
        pair.take(a);
        pair.skip(SECOND);
        given(initiation);
    }

    private void initiationFlood() {
        a.receive(initiation());
        pair.take(a);
        given(initiation());
    }

    private void unexpectedResponse() {
        pair.skip(SECOND);
        b.receive(forced(a));
        Datagram response = pair.takeOne(b);
        a.receive(response);
        pair.take(a);
        given(response);
    }

    private void forgedCookieReply() {
        pair.skip(SECOND);
        b.device.handshakeBudget(1);
        b.receive(forced(a));
        pair.take(b);
        b.receive(forced(a));
        given(pair.takeOne(b).damaged(Messages.COOKIE_REPLY_COOKIE));
    }

    private void expiredSession() {
        Datagram data = sent(b);
        pair.skip(180 * SECOND);
        given(data);
    }

    private void counterExhausted() {
        Datagram data = sent(b);
        Messages.int64(data.bytes, Messages.TRANSPORT_COUNTER, Protocol.REJECT_AFTER_MESSAGES);
        given(data);
    }

    private void replayed() {
        Datagram data = sent(b);
        a.receive(data);
        a.received.clear();
        given(data);
    }

    private void noEndpoint() {
        a.device.removePeer(b.key.publicKey());
        a.know(b, null, false, 0, "10.0.0.2/32");
        sending(packet("10.0.0.1", "10.0.0.2", 64, 0));
    }

    private void stagedOverflow() {
        pair.skip(180 * SECOND);
        for (int i = 0; i < 129; i++) {
            a.send(packet("10.0.0.1", "10.0.0.2", 64, i));
        }
    }

    private void stagedExpired() {
        pair.skip(180 * SECOND);
        a.send(packet("10.0.0.1", "10.0.0.2", 64, 0));
        a.device.removePeer(b.key.publicKey());
    }

    private void given(Datagram datagram) {
        a.receive(datagram);
    }

    private void sending(byte[] packet) {
        a.send(packet);
    }

    /// One handshake is more than the budget: after it, `a` wants cookies.
    private void underLoad() {
        a.device.handshakeBudget(1);
        a.receive(initiation());
        pair.take(a);
        pair.skip(100 * MILLI);
    }

    private void overflowingCookies() {
        underLoad();
        Datagram initiation = initiation();
        for (int i = 0; i <= Protocol.MAX_COOKIE_REPLIES; i++) {
            a.receive(initiation);
        }
    }

    private void rateLimited() {
        underLoad();
        a.receive(initiation());
        b.receive(pair.takeOne(a));
        Datagram initiation = initiation();
        for (int i = 0; i < 6; i++) {
            a.receive(initiation);
        }
    }

    private void congested() {
        Datagram data = sent(b);
        OpenJob job = requireNonNull(
                a.device.handleDatagram(ByteBuffer.wrap(data.bytes), data.from, InnerPacket.CE, pair.now()));
        job.run();
        assertThat(a.device.complete(job, pair.now())).isFalse();
    }

    private void removedMeanwhile() {
        Datagram data = sent(b);
        OpenJob job = requireNonNull(a.device.handleDatagram(ByteBuffer.wrap(data.bytes), data.from, pair.now()));
        a.device.removePeer(b.key.publicKey());
        job.run();
        assertThat(a.device.complete(job, pair.now())).isFalse();
    }

    private Datagram sent(End from) {
        from.send(packet("10.0.0.2", "10.0.0.1", 64, 7));
        return pair.takeOne(from);
    }

    /// What only a peer that cheats would send.
    private Datagram sealedByB(byte[] plaintext) {
        Keypair session = requireNonNull(b.peer().keypairs.current());
        byte[] bytes = Arrays.copyOf(new byte[16], 32 + plaintext.length);
        System.arraycopy(plaintext, 0, bytes, 16, plaintext.length);
        Messages.transportHeader(bytes, 0, session.remoteIndex, session.sendCounter);
        session.sending.seal(session.sendCounter++, bytes, 16, plaintext.length);
        return sent(b).with(bytes);
    }

    private Datagram initiation() {
        return forced(b);
    }

    private Datagram forced(End from) {
        from.device.initiate(from.peer(), true, pair.now());
        return pair.takeOne(from);
    }

    private Datagram withMac1(Datagram datagram) {
        new CookieGenerator(a.key.publicKey()).addMacs(datagram.bytes, 0, datagram.bytes.length, pair.now());
        return datagram;
    }
}
