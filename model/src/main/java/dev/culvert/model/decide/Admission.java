package dev.culvert.model.decide;

import dev.culvert.model.Service;
import java.net.InetAddress;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/// Who may connect, and how often at once: bans, rate, connections in all, per address and per service.
///
/// Shared by all visitor loops for the life of the process, as counts must survive a reload. Its memory is bounded by
/// `limits.total`: an address or service has an entry only while it has a connection. Everything counted is given back
/// by [#release(Admitted)] and [#release(Permit)].
public final class Admission {
    private final BanTable bans;
    private final Limits limits;
    private final long seed;
    private final @Nullable RateLimiter rate;
    private final AtomicInteger total = new AtomicInteger();
    private final ConcurrentMap<Unit, Integer> byUnit = new ConcurrentHashMap<>();
    private final ConcurrentMap<String, Integer> byService = new ConcurrentHashMap<>();
    private final Map<DenyReason, LongAdder> denied;

    /// What a stranger holds one of: an IPv4 address or an IPv6 /64, as its leading bits.
    private record Unit(long bits, boolean ipv4) {}

    /// @param seed secret random bits, so that strangers cannot choose addresses that share a cell
    /// @param now monotonic nanoseconds
    public Admission(Limits limits, BanTable bans, long seed, long now) {
        this.limits = limits;
        this.bans = bans;
        this.seed = seed;
        this.rate = limits.perSecond() == 0 ? null : new RateLimiter(limits.perSecond(), limits.burst(), now);
        Map<DenyReason, LongAdder> counters = new EnumMap<>(DenyReason.class);
        for (DenyReason reason : DenyReason.values()) {
            counters.put(reason, new LongAdder());
        }
        this.denied = counters;
    }

    /// Judges an address that has just connected, and again the real client behind a trusted PROXY header.
    ///
    /// @return [Admitted], to be released when the connection ends, or [Deny] with BANNED, RATE or TOO_MANY
    public Admittance accept(InetAddress address, long now) {
        if (bans.isBanned(address, now)) {
            return deny(DenyReason.BANNED);
        }
        Unit unit = unit(address);
        if (rate != null && !rate.allow(hash(unit), now)) {
            return deny(DenyReason.RATE);
        }
        if (!take(byUnit, unit, limits.perAddress())) {
            return deny(DenyReason.TOO_MANY);
        }
        if (total.incrementAndGet() > limits.total()) {
            total.decrementAndGet();
            give(byUnit, unit);
            return deny(DenyReason.TOO_MANY);
        }
        return new Admitted(address);
    }

    /// What [#accept] would say to this address now, without counting it; null where it would admit it.
    public @Nullable Deny refusal(InetAddress address, long now) {
        if (bans.isBanned(address, now)) {
            return Deny.of(DenyReason.BANNED);
        }
        Unit unit = unit(address);
        if (rate != null && !rate.wouldAllow(hash(unit), now)) {
            return Deny.of(DenyReason.RATE);
        }
        boolean full = byUnit.getOrDefault(unit, 0) >= limits.perAddress() || total.get() >= limits.total();
        return full ? Deny.of(DenyReason.TOO_MANY) : null;
    }

    /// Judges an admitted client's way to a service: the service's access policy, bans of its site, its limit.
    ///
    /// @return [Permit], to be released when the relay or request ends, or [Deny] with ACL, BANNED or TOO_MANY
    public Verdict permit(Admitted admitted, Routed routed, long now) {
        Service service = routed.service();
        InetAddress client = admitted.address();
        Deny objection = objection(client, service, now);
        if (objection != null) {
            count(objection);
            return objection;
        }
        return take(byService, service.name(), most(service)) ? new Permit(routed, client) : deny(DenyReason.TOO_MANY);
    }

    /// What [#permit] would say to this client now, without counting it; null where it would permit.
    public @Nullable Deny refusal(InetAddress client, Routed routed, long now) {
        Service service = routed.service();
        Deny objection = objection(client, service, now);
        boolean full = connections(service.name()) >= most(service);
        return objection == null && full ? Deny.of(DenyReason.TOO_MANY) : objection;
    }

    private @Nullable Deny objection(InetAddress client, Service service, long now) {
        if (!service.access().allows(client)) {
            return Deny.of(DenyReason.ACL);
        }
        return bans.isBanned(client, service.site(), now) ? Deny.of(DenyReason.BANNED) : null;
    }

    private static int most(Service service) {
        return service.maxConnections() == 0 ? Integer.MAX_VALUE : service.maxConnections();
    }

    /// The ban that keeps `address` out of the services of `site`, or of the node as a whole; null if none does.
    public @Nullable Ban ban(InetAddress address, @Nullable String site, long now) {
        return bans.ban(address, site, now);
    }

    /// Whether a living permit would be given again under `routed`, its service as it is now: what a reload or a new
    /// ban asks about every relay. Counts nothing.
    public boolean stillAllows(Permit permit, Routed routed, long now) {
        return objection(permit.client(), routed.service(), now) == null;
    }

    /// Gives back what `accept` counted; a second call does nothing.
    public void release(Admitted admitted) {
        if (admitted.end()) {
            total.decrementAndGet();
            give(byUnit, unit(admitted.address()));
        }
    }

    /// Gives back what `permit` counted; a second call does nothing.
    public void release(Permit permit) {
        if (permit.end()) {
            give(byService, permit.service().name());
        }
    }

    /// Counts a refusal that another stage pronounced ([Router], PROXY header rules).
    public void count(Deny deny) {
        counter(deny.reason()).increment();
    }

    /// Connections admitted and not released.
    public int connections() {
        return total.get();
    }

    /// Permits of a service not released.
    public int connections(String service) {
        return byService.getOrDefault(service, 0);
    }

    /// Refusals so far.
    public long denied(DenyReason reason) {
        return counter(reason).sum();
    }

    private LongAdder counter(DenyReason reason) {
        return Objects.requireNonNull(denied.get(reason));
    }

    private Deny deny(DenyReason reason) {
        Deny deny = Deny.of(reason);
        count(deny);
        return deny;
    }

    private static <K> boolean take(ConcurrentMap<K, Integer> counts, K key, int most) {
        int before = counts.getOrDefault(key, 0);
        while (before < most) {
            boolean taken = before == 0 ? counts.putIfAbsent(key, 1) == null : counts.replace(key, before, before + 1);
            if (taken) {
                return true;
            }
            before = counts.getOrDefault(key, 0);
        }
        return false;
    }

    private static <K> void give(ConcurrentMap<K, Integer> counts, K key) {
        counts.computeIfPresent(key, (same, count) -> count == 1 ? null : count - 1);
    }

    private static Unit unit(InetAddress address) {
        byte[] bytes = address.getAddress();
        long bits = 0;
        for (int i = 0; i < Math.min(bytes.length, 8); i++) {
            bits = bits << 8 | (bytes[i] & 0xff);
        }
        return new Unit(bits, bytes.length == 4);
    }

    /// A keyed finaliser (the 64-bit mixer of SplitMix64, Steele et al. 2014), run twice with the seed between.
    private int hash(Unit unit) {
        long mixed = mix((unit.bits + (unit.ipv4 ? 1 : 0)) ^ seed);
        return (int) (mix(mixed + seed) >>> 32);
    }

    private static long mix(long value) {
        long z = (value ^ (value >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }
}
