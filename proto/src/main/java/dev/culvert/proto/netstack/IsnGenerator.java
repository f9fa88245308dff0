package dev.culvert.proto.netstack;

import java.util.random.RandomGenerator;

/// Initial sequence numbers and timestamp offsets: a clock plus a keyed hash of the four-tuple (RFC 6528 §3), so
/// that one connection tells nothing about another, and a reused four-tuple continues above its predecessor.
final class IsnGenerator {
    private final long k0;
    private final long k1;

    IsnGenerator(RandomGenerator random) {
        k0 = random.nextLong();
        k1 = random.nextLong();
    }

    /// The sequence number of our SYN; the clock ticks every 4.096 µs.
    int isn(TcpSocket socket, long now) {
        return (int) (hash(socket, 1) + (now >>> 12));
    }

    /// What to add to the millisecond clock for this connection's timestamps (RFC 7323 §7.1).
    int timestampOffset(TcpSocket socket) {
        return (int) hash(socket, 2);
    }

    /// The same for a connection that has no socket yet.
    int timestampOffset(Tuple who) {
        return (int) sipHash(
                k0,
                k1,
                who.localHigh,
                who.localLow,
                who.remoteHigh,
                who.remoteLow,
                2L << 32 | (who.ports & 0xffff_ffffL));
    }

    private long hash(TcpSocket socket, int purpose) {
        return sipHash(
                k0,
                k1,
                socket.localHigh,
                socket.localLow,
                socket.remoteHigh,
                socket.remoteLow,
                (long) purpose << 32 | (socket.ports & 0xffff_ffffL));
    }

    /// SipHash-2-4 (Aumasson and Bernstein, 2012) of five little-endian words.
    static long sipHash(long k0, long k1, long... words) {
        long[] v = {
            k0 ^ 0x736f6d6570736575L, k1 ^ 0x646f72616e646f6dL, k0 ^ 0x6c7967656e657261L, k1 ^ 0x7465646279746573L
        };
        for (long word : words) {
            absorb(v, word);
        }
        absorb(v, ((long) words.length * 8) << 56);
        v[2] ^= 0xff;
        for (int i = 0; i < 4; i++) {
            round(v);
        }
        return v[0] ^ v[1] ^ v[2] ^ v[3];
    }

    private static void absorb(long[] v, long word) {
        v[3] ^= word;
        round(v);
        round(v);
        v[0] ^= word;
    }

    private static void round(long[] v) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = Long.rotateLeft(v[1], 13) ^ v[0];
        v[3] = Long.rotateLeft(v[3], 16) ^ v[2];
        v[0] = Long.rotateLeft(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = Long.rotateLeft(v[1], 17) ^ v[2];
        v[3] = Long.rotateLeft(v[3], 21) ^ v[0];
        v[2] = Long.rotateLeft(v[2], 32);
    }
}
