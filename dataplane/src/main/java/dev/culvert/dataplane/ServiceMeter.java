package dev.culvert.dataplane;

import dev.culvert.dataplane.DialException.Broken;
import dev.culvert.model.Target;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/// What one service has done since the start: counters that any loop may add to and any thread may read.
///
/// A request costs three additions at its end, and nothing on the way: bytes are counted by its [Connection].
public final class ServiceMeter {
    /// Upper bounds of the request durations that are counted apart, in nanoseconds: the default buckets of
    /// Prometheus's client libraries, 5 ms to 10 s. What took longer is in no bucket but in the total.
    private static final long[] BOUNDS = milliseconds(5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000);

    private static final int CLASSES = 6;
    private static final String OTHER = "other";

    final String name;
    /// Whether it is a target that gateways lead to, and no service of this node.
    final boolean hop;
    private final @Nullable Target target;

    final LongAdder connections = new LongAdder();
    final LongAdder received = new LongAdder();
    final LongAdder sent = new LongAdder();
    private final LongAdder[] responses = adders(CLASSES);
    private final LongAdder[] durations = adders(BOUNDS.length + 1);
    private final LongAdder durationNanos = new LongAdder();
    private final Map<Broken, LongAdder> dialsBroken;
    private final LongAdder dialsFailedOtherwise = new LongAdder();

    /// How long requests took.
    ///
    /// @param bounds upper bounds of the buckets, in nanoseconds, ascending
    /// @param counts requests within each bucket alone; the last one is beyond all bounds
    /// @param sumNanos of all durations
    public record Durations(List<Long> bounds, List<Long> counts, long sumNanos) {}

    /// Of a service of this node.
    ServiceMeter(String service) {
        this(service, false, null);
    }

    /// Of a target that gateways lead to.
    ServiceMeter(Target target) {
        this(target.toString(), true, target);
    }

    /// Of targets that gateways lead to, beyond those that are counted one by one.
    static ServiceMeter ofOtherTargets(String name) {
        return new ServiceMeter(name, true, null);
    }

    private ServiceMeter(String name, boolean hop, @Nullable Target target) {
        this.name = name;
        this.hop = hop;
        this.target = target;
        Map<Broken, LongAdder> counters = new EnumMap<>(Broken.class);
        for (Broken reason : Broken.values()) {
            counters.put(reason, new LongAdder());
        }
        // Never written to from here on, so it may be read on every loop.
        dialsBroken = Collections.unmodifiableMap(counters);
    }

    /// The target itself, in the one copy that ten thousand connections to it share.
    Target leadsTo(Target equal) {
        return target == null ? equal : target;
    }

    /// A request was answered, by the target or by this node itself.
    ///
    /// @param status of the response, 100..599
    /// @param nanos since its head had come
    void responded(int status, long nanos) {
        responses[Math.clamp(status / 100, 1, CLASSES - 1)].increment();
        // What was upgraded lives as a connection does: its length says nothing of the service's speed.
        if (status >= 200) {
            int bucket = 0;
            while (bucket < BOUNDS.length && nanos > BOUNDS[bucket]) {
                bucket++;
            }
            durations[bucket].increment();
            durationNanos.add(nanos);
        }
    }

    void dialFailed(Throwable cause) {
        LongAdder counter = cause instanceof DialException dial ? dialsBroken.get(dial.broken()) : null;
        (counter == null ? dialsFailedOtherwise : counter).increment();
    }

    /// Responses by the first digit of their status, `1xx` to `5xx`.
    public Map<String, Long> responses() {
        Map<String, Long> result = new TreeMap<>();
        for (int i = 1; i < CLASSES; i++) {
            result.put(i + "xx", responses[i].sum());
        }
        return result;
    }

    public Durations durations() {
        List<Long> counts = Arrays.stream(durations).map(LongAdder::sum).toList();
        return new Durations(Arrays.stream(BOUNDS).boxed().toList(), counts, durationNanos.sum());
    }

    /// Dials that failed, by the word of [Broken] in lower case and with hyphens; every reason is there.
    public Map<String, Long> dialFailures() {
        Map<String, Long> result = new TreeMap<>();
        dialsBroken.forEach((reason, count) -> result.put(reason.word(), count.sum()));
        result.put(OTHER, dialsFailedOtherwise.sum());
        return result;
    }

    private static LongAdder[] adders(int count) {
        LongAdder[] adders = new LongAdder[count];
        Arrays.setAll(adders, _ -> new LongAdder());
        return adders;
    }

    private static long[] milliseconds(int... bounds) {
        return Arrays.stream(bounds).mapToLong(TimeUnit.MILLISECONDS::toNanos).toArray();
    }
}
