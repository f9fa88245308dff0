package dev.culvert.proto.wireguard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.inet.IpPrefix;
import dev.culvert.proto.wireguard.testing.Pair;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The tables of a device against naive ones.
final class TablesTest {
    private final WireGuardDevice device = Pair.of(1).a.device;
    private final Random keys = new Random(99);

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void indexTable_randomInsertAndRemove_matchesAMap(long seed) {
        Random random = new Random(seed);
        // Few distinct low bits, so that runs of probes grow long and wrap around.
        IndexTable table = new IndexTable(new Random(seed) {
            private static final long serialVersionUID = 1;

            @Override
            public int nextInt() {
                return super.nextInt() & 0x3fff000f;
            }
        });
        Peer peer = peer();
        Map<Integer, IndexTable.Entry> naive = new HashMap<>();
        List<IndexTable.Entry> order = new ArrayList<>();
        for (int i = 0; i < 3000; i++) {
            if (order.isEmpty() || random.nextInt(5) < 3) {
                IndexTable.Entry entry = table.insert(peer);
                assertThat(naive.put(entry.index, entry)).as("seed %d", seed).isNull();
                order.add(entry);
            } else {
                IndexTable.Entry entry = order.remove(random.nextInt(order.size()));
                naive.remove(entry.index);
                table.remove(entry);
                table.remove(entry);
                assertThat(table.get(entry.index)).as("seed %d", seed).isNull();
            }
            assertThat(table.size()).as("seed %d", seed).isEqualTo(naive.size());
        }
        naive.forEach((index, entry) ->
                assertThat(table.get(index)).as("seed %d", seed).isSameAs(entry));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void allowedIps_randomConfigurations_matchANaiveMap(long seed) throws UnknownHostException {
        Random random = new Random(seed);
        List<Peer> peers = List.of(peer(), peer(), peer(), peer(), peer());
        AllowedIps allowed = new AllowedIps();
        Map<IpPrefix, Peer> naive = new HashMap<>();
        for (int i = 0; i < 300; i++) {
            Peer peer = peers.get(random.nextInt(peers.size()));
            naive.values().removeIf(owner -> owner == peer);
            if (random.nextInt(5) == 0) {
                allowed.remove(peer);
            } else {
                List<IpPrefix> prefixes = new ArrayList<>();
                for (int n = random.nextInt(8); n > 0; n--) {
                    prefixes.add(randomPrefix(random));
                }
                prefixes.forEach(prefix -> naive.put(prefix, peer));
                allowed.replace(peer, prefixes);
            }
            for (Peer each : peers) {
                List<IpPrefix> own = naive.keySet().stream()
                        .filter(prefix -> naive.get(prefix) == each)
                        .toList();
                assertThat(each.allowedIps()).as("seed %d", seed).containsExactlyInAnyOrderElementsOf(own);
            }
            byte[] address = randomPrefix(random).address().getAddress();
            assertThat(allowed.lookup(address, 0, address.length))
                    .as("seed %d", seed)
                    .isSameAs(naiveLookup(naive, InetAddress.getByAddress(address)));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void deadlineHeap_randomUpdates_knowsTheEarliest(long seed) {
        Random random = new Random(seed);
        DeadlineHeap heap = new DeadlineHeap();
        List<PeerTimers> timers = new ArrayList<>();
        Peer peer = peer();
        for (int i = 0; i < 50; i++) {
            timers.add(new PeerTimers(peer, heap, random));
        }
        for (int i = 0; i < 3000; i++) {
            PeerTimers one = timers.get(random.nextInt(timers.size()));
            switch (random.nextInt(4)) {
                case 0 -> heap.remove(one);
                case 1 -> heap.update(one, PeerTimers.OFF);
                default -> heap.update(one, random.nextLong(1000) - 500);
            }
            long earliest = timers.stream().mapToLong(t -> t.bound).min().orElseThrow();
            assertThat(heap.earliest()).as("seed %d", seed).isEqualTo(earliest);
        }
    }

    private Peer peer() {
        return device.addPeer(new PeerConfig(PrivateKey.generate(keys).publicKey(), null, null, 0, List.of()), 0);
    }

    private static IpPrefix randomPrefix(Random random) throws UnknownHostException {
        byte[] bytes = new byte[random.nextBoolean() ? 4 : 16];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) random.nextInt(3);
        }
        return new IpPrefix(InetAddress.getByAddress(bytes), random.nextInt(bytes.length * 8 + 1));
    }

    private static @Nullable Peer naiveLookup(Map<IpPrefix, Peer> naive, InetAddress address) {
        IpPrefix best = null;
        for (IpPrefix prefix : naive.keySet()) {
            if (prefix.contains(address) && (best == null || prefix.length() > best.length())) {
                best = prefix;
            }
        }
        return best == null ? null : naive.get(best);
    }
}
