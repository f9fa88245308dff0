package dev.culvert.proto.netstack;

import dev.culvert.proto.inet.AddressWords;
import java.util.random.RandomGenerator;

/// Handshakes that need no memory (RFC 4987 §3.6): where too many connections are half open, what a SYN says goes into
/// the sequence number and the timestamp of the answer, and comes back with the acknowledgment.
///
/// The number holds a keyed hash of 27 bits, which of four slots of time it is from, and one of eight sizes.
final class SynCookies {
    /// A cookie is good for one to two of these.
    private static final long SLOT = 32_000_000_000L;
    /// Sizes that peers of a tunnel say; the largest that is not above the peer's is taken.
    private static final int[] SIZES = {88, 536, 940, 1140, 1220, 1320, 1360, 1460};

    private static final int OPTION_BITS = 0x3f;
    private static final int SACK_BIT = 0x10;
    private static final int NO_SCALE = 0xf;

    private final long k0;
    private final long k1;
    private long lastAt = Long.MIN_VALUE;

    SynCookies(RandomGenerator random) {
        k0 = random.nextLong();
        k1 = random.nextLong();
    }

    /// The number to answer this SYN with.
    int make(Tuple who, Segment syn, long now) {
        lastAt = now;
        int mss = syn.options.mss == 0 ? defaultMss(who) : syn.options.mss;
        int size = SIZES.length - 1;
        while (size > 0 && SIZES[size] > mss) {
            size--;
        }
        return make(who, syn.seq, slot(now), size);
    }

    private int make(Tuple who, int peerSeq, long slot, int size) {
        long mac = IsnGenerator.sipHash(
                k0,
                k1,
                who.localHigh,
                who.localLow,
                who.remoteHigh,
                who.remoteLow,
                (long) who.ports << 32 | (peerSeq & 0xffff_ffffL),
                slot << 3 | size);
        return (int) mac << 5 | (int) (slot & 3) << 3 | size;
    }

    /// The timestamp that carries the options of a SYN: a little in the past, never ahead.
    static int stamp(int clock, TcpOptions options) {
        int bits = (options.sackPermitted ? SACK_BIT : 0) | (options.windowShift < 0 ? NO_SCALE : options.windowShift);
        int stamp = (clock & ~OPTION_BITS) | bits;
        return SeqNum.after(stamp, clock) ? stamp - OPTION_BITS - 1 : stamp;
    }

    /// Whether any cookie of late may still come back.
    boolean mayReturn(long now) {
        return lastAt != Long.MIN_VALUE && now - lastAt < 2 * SLOT;
    }

    /// Whether an acknowledgment brings back a cookie; then `syn` is filled with what the SYN had said.
    boolean read(Tuple who, Segment ack, Segment syn, long now) {
        int cookie = ack.ack - 1;
        int peerSeq = ack.seq - 1;
        long slot = slot(now);
        slot -= (slot - (cookie >>> 3)) & 3;
        int size = cookie & 7;
        if (slot(now) - slot > 1 || make(who, peerSeq, slot, size) != cookie) {
            return false;
        }
        syn.seq = peerSeq;
        syn.window = ack.window;
        TcpOptions said = syn.options;
        said.mss = SIZES[size];
        said.hasTimestamps = ack.options.hasTimestamps;
        said.timestampValue = ack.options.timestampValue;
        int bits = ack.options.timestampEcho & OPTION_BITS;
        boolean carried = said.hasTimestamps;
        said.sackPermitted = carried && (bits & SACK_BIT) != 0;
        said.windowShift = carried && (bits & NO_SCALE) != NO_SCALE ? bits & NO_SCALE : -1;
        return true;
    }

    private static long slot(long now) {
        return now / SLOT;
    }

    private static int defaultMss(Tuple who) {
        return AddressWords.isIpv4(who.localHigh, who.localLow) ? 536 : 1220;
    }
}
