package dev.culvert.model.decide;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.model.decide.BanTable.Outcome;
import dev.culvert.proto.inet.IpPrefix;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class BanTableTest {
    private static final long NOW = -7;
    private static final BanScope ALL = new BanScope.All();
    private static final BanScope HOME = new BanScope.Sites(Set.of("home"));

    private final BanTable table = new BanTable();

    @Test
    void isBanned_untilItEnds() {
        ban("192.0.2.0/24", ALL, NOW + 100);

        assertThat(banned("192.0.2.200", null, NOW)).isTrue();
        assertThat(banned("192.0.2.200", "home", NOW + 99)).isTrue();
        assertThat(banned("192.0.2.200", null, NOW + 100)).isFalse();
        assertThat(banned("192.0.3.1", null, NOW)).isFalse();
        assertThat(banned("2001:db8::1", null, NOW)).isFalse();
    }

    @Test
    void isBanned_scopeOfSites_countsForThemOnly() {
        ban("192.0.2.1", HOME, Ban.FOREVER);

        assertThat(banned("192.0.2.1", null, NOW)).isFalse();
        assertThat(banned("192.0.2.1", "home", NOW)).isTrue();
        assertThat(banned("192.0.2.1", "office", NOW)).isFalse();
    }

    @Test
    void isBanned_narrowBanOver_widerStillHolds() {
        ban("192.0.2.1", ALL, NOW + 10);
        ban("192.0.2.0/24", ALL, NOW + 100);

        assertThat(banned("192.0.2.1", null, NOW + 50)).isTrue();
    }

    @Test
    void isBanned_twoScopesOnOnePrefix_bothCount() {
        ban("192.0.2.1", HOME, Ban.FOREVER);
        ban("192.0.2.1", new BanScope.Sites(Set.of("office")), Ban.FOREVER);

        assertThat(banned("192.0.2.1", "home", NOW)).isTrue();
        assertThat(banned("192.0.2.1", "office", NOW)).isTrue();
    }

    @Test
    void ban_widerThanFloor_isRefused() {
        assertThat(ban("192.0.0.0/23", ALL, Ban.FOREVER)).isEqualTo(Outcome.TOO_WIDE);
        assertThat(ban("2001:db8::/47", ALL, Ban.FOREVER)).isEqualTo(Outcome.TOO_WIDE);
        assertThat(ban("2001:db8::/48", ALL, Ban.FOREVER)).isEqualTo(Outcome.BANNED);
        assertThat(banned("192.0.0.1", null, NOW)).isFalse();
    }

    @Test
    void neverBan_refusesBansWithin_andIsSparedByWiderOnes() {
        table.neverBan(List.of(IpPrefix.parse("10.77.0.0/16"), IpPrefix.parse("192.0.2.7")), NOW);

        assertThat(ban("10.77.0.9", ALL, Ban.FOREVER)).isEqualTo(Outcome.NEVER);
        assertThat(ban("10.77.9.0/24", ALL, Ban.FOREVER)).isEqualTo(Outcome.NEVER);
        assertThat(ban("192.0.2.0/24", ALL, Ban.FOREVER)).isEqualTo(Outcome.BANNED);
        assertThat(banned("192.0.2.7", null, NOW)).isFalse();
        assertThat(banned("192.0.2.8", null, NOW)).isTrue();
    }

    @Test
    void neverBan_later_liftsBansWithin() {
        ban("192.0.2.7", ALL, Ban.FOREVER);

        table.neverBan(List.of(IpPrefix.parse("192.0.2.0/24")), NOW);

        assertThat(table.bans(NOW)).isEmpty();
    }

    @Test
    void ban_again_prolongsAndNeverShortens() {
        ban("192.0.2.1", ALL, NOW + 100);
        ban("192.0.2.1", ALL, NOW + 50);
        assertThat(banned("192.0.2.1", null, NOW + 99)).isTrue();

        ban("192.0.2.1", ALL, Ban.FOREVER);
        ban("192.0.2.1", ALL, NOW + 1);

        assertThat(banned("192.0.2.1", null, NOW + 1_000_000)).isTrue();
        assertThat(table.bans(NOW)).hasSize(1);
    }

    @Test
    void unban_liftsEveryScopeOfThatPrefix() {
        ban("192.0.2.1", ALL, Ban.FOREVER);
        ban("192.0.2.1", HOME, Ban.FOREVER);

        assertThat(table.unban(IpPrefix.parse("192.0.2.1"), NOW)).isTrue();
        assertThat(table.unban(IpPrefix.parse("192.0.2.1"), NOW)).isFalse();
        assertThat(banned("192.0.2.1", "home", NOW)).isFalse();
    }

    @Test
    void handleTimeout_forgetsWhatIsOver() {
        ban("192.0.2.1", ALL, NOW + 10);
        ban("192.0.2.2", ALL, NOW + 20);

        table.handleTimeout(NOW + 15);

        assertThat(table.bans(NOW)).extracting(Ban::prefix).containsExactly(IpPrefix.parse("192.0.2.2"));
    }

    @Test
    void isBanned_randomBans_agreesWithListOfBans() throws UnknownHostException {
        long seed = 48;
        Random random = new Random(seed);
        List<Ban> list = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            BanScope scope = random.nextBoolean() ? ALL : HOME;
            boolean ipv4 = random.nextBoolean();
            int length = ipv4 ? 24 + random.nextInt(9) : 48 + random.nextInt(81);
            list.add(new Ban(new IpPrefix(address(random, ipv4), length), scope, NOW + random.nextInt(100), "random"));
        }
        table.ban(list, NOW - 1);
        for (int i = 0; i < 3000; i++) {
            InetAddress address = address(random, random.nextBoolean());
            String site = random.nextBoolean() ? "home" : null;
            long now = NOW + random.nextInt(100);
            boolean expected = list.stream()
                    .anyMatch(ban -> ban.prefix().contains(address)
                            && ban.holdsAt(now)
                            && ban.scope().covers(site));

            assertThat(table.isBanned(address, site, now)).as("seed " + seed).isEqualTo(expected);
        }
    }

    /// Few distinct bits, so that prefixes nest and addresses hit.
    private static InetAddress address(Random random, boolean ipv4) throws UnknownHostException {
        byte[] bytes = new byte[ipv4 ? 4 : 16];
        bytes[0] = (byte) (ipv4 ? 203 : 0x20);
        bytes[bytes.length - 2] = (byte) random.nextInt(4);
        bytes[bytes.length - 1] = (byte) random.nextInt(16);
        bytes[bytes.length / 2] |= (byte) random.nextInt(2);
        return InetAddress.getByAddress(bytes);
    }

    private Outcome ban(String prefix, BanScope scope, long until) {
        return table.ban(List.of(new Ban(IpPrefix.parse(prefix), scope, until, "test")), NOW)
                .getFirst();
    }

    private boolean banned(String address, @Nullable String site, long now) {
        return table.isBanned(InetAddress.ofLiteral(address), site, now);
    }
}
