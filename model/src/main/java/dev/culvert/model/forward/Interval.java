package dev.culvert.model.forward;

import dev.culvert.proto.inet.IpPrefix;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/// Addresses of one IP version from `first` to `last`, both included, as sets of nftables have them.
public record Interval(InetAddress first, InetAddress last) {
    private static final Comparator<Interval> BY_FIRST =
            (a, b) -> Arrays.compareUnsigned(a.first.getAddress(), b.first.getAddress());

    /// What prefixes of one IP version cover, in order; none overlaps or touches another.
    static List<Interval> of(Collection<IpPrefix> prefixes, boolean ipv4) {
        List<Interval> sorted = prefixes.stream()
                .filter(prefix -> prefix.isIpv4() == ipv4)
                .map(Interval::of)
                .sorted(BY_FIRST)
                .toList();
        List<Interval> merged = new ArrayList<>();
        for (Interval next : sorted) {
            Interval before = merged.isEmpty() ? null : merged.getLast();
            if (before == null || !before.reaches(next)) {
                merged.add(next);
            } else if (compare(before.last, next.last) < 0) {
                merged.set(merged.size() - 1, new Interval(before.first, next.last));
            }
        }
        return List.copyOf(merged);
    }

    private static Interval of(IpPrefix prefix) {
        byte[] last = prefix.address().getAddress();
        for (int bit = prefix.length(); bit < last.length * 8; bit++) {
            last[bit / 8] |= (byte) (0x80 >>> bit % 8);
        }
        return new Interval(prefix.address(), address(last));
    }

    /// Whether nothing lies between this and one that does not begin before it.
    private boolean reaches(Interval next) {
        byte[] behind = behind();
        return behind.length == 0 || Arrays.compareUnsigned(behind, next.first.getAddress()) >= 0;
    }

    /// The address behind the last one; no bytes where there is none.
    public byte[] behind() {
        byte[] bytes = last.getAddress();
        for (int i = bytes.length - 1; i >= 0; i--) {
            if (++bytes[i] != 0) {
                return bytes;
            }
        }
        return new byte[0];
    }

    private static int compare(InetAddress a, InetAddress b) {
        return Arrays.compareUnsigned(a.getAddress(), b.getAddress());
    }

    private static InetAddress address(byte[] bytes) {
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address has 4 or 16 bytes", e);
        }
    }

    /// `192.0.2.0-192.0.2.255`.
    @Override
    public String toString() {
        return first.getHostAddress() + "-" + last.getHostAddress();
    }
}
