package dev.culvert.dataplane.udp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.dataplane.udp.FlowTable.Bounds;
import dev.culvert.dataplane.udp.FlowTable.Room;
import dev.culvert.proto.netstack.UdpEndpoint;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class FlowTableTest {
    private static final long SECOND = 1_000_000_000L;
    private static final InetAddress DOOR = InetAddress.ofLiteral("203.0.113.1");

    private static final class Leaf extends Flow {
        private long heardAt;

        Leaf(UdpEndpoint from, int port) {
            super(from, port);
        }
    }

    private final FlowTable<Leaf> table = new FlowTable<>(new Bounds(4, 2, 60 * SECOND, 3, false), 7);
    private long now = 5 * SECOND;

    @Test
    void find_knowsAFlowByBothEndsAndOurPort() {
        Leaf flow = begin("198.51.100.1", 1000);

        assertThat(table.find(from("198.51.100.1", 1000), 53)).isSameAs(flow);
        assertThat(table.find(from("198.51.100.1", 1001), 53)).isNull();
        assertThat(table.find(from("198.51.100.1", 1000), 54)).isNull();
        assertThat(table.find(from("198.51.100.2", 1000), 53)).isNull();
        UdpEndpoint elsewhere =
                new UdpEndpoint(InetAddress.ofLiteral("203.0.113.2"), new InetSocketAddress("198.51.100.1", 1000));
        assertThat(table.find(elsewhere, 53)).isNull();
    }

    @Test
    void mayAnswer_beforeTheVisitorHasAnswered_upToThreeTimesWhatCame() {
        Leaf flow = begin("198.51.100.1", 1000);
        table.heard(flow, 100, now);

        assertThat(table.mayAnswer(flow, 301)).isFalse();
        assertThat(table.mayAnswer(flow, 300)).isTrue();
        table.answered(flow, 200, now);
        assertThat(table.mayAnswer(flow, 101)).isFalse();
        assertThat(table.mayAnswer(flow, 100)).isTrue();
    }

    @Test
    void heard_beforeAnyAnswer_provesNothing() {
        Leaf flow = begin("198.51.100.1", 1000);

        for (int i = 0; i < 10; i++) {
            table.heard(flow, 1, now);
        }

        assertThat(flow.isProven()).isFalse();
        assertThat(table.mayAnswer(flow, 31)).isFalse();
    }

    @Test
    void heard_afterAnAnswer_provesTheVisitor() {
        Leaf flow = begin("198.51.100.1", 1000);
        table.heard(flow, 1, now);
        table.answered(flow, 1, now);

        table.heard(flow, 1, now);

        assertThat(flow.isProven()).isTrue();
        assertThat(table.mayAnswer(flow, 65_000)).isTrue();
    }

    @Test
    void room_ofAVisitorWithAllItsFlows_isMadeByItsOwnLongestSilentOne() {
        Leaf first = begin("198.51.100.1", 1);
        Leaf second = begin("198.51.100.1", 2);
        now += SECOND;
        table.heard(first, 1, now);

        assertThat(table.room(from("198.51.100.1", 3), now)).isEqualTo(Room.FREE);
        assertThat(table.victim()).isSameAs(second);
        assertThat(table.room(from("198.51.100.2", 3), now)).isEqualTo(Room.FREE);
        assertThat(table.victim()).isNull();
    }

    @Test
    void room_ofAVisitorThatUsesAllItsFlows_isNone() {
        prove(begin("198.51.100.1", 1));
        prove(begin("198.51.100.1", 2));

        assertThat(table.room(from("198.51.100.1", 3), now)).isEqualTo(Room.VISITOR_FULL);
        assertThat(table.room(from("198.51.100.1", 3), now + SECOND)).isEqualTo(Room.FREE);
    }

    @Test
    void room_underAForgedFlood_isMadeByTheUnproven_neverByTheProven() {
        Leaf player = begin("198.51.100.1", 1);
        prove(player);
        int begun = 0;
        for (int i = 0; i < 1000; i++) {
            UdpEndpoint forged = from("192.0.2." + i % 256, 1024 + i);
            if (table.room(forged, now) == Room.FREE) {
                Leaf victim = table.victim();
                if (victim != null) {
                    assertThat(victim.heardAt).isLessThanOrEqualTo(now - SECOND);
                    table.remove(victim);
                }
                Leaf flow = new Leaf(forged, 53);
                flow.heardAt = now;
                table.add(flow, now);
                begun++;
            }
            now += SECOND / 100;
        }

        assertThat(table.size()).isEqualTo(4);
        assertThat(player.isLive()).isTrue();
        // Three at a time, of whom each has a second to get an answer.
        assertThat(begun).isBetween(20, 33);
    }

    @Test
    void room_ofThoseWhoCameAtOnce_isMadeOneByOne() {
        FlowTable<Leaf> flooded = new FlowTable<>(new Bounds(100, 2, 60 * SECOND, 3, false), 7);
        long[] begun = new long[200];
        for (int i = 0; i < 20_000; i++) {
            UdpEndpoint forged = from("192.0." + i / 256 + "." + i % 256, 1024);
            if (flooded.room(forged, now) == Room.FREE) {
                Leaf victim = flooded.victim();
                if (victim != null) {
                    flooded.remove(victim);
                }
                flooded.add(new Leaf(forged, 53), now);
                begun[i / 100]++;
            }
            // A hundred in 20 ms.
            now += SECOND / 5_000;
        }

        assertThat(begun[0]).isEqualTo(100);
        // Who came behind the first hundred has two each 20 ms to follow, from the second second on.
        assertThat(Arrays.stream(begun, 51, 200).max().orElseThrow()).isLessThanOrEqualTo(3);
        assertThat(Arrays.stream(begun, 51, 200).sum()).isBetween(200L, 300L);
    }

    /// Who is not let in afterwards has taken nobody's turn.
    @Test
    void room_thatNobodyTakes_isLeftToTheNext() {
        FlowTable<Leaf> flooded = new FlowTable<>(new Bounds(2, 2, 60 * SECOND, 3, false), 7);
        flooded.add(new Leaf(from("192.0.2.1", 1), 53), now);
        flooded.add(new Leaf(from("192.0.2.2", 1), 53), now);
        now += SECOND;

        for (int i = 0; i < 1000; i++) {
            assertThat(flooded.room(from("198.51.100.1", 1024 + i), now)).isEqualTo(Room.FREE);
        }
        flooded.remove(Objects.requireNonNull(flooded.victim()));
        flooded.add(new Leaf(from("198.51.100.1", 1), 53), now);
        assertThat(flooded.room(from("198.51.100.2", 1), now)).isEqualTo(Room.FULL);
        assertThat(flooded.room(from("198.51.100.2", 1), now + SECOND / 2)).isEqualTo(Room.FREE);
    }

    @Test
    void room_whereAllAreProven_isNoneForStrangers() {
        for (int i = 0; i < 4; i++) {
            prove(begin("198.51.100." + i, 1));
        }

        assertThat(table.room(from("192.0.2.1", 1), now + 30 * SECOND)).isEqualTo(Room.FULL);
    }

    @Test
    void room_ofATableOfOneGateway_isMadeByWhoeverIsSilentForLongest() {
        FlowTable<Leaf> site = new FlowTable<>(new Bounds(1, 1, 60 * SECOND, 0, true), 7);
        Leaf only = new Leaf(from("10.77.0.1", 1), 0);
        site.add(only, now);
        site.heard(only, 1, now);
        site.answered(only, 1, now);
        site.heard(only, 1, now);

        assertThat(site.room(from("10.77.0.1", 2), now + SECOND)).isEqualTo(Room.FREE);
        assertThat(site.victim()).isSameAs(only);
    }

    @Test
    void ipv6Visitors_areCountedByTheirNetwork() {
        begin("2001:db8::1", 1);
        begin("2001:db8::2", 1);

        table.room(from("2001:db8::3", 1), now);
        assertThat(table.victim()).isNotNull();
        table.room(from("2001:db8:0:1::3", 1), now);
        assertThat(table.victim()).isNull();
    }

    @Test
    void pollExpired_takesTheUnprovenAfterTenSeconds_andTheProvenAfterTheirIdleTime() {
        Leaf stranger = begin("198.51.100.1", 1);
        Leaf player = begin("198.51.100.2", 1);
        prove(player);

        assertThat(table.pollExpired(now + 10 * SECOND - 1)).isNull();
        assertThat(table.pollExpired(now + 10 * SECOND)).isSameAs(stranger);
        table.remove(stranger);
        assertThat(table.pollExpired(now + 60 * SECOND - 1)).isNull();
        assertThat(table.pollExpired(now + 60 * SECOND)).isSameAs(player);
    }

    @Test
    void answered_keepsAFlowAliveThatOnlyListens() {
        Leaf player = begin("198.51.100.2", 1);
        prove(player);

        table.answered(player, 1000, now + 50 * SECOND);

        assertThat(table.pollExpired(now + 60 * SECOND)).isNull();
    }

    @Test
    void aMillionSteps_agreeWithAPlainMap() {
        Random random = new Random(11);
        FlowTable<Leaf> many = new FlowTable<>(new Bounds(300, 8, 20 * SECOND, 3, false), random.nextLong());
        Map<String, Leaf> plain = new HashMap<>();
        for (int step = 0; step < 200_000; step++) {
            String address = "198.51." + random.nextInt(3) + "." + random.nextInt(60);
            int port = 1024 + random.nextInt(12);
            UdpEndpoint from = from(address, port);
            String key = address + ":" + port;
            Leaf flow = many.find(from, 53);
            assertThat(flow).as("step %d, seed 11", step).isSameAs(plain.get(key));
            now += random.nextInt(40_000_000);
            for (Leaf old = many.pollExpired(now); old != null; old = many.pollExpired(now)) {
                drop(many, plain, old);
            }
            flow = many.find(from, 53);
            if (flow == null && many.room(from, now) == Room.FREE) {
                drop(many, plain, many.victim());
                flow = new Leaf(from, 53);
                many.add(flow, now);
                plain.put(key, flow);
            }
            if (flow != null) {
                many.heard(flow, 10, now);
                if (random.nextBoolean() && many.mayAnswer(flow, 5)) {
                    many.answered(flow, 5, now);
                }
            }
            assertThat(many.size()).isEqualTo(plain.size()).isLessThanOrEqualTo(300);
        }
        List<Leaf> all = new ArrayList<>();
        many.forEach(all::add);
        assertThat(all).containsExactlyInAnyOrderElementsOf(plain.values());
    }

    private static void drop(FlowTable<Leaf> table, Map<String, Leaf> plain, @Nullable Leaf flow) {
        if (flow != null) {
            table.remove(flow);
            plain.values().removeIf(each -> Objects.equals(each, flow));
        }
    }

    private void prove(Leaf flow) {
        table.heard(flow, 1, now);
        table.answered(flow, 1, now);
        table.heard(flow, 1, now);
    }

    private Leaf begin(String address, int port) {
        Leaf flow = new Leaf(from(address, port), 53);
        table.add(flow, now);
        return flow;
    }

    private static UdpEndpoint from(String address, int port) {
        return new UdpEndpoint(DOOR, new InetSocketAddress(InetAddress.ofLiteral(address), port));
    }
}
