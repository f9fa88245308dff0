package dev.culvert.proto.wireguard;

import static dev.culvert.proto.wireguard.testing.Pair.MILLI;
import static dev.culvert.proto.wireguard.testing.Pair.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.wireguard.testing.Datagram;
import dev.culvert.proto.wireguard.testing.End;
import dev.culvert.proto.wireguard.testing.Pair;
import java.net.InetSocketAddress;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Cookies (paper §5.3): `b` is under load for a second from the start of each test.
final class CookieTraceTest {
    private final Pair pair = Pair.of(4);
    private final End a = pair.a;
    private final End b = pair.b;

    @BeforeEach
    void load() {
        b.device.handshakeBudget(1);
        a.device.initiate(a.peer(), pair.now());
        pair.settle();
        pair.trace();
        pair.skip(30 * MILLI);
    }

    @Test
    void handleDatagram_initiationUnderLoad_isAnsweredByACookieAndSucceedsWithIt() {
        Datagram first = forced();
        b.receive(first);
        Datagram cookie = pair.takeOne(b);
        assertThat(cookie.bytes).hasSize(64);
        assertThat(cookie.to).isEqualTo(first.from);
        a.receive(cookie);
        assertThat(a.device.lastDrop()).isNull();
        b.receive(forced());
        assertThat(b.device.lastDrop()).isNull();
        assertThat(pair.takeOne(b).type()).isEqualTo("response");
    }

    @Test
    void handleDatagram_cookieReply_movesNoEndpointAndIsTakenOnce() {
        b.receive(forced());
        Datagram cookie = pair.takeOne(b);
        a.receive(cookie.from(new InetSocketAddress("203.0.113.1", 1)));
        assertThat(a.peer().endpoint()).isEqualTo(b.address);
        a.receive(cookie);
        assertThat(a.device.lastDrop()).isEqualTo(Drop.FORGED_COOKIE_REPLY);
    }

    @Test
    void handleDatagram_cookieForAnEarlierInitiation_isIgnored() {
        b.receive(forced());
        Datagram late = pair.takeOne(b);
        Datagram second = forced();
        a.receive(late);
        assertThat(a.device.lastDrop()).isEqualTo(Drop.UNKNOWN_INDEX);
        b.receive(second);
        a.receive(pair.takeOne(b));
        assertThat(a.device.lastDrop()).isNull();
    }

    @Test
    void handleDatagram_cookieOfAnotherPortOrAddress_isAnsweredByACookie() {
        cookie();
        Datagram initiation = forced();
        b.receive(initiation.from(new InetSocketAddress("192.0.2.1", 51823)));
        assertThat(b.device.lastDrop()).isEqualTo(Drop.COOKIE_REQUIRED);
        b.receive(initiation.from(new InetSocketAddress("192.0.2.3", 51821)));
        assertThat(b.device.lastDrop()).isEqualTo(Drop.COOKIE_REQUIRED);
        b.receive(initiation);
        assertThat(b.device.lastDrop()).isNull();
    }

    @Test
    void handleDatagram_cookieBeyond120Seconds_isAnsweredByACookie() {
        cookie();
        pair.skip(110 * SECOND);
        Datagram young = forced();
        pair.skip(10 * SECOND);
        reload();
        b.receive(young);
        assertThat(b.device.lastDrop()).isEqualTo(Drop.COOKIE_REQUIRED);
        assertThat(pair.takeOne(b).type()).isEqualTo("cookie");
    }

    @Test
    void pollTransmit_cookieOf115Seconds_isNotUsedAnyMore() {
        cookie();
        pair.skip(115 * SECOND - 30 * MILLI - 1);
        assertThat(mac2(forced())).isNotEqualTo(new byte[16]);
        pair.skip(1);
        assertThat(mac2(forced())).isEqualTo(new byte[16]);
    }

    @Test
    void handleDatagram_responseUnderLoad_needsACookieToo() {
        a.device.handshakeBudget(1);
        b.device.handshakeBudget(1000);
        pair.skip(2 * SECOND);
        a.device.initiate(a.peer(), true, pair.now());
        pair.settle();
        pair.skip(30 * MILLI);
        pair.trace();
        a.device.initiate(a.peer(), true, pair.now());
        pair.settle();
        assertThat(pair.trace()).containsExactly("a>b initiation", "b>a response", "a>b cookie");
        pair.skip(30 * MILLI);
        a.device.initiate(a.peer(), true, pair.now());
        pair.settle();
        assertThat(pair.trace()).containsExactly("a>b initiation", "b>a response", "a>b keepalive");
    }

    @Test
    void handleDatagram_aSecondAfterTheLoad_needsNoCookie() {
        pair.skip(970 * MILLI);
        b.receive(forced());
        assertThat(b.device.lastDrop()).isNull();
    }

    @Test
    void handleDatagram_whileHandshakesWait_needsACookie() {
        pair.skip(2 * SECOND);
        b.device.handshakesWait(pair.now());
        b.receive(forced());
        assertThat(b.device.lastDrop()).isEqualTo(Drop.COOKIE_REQUIRED);
    }

    private Datagram forced() {
        a.device.initiate(a.peer(), true, pair.now());
        return pair.takeOne(a);
    }

    private void cookie() {
        b.receive(forced());
        a.receive(pair.takeOne(b));
        pair.skip(30 * MILLI);
    }

    /// One more handshake, so that `b` is under load again.
    private void reload() {
        a.device.initiate(a.peer(), true, pair.now());
        pair.settle();
        pair.skip(30 * MILLI);
    }

    private static byte[] mac2(Datagram datagram) {
        return Arrays.copyOfRange(datagram.bytes, 132, 148);
    }
}
