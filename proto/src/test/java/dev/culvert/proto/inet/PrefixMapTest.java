package dev.culvert.proto.inet;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PrefixMapTest {
    private final PrefixMap<String> map = new PrefixMap<>();

    @Test
    void lookup_overlappingPrefixes_answersTheLongest() {
        put("0.0.0.0/0", "default");
        put("10.0.0.0/8", "ten");
        put("10.77.0.0/16", "lab");
        put("10.77.0.5/32", "host");
        assertThat(lookup("10.77.0.5")).isEqualTo("host");
        assertThat(lookup("10.77.0.6")).isEqualTo("lab");
        assertThat(lookup("10.78.0.1")).isEqualTo("ten");
        assertThat(lookup("11.0.0.1")).isEqualTo("default");
        assertThat(lookup("2001:db8::1")).isNull();
    }

    @Test
    void put_boundPrefix_movesItAndReturnsTheOldValue() {
        put("10.0.0.0/8", "a");
        assertThat(map.put(IpPrefix.parse("10.9.9.9/8"), "b")).isEqualTo("a");
        assertThat(lookup("10.1.1.1")).isEqualTo("b");
        assertThat(map.size()).isEqualTo(1);
    }

    @Test
    void remove_prefixAboveOthers_leavesThem() {
        put("10.0.0.0/8", "ten");
        put("10.0.0.0/9", "low");
        put("10.128.0.0/9", "high");
        assertThat(map.remove(IpPrefix.parse("10.0.0.0/8"))).isEqualTo("ten");
        assertThat(map.remove(IpPrefix.parse("10.0.0.0/8"))).isNull();
        assertThat(lookup("10.1.0.0")).isEqualTo("low");
        assertThat(lookup("10.200.0.0")).isEqualTo("high");
        assertThat(map.remove(IpPrefix.parse("10.0.0.0/10"))).isNull();
        assertThat(map.size()).isEqualTo(2);
    }

    @Test
    void lookup_everyLengthOfOneAddress_walksTheDeepTrie() {
        for (int length = 0; length <= 128; length++) {
            put("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/" + length, Integer.toString(length));
        }
        byte[] address = new byte[16];
        for (int length = 0; length <= 128; length++) {
            assertThat(map.lookup(address, 0, 16)).isEqualTo(Integer.toString(length));
            if (length < 128) {
                address[length / 8] |= (byte) (0x80 >>> length % 8);
            }
        }
    }

    @Test
    void forEach_mixedFamilies_goesInAddressOrder() {
        put("2001:db8::/32", "six");
        put("10.128.0.0/9", "high");
        put("10.0.0.0/8", "ten");
        put("0.0.0.0/0", "all");
        List<String> seen = new ArrayList<>();
        map.forEach((prefix, value) -> seen.add(prefix + "=" + value));
        assertThat(seen)
                .containsExactly("0.0.0.0/0=all", "10.0.0.0/8=ten", "10.128.0.0/9=high", "2001:db8:0:0:0:0:0:0/32=six");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void randomOperations_matchANaiveMap(long seed) throws UnknownHostException {
        Random random = new Random(seed);
        Map<IpPrefix, String> naive = new HashMap<>();
        for (int i = 0; i < 1500; i++) {
            IpPrefix prefix = new IpPrefix(randomAddress(random), 0);
            int bits = prefix.isIpv4() ? 32 : 128;
            prefix = new IpPrefix(randomAddress(random, bits), random.nextInt(bits + 1));
            if (random.nextInt(3) == 0) {
                IpPrefix victim = naive.isEmpty() || random.nextBoolean()
                        ? prefix
                        : naive.keySet().iterator().next();
                assertThat(map.remove(victim)).as("seed %d", seed).isEqualTo(naive.remove(victim));
            } else {
                assertThat(map.put(prefix, "v" + i)).as("seed %d", seed).isEqualTo(naive.put(prefix, "v" + i));
            }
            assertThat(map.get(prefix)).as("seed %d", seed).isEqualTo(naive.get(prefix));
            InetAddress asked = randomAddress(random);
            assertThat(map.lookup(asked)).as("seed %d, %s", seed, asked).isEqualTo(naiveLookup(naive, asked));
        }
        assertThat(map.size()).as("seed %d", seed).isEqualTo(naive.size());
        Map<IpPrefix, String> copy = new HashMap<>();
        map.forEach(copy::put);
        assertThat(copy).as("seed %d", seed).isEqualTo(naive);
        naive.keySet().forEach(map::remove);
        assertThat(map.size()).isZero();
    }

    private void put(String prefix, String value) {
        map.put(IpPrefix.parse(prefix), value);
    }

    private @Nullable String lookup(String address) {
        return map.lookup(InetAddress.ofLiteral(address));
    }

    private static InetAddress randomAddress(Random random) throws UnknownHostException {
        return randomAddress(random, random.nextBoolean() ? 32 : 128);
    }

    /// Few distinct bytes, so that prefixes nest and share paths.
    private static InetAddress randomAddress(Random random, int bits) throws UnknownHostException {
        byte[] bytes = new byte[bits / 8];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (0x80 * random.nextInt(2) + random.nextInt(2));
        }
        return InetAddress.getByAddress(bytes);
    }

    private static @Nullable String naiveLookup(Map<IpPrefix, String> naive, InetAddress address) {
        String best = null;
        int length = -1;
        for (var entry : naive.entrySet()) {
            if (entry.getKey().length() > length && entry.getKey().contains(address)) {
                best = entry.getValue();
                length = entry.getKey().length();
            }
        }
        return best;
    }
}
