package dev.culvert.control.doctor;

import dev.culvert.dataplane.tunnel.TunnelDriver;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/// When each of the tunnel's drop counters rose last: a number since the start cannot tell what is wrong now from what
/// was wrong last week.
final class DropHistory {
    private static final int SECONDS = 5;
    // WireGuard tries a handshake again after 5 s; a lost one and a sample in between make it three times that.
    private static final long RECENT_NANOS = TimeUnit.SECONDS.toNanos(20);

    private final Map<String, Rise> rises = new ConcurrentHashMap<>();

    private record Rise(long count, long at) {}

    void start(TunnelDriver tunnel, ScheduledExecutorService scheduler) {
        scheduler.scheduleWithFixedDelay(() -> sample(tunnel), 0, SECONDS, TimeUnit.SECONDS);
    }

    private void sample(TunnelDriver tunnel) {
        tunnel.drops().addListener(done -> {
            if (done.isSuccess()) {
                @SuppressWarnings("unchecked")
                Map<String, Long> now = (Map<String, Long>) done.getNow();
                take(now, System.nanoTime());
            }
        });
    }

    void take(Map<String, Long> counters, long now) {
        counters.forEach((counter, count) -> rises.merge(
                counter, new Rise(count, now), (before, fresh) -> before.count() == count ? before : fresh));
    }

    /// Whether it rose within the last 20 s.
    boolean roseLately(String counter, long now) {
        Rise rise = rises.get(counter);
        return rise != null && now - rise.at() < RECENT_NANOS;
    }
}
