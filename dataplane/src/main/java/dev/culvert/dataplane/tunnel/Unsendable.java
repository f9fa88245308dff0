package dev.culvert.dataplane.tunnel;

import java.net.InetSocketAddress;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How many datagrams to each place this machine would not send, for it has no route or no permission: what
/// tells a broken network here from one elsewhere. Owned by the tunnel loop.
public final class Unsendable {
    // Places that peers were heard from; the one that failed longest ago is forgotten.
    private static final int PLACES = 256;

    private final Map<InetSocketAddress, Long> counts = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<InetSocketAddress, Long> eldest) {
            return size() > PLACES;
        }
    };
    private long total;

    /// Nothing has failed.
    public Unsendable() {}

    public void count(InetSocketAddress to) {
        total++;
        counts.merge(to, 1L, Long::sum);
    }

    public long to(@Nullable InetSocketAddress place) {
        return place == null ? 0 : counts.getOrDefault(place, 0L);
    }

    public long total() {
        return total;
    }
}
