package dev.culvert.proto.wireguard;

/// Which counters of a session were seen: a ring of 8192 bits, of which 8128 are the window (RFC 6479).
///
/// The ring is cleared by whole words as the window moves on, so nothing is ever shifted.
final class ReplayWindow {
    private static final int WORDS = 128;
    private static final int WORD_MASK = WORDS - 1;

    /// One word less than the ring: the word being filled may hold bits of the future.
    static final int WINDOW = (WORDS - 1) * Long.SIZE;

    private final long[] ring = new long[WORDS];
    private long greatest;

    /// Takes the counter of a packet that has been authenticated.
    ///
    /// @return false if it was taken before, lies below the window, or at or above REJECT_AFTER_MESSAGES
    boolean accept(long counter) {
        if (Long.compareUnsigned(counter, Protocol.REJECT_AFTER_MESSAGES) >= 0) {
            return false;
        }
        long word = counter >>> 6;
        if (Long.compareUnsigned(counter, greatest) > 0) {
            advance(word);
            greatest = counter;
        } else if (Long.compareUnsigned(greatest - counter, WINDOW) > 0) {
            return false;
        }
        int index = (int) word & WORD_MASK;
        long bit = 1L << counter;
        boolean fresh = (ring[index] & bit) == 0;
        ring[index] |= bit;
        return fresh;
    }

    private void advance(long word) {
        long current = greatest >>> 6;
        long steps = Math.min(word - current, WORDS);
        for (long i = 1; i <= steps; i++) {
            ring[(int) (current + i) & WORD_MASK] = 0;
        }
    }
}
