package dev.culvert.proto.wireguard;

import java.net.InetAddress;
import java.util.HashMap;
import java.util.Map;

/// How many handshakes we work on (paper §5.3): says when we are under load, and holds each source to 20 per second
/// then.
///
/// A handshake costs about a millisecond of the one thread that also moves all packets, so load is a matter of how
/// many came, not of a queue: more than the budget per second, and we are under load, until a second after less did.
final class HandshakeLimiter {
    private static final int DEFAULT_BUDGET = 200;

    /// How much of a second's budget may be spent at once, as when all peers come back after a restart.
    private static final long BURST_TIME = Protocol.SECOND / 2;

    private static final long LOAD_TIME = Protocol.SECOND;
    private static final long SOURCE_COST = Protocol.SECOND / 20;
    private static final int SOURCE_BURST = 5;
    private static final long SOURCE_IDLE_TIME = Protocol.SECOND;
    private static final int MAX_SOURCES = 8 * 8192;

    private final Map<Source, Bucket> sources = new HashMap<>();
    private long cost = Protocol.SECOND / DEFAULT_BUDGET;
    private long spentUntil = Protocol.NEVER;
    private long loadSince = Protocol.NEVER;
    private long collectedAt = Protocol.NEVER;

    /// Sets how many handshakes per second are worked on without asking for cookies.
    void budget(int perSecond) {
        if (perSecond < 1) {
            throw new IllegalArgumentException("handshake budget: " + perSecond + " (expected: > 0)");
        }
        cost = Protocol.SECOND / perSecond;
    }

    /// The owner cannot keep up, however few it works on: its thread may have little of a processor.
    void crowded(long now) {
        loadSince = now;
    }

    boolean underLoad(long now) {
        return loadSince != Protocol.NEVER && now - loadSince < LOAD_TIME;
    }

    /// Counts a handshake that is worked on, or that a cookie is asked for: a flood that goes on gets no second burst.
    void charge(long now) {
        spentUntil = (spentUntil == Protocol.NEVER ? now : Math.max(spentUntil, now)) + cost;
        if (spentUntil - now > BURST_TIME) {
            spentUntil = now + BURST_TIME + cost;
            loadSince = now;
        }
    }

    /// Whether a source whose cookie was right may have one more: 20 per second and 5 at once for each IPv4 address
    /// or IPv6 /64.
    boolean allow(InetAddress from, long now) {
        if (Protocol.passed(now, collectedAt, SOURCE_IDLE_TIME)) {
            sources.values().removeIf(bucket -> now - bucket.touchedAt >= SOURCE_IDLE_TIME);
            collectedAt = now;
        }
        Source source = Source.of(from);
        Bucket bucket = sources.get(source);
        if (bucket == null) {
            if (sources.size() >= MAX_SOURCES) {
                return false;
            }
            bucket = new Bucket(now);
            sources.put(source, bucket);
        }
        return bucket.take(now);
    }

    private record Source(boolean ipv4, long prefix) {
        static Source of(InetAddress address) {
            byte[] bytes = address.getAddress();
            long prefix = 0;
            for (int i = 0; i < Math.min(bytes.length, 8); i++) {
                prefix = (prefix << 8) | (bytes[i] & 0xff);
            }
            return new Source(bytes.length == 4, prefix);
        }
    }

    private static final class Bucket {
        private long tokens = SOURCE_BURST * SOURCE_COST;
        private long touchedAt;

        Bucket(long now) {
            touchedAt = now;
        }

        boolean take(long now) {
            tokens = Math.min(tokens + now - touchedAt, SOURCE_BURST * SOURCE_COST);
            touchedAt = now;
            if (tokens < SOURCE_COST) {
                return false;
            }
            tokens -= SOURCE_COST;
            return true;
        }
    }
}
