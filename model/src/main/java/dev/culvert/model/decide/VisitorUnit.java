package dev.culvert.model.decide;

import java.net.InetAddress;

/// What counts as one visitor: an IPv4 address or an IPv6 /64, as its leading bits.
public record VisitorUnit(long bits, boolean ipv4) {
    public static VisitorUnit of(InetAddress address) {
        byte[] bytes = address.getAddress();
        long bits = 0;
        for (int i = 0; i < Math.min(bytes.length, 8); i++) {
            bits = bits << 8 | (bytes[i] & 0xff);
        }
        return new VisitorUnit(bits, bytes.length == 4);
    }

    /// A keyed finaliser (the 64-bit mixer of SplitMix64, Steele et al. 2014), run twice with the key between.
    int hash(long seed, int salt) {
        long mixed = mix((bits + (ipv4 ? 1 : 0)) ^ seed);
        return (int) (mix(mixed + seed + salt) >>> 32);
    }

    static long mix(long value) {
        long z = (value ^ (value >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }
}
