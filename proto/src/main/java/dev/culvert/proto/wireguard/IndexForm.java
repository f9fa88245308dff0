package dev.culvert.proto.wireguard;

import java.util.random.RandomGenerator;

/// What all receiver indices of one device have in common: 24 bits are random, and the last byte on the wire is a hash
/// of them under a secret of this run. So whoever stands before the device, and has no table of its sessions, can
/// refuse
/// 255 of 256 messages of strangers. What is left is random enough: an index is no secret (paper §5.4).
///
/// The hash is multiply-shift (Dietzfelbinger et al., 1997), which the kernel's packet filters can compute.
///
/// @param multiplier odd
public record IndexForm(int multiplier, int addend) {
    /// How many bits of an index are the hash of the others.
    public static final int HASH_BITS = 8;

    private static final int HASH_SHIFT = Integer.SIZE - HASH_BITS;
    private static final int HASH_MASK = (1 << HASH_BITS) - 1;

    /// A form that nobody else knows.
    static IndexForm random(RandomGenerator random) {
        return new IndexForm(random.nextInt() | 1, random.nextInt());
    }

    /// The index with these random bits, of which the highest eight are not used.
    int index(int bits) {
        int random = bits << HASH_BITS >>> HASH_BITS;
        return Integer.reverseBytes(random << HASH_BITS | hash(random));
    }

    /// Whether `index`, as it is read from a message (little-endian), has the form.
    public boolean fits(int index) {
        int word = Integer.reverseBytes(index);
        return hash(word >>> HASH_BITS) == (word & HASH_MASK);
    }

    private int hash(int random) {
        return (random * multiplier + addend) >>> HASH_SHIFT;
    }
}
