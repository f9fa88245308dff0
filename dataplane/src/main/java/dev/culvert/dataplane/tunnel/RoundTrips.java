package dev.culvert.dataplane.tunnel;

import java.net.InetAddress;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/// The latest round trip to each address inside the tunnel that was probed or dialled: addresses of the model's peers,
/// so there are few. Any thread.
public final class RoundTrips {
    private final ConcurrentMap<InetAddress, Long> latest = new ConcurrentHashMap<>();

    /// @param nanos from asking to the answer
    public void measured(InetAddress address, long nanos) {
        latest.put(address, nanos);
    }

    /// Nanoseconds, or -1 if it was never measured.
    public long of(InetAddress address) {
        return latest.getOrDefault(address, -1L);
    }
}
