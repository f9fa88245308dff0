package dev.culvert.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.dataplane.tunnel.HandshakeTimestamps;
import dev.culvert.dataplane.tunnel.PeerStatus;
import dev.culvert.proto.wireguard.PrivateKey;
import dev.culvert.proto.wireguard.PublicKey;
import dev.culvert.proto.wireguard.Timestamp;
import java.net.InetSocketAddress;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RememberedPeerTest {
    private static final PublicKey KEY = PrivateKey.generate(new Random(1)).publicKey();
    private static final InetSocketAddress HOME = new InetSocketAddress("198.51.100.7", 41_000);
    private static final InetSocketAddress AWAY = new InetSocketAddress("2001:db8::7", 41_001);
    private static final Timestamp NOW = Timestamp.ofUnixNanos(1_767_225_600_000_000_000L);

    private static PeerStatus status(
            @Nullable InetSocketAddress endpoint, long handshakeAge, Timestamp received, Timestamp sent) {
        return new PeerStatus(KEY, endpoint, handshakeAge, 0, 0, 0, new HandshakeTimestamps(received, sent));
    }

    @Test
    void text_ofWhatIsKnown_isReadBack() {
        RememberedPeer all = new RememberedPeer(AWAY, NOW, NOW.plusSeconds(300));

        assertThat(RememberedPeer.parse(all.text())).isEqualTo(all);
        assertThat(RememberedPeer.parse(RememberedPeer.NOTHING.text())).isEqualTo(RememberedPeer.NOTHING);
        assertThat(RememberedPeer.parse(all.text() + "later things\n")).isEqualTo(all);
    }

    @ParameterizedTest
    @ValueSource(strings = {"received 12", "endpoint example.com 1", "endpoint 198.51.100.7 x", "mark zzzz"})
    void text_thatIsBroken_isRefused(String text) {
        assertThatThrownBy(() -> RememberedPeer.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void documentKey_leadsBackToTheKey() {
        for (int seed = 0; seed < 100; seed++) {
            PublicKey key = PrivateKey.generate(new Random(seed)).publicKey();

            assertThat(RememberedPeer.documentKey(key)).matches("peers/[A-Za-z0-9_-]{43}");
            assertThat(RememberedPeer.publicKey(RememberedPeer.documentKey(key)))
                    .isEqualTo(key);
        }
    }

    @Test
    void after_whoHasNotCalledYet_isWhereItWas() {
        RememberedPeer last = new RememberedPeer(HOME, NOW, Timestamp.NONE);

        assertThat(last.after(status(AWAY, -1, Timestamp.NONE, Timestamp.NONE), NOW))
                .isEqualTo(last);
        assertThat(last.after(status(AWAY, 0, NOW, Timestamp.NONE), NOW).endpoint())
                .isEqualTo(AWAY);
        assertThat(RememberedPeer.NOTHING.after(status(HOME, -1, Timestamp.NONE, Timestamp.NONE), NOW))
                .isEqualTo(RememberedPeer.NOTHING);
    }

    @Test
    void after_anInitiationOfThePeer_keepsTheGreatest() {
        RememberedPeer first = RememberedPeer.NOTHING.after(status(HOME, -1, NOW, Timestamp.NONE), NOW);

        assertThat(first.received()).isEqualTo(NOW);
        assertThat(first.after(status(HOME, -1, Timestamp.NONE, Timestamp.NONE), NOW))
                .isEqualTo(first);
    }

    @Test
    void after_ourFirstInitiation_marksAheadAndWritesAgainOnlyWhenHalfOfThatIsGone() {
        RememberedPeer first = RememberedPeer.NOTHING.after(status(HOME, 0, Timestamp.NONE, NOW), NOW);
        assertThat(first.mark()).isEqualTo(NOW.plusSeconds(300));

        Timestamp soon = NOW.plusSeconds(120);
        assertThat(first.after(status(HOME, 0, Timestamp.NONE, soon), soon)).isEqualTo(first);
        Timestamp later = NOW.plusSeconds(160);
        assertThat(first.after(status(HOME, 0, Timestamp.NONE, later), later).mark())
                .isEqualTo(later.plusSeconds(300));
    }

    @Test
    void markedAhead_inALoopOfRestarts_doesNotRunAway() {
        RememberedPeer peer = new RememberedPeer(HOME, Timestamp.NONE, NOW);

        for (int restart = 0; restart < 100; restart++) {
            peer = peer.markedAhead(peer.mark(), NOW);
        }

        assertThat(peer.mark()).isEqualTo(NOW.plusSeconds(300 + 99));
    }

    @Test
    void markedAhead_withAClockThatWentBack_isStillAheadOfWhatWasSent() {
        RememberedPeer peer = new RememberedPeer(HOME, Timestamp.NONE, NOW);
        Timestamp atPowerOn = Timestamp.ofUnixNanos(0);

        RememberedPeer marked = peer.markedAhead(peer.mark(), atPowerOn);
        Timestamp sent = new Timestamp(NOW.seconds(), NOW.nanos() + 1);

        assertThat(marked.mark()).isEqualTo(NOW.plusSeconds(1));
        assertThat(marked.after(status(HOME, 0, Timestamp.NONE, sent), atPowerOn)
                        .mark())
                .isGreaterThan(sent);
    }
}
