package dev.culvert.proto.netstack;

import dev.culvert.proto.inet.AddressWords;
import java.net.InetAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The addresses of a stack: a few, so a scan.
final class LocalAddresses {
    private final List<InetAddress> addresses;
    private final long[] highs;
    private final long[] lows;

    LocalAddresses(List<InetAddress> addresses) {
        this.addresses = addresses;
        this.highs = new long[addresses.size()];
        this.lows = new long[addresses.size()];
        for (int i = 0; i < highs.length; i++) {
            highs[i] = AddressWords.high(addresses.get(i));
            lows[i] = AddressWords.low(addresses.get(i));
        }
    }

    boolean contains(long high, long low) {
        for (int i = 0; i < lows.length; i++) {
            if (lows[i] == low && highs[i] == high) {
                return true;
            }
        }
        return false;
    }

    boolean contains(InetAddress address) {
        return contains(AddressWords.high(address), AddressWords.low(address));
    }

    /// The first own address of the family of `remote`, or null if there is none.
    @Nullable
    InetAddress towards(InetAddress remote) {
        int size = remote.getAddress().length;
        for (int i = 0; i < addresses.size(); i++) {
            if (addresses.get(i).getAddress().length == size) {
                return addresses.get(i);
            }
        }
        return null;
    }
}
