package dev.culvert.model.decide;

import dev.culvert.model.AccessPolicy;
import dev.culvert.model.Destination;
import dev.culvert.model.Limits;
import dev.culvert.model.Rate;
import dev.culvert.model.Service;
import dev.culvert.model.ServiceLimits;
import java.net.InetAddress;
import java.util.EnumMap;
import java.util.List;
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
/// `limits.total`: an address has an entry only while it has a connection. Everything counted is given
/// back by [#release(Admitted)] and [#release(Permit)].
public final class Admission {
    private static final int ARRIVAL_BITS = 16;
    // All services share the cells: 2 MiB.
    private static final int REQUEST_BITS = 18;
    // Passwords that a visitor may try at once, and then one in so many seconds.
    private static final int LOGIN_BURST = 20;
    private static final long LOGIN_INTERVAL = 3_000_000_000L;
    // A page full of films that wait to be played on has fewer.
    private static final int LEFT_LYING = 48;

    private final BanTable bans;
    // Two cells, one for each direction, of 2^15 visitors: 512 KiB, made where a service bounds its bytes.
    private static final int BANDWIDTH_BITS = 16;

    private final long seed;
    private final long start;
    private final RateLimiter arrivals;
    private final RateLimiter requests;
    private final AtomicInteger total = new AtomicInteger();
    private final ConcurrentMap<VisitorUnit, Integer> byUnit = new ConcurrentHashMap<>();
    // Counted for every request, so an entry stays: there are as many as names of services.
    private final ConcurrentMap<String, AtomicInteger> byService = new ConcurrentHashMap<>();
    private final ConcurrentMap<VisitorAt, Integer> byVisitor = new ConcurrentHashMap<>();
    // One cell for how often a service is asked, and for its bytes one in each direction.
    private final ConcurrentMap<String, RateLimiter> asked = new ConcurrentHashMap<>();
    private final ConcurrentMap<String, RateLimiter> carried = new ConcurrentHashMap<>();
    private final ConcurrentMap<VisitorUnit, Integer> lying = new ConcurrentHashMap<>();
    private final Map<DenyReason, LongAdder> denied;
    private volatile Limits limits;
    private volatile @Nullable RateLimiter bandwidths;

    private record VisitorAt(VisitorUnit visitor, String service) {}

    /// @param seed secret random bits, so that strangers cannot choose addresses that share a cell
    /// @param now monotonic nanoseconds
    public Admission(Limits limits, BanTable bans, long seed, long now) {
        this.limits = limits;
        this.bans = bans;
        this.seed = seed;
        this.start = now;
        this.arrivals = new RateLimiter(ARRIVAL_BITS, now);
        this.requests = new RateLimiter(REQUEST_BITS, now);
        Map<DenyReason, LongAdder> counters = new EnumMap<>(DenyReason.class);
        for (DenyReason reason : DenyReason.values()) {
            counters.put(reason, new LongAdder());
        }
        this.denied = counters;
    }

    /// Who comes from now on is held to these; who is there stays.
    public void limits(Limits next) {
        limits = next;
    }

    public Limits limits() {
        return limits;
    }

    /// Judges who connects to say by a PROXY header for whom: it is one of all connections, but none of a visitor.
    ///
    /// @return as [#accept], to be released as soon as the visitor is judged
    public Admittance acceptProxy(InetAddress peer, long now) {
        if (bans.isBanned(peer, now)) {
            return deny(DenyReason.BANNED);
        }
        if (total.incrementAndGet() > limits.total()) {
            total.decrementAndGet();
            return deny(DenyReason.TOO_MANY);
        }
        return new Admitted(peer, false);
    }

    /// Judges an address that has just connected, and again the real client behind a trusted PROXY header.
    ///
    /// @return [Admitted], to be released when the connection ends, or [Deny] with BANNED, RATE or TOO_MANY
    public Admittance accept(InetAddress address, long now) {
        if (bans.isBanned(address, now)) {
            return deny(DenyReason.BANNED);
        }
        VisitorUnit unit = VisitorUnit.of(address);
        Limits limits = this.limits;
        if (limits.perSecond() > 0
                && !arrivals.allow(unit.hash(seed, 0), arrivalInterval(limits), limits.burst(), now)) {
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
        return new Admitted(address, true);
    }

    /// What [#accept] would say to this address now, without counting it; null where it would admit it.
    public @Nullable Deny refusal(InetAddress address, long now) {
        if (bans.isBanned(address, now)) {
            return Deny.of(DenyReason.BANNED);
        }
        VisitorUnit unit = VisitorUnit.of(address);
        Limits limits = this.limits;
        if (limits.perSecond() > 0
                && !arrivals.wouldAllow(unit.hash(seed, 0), arrivalInterval(limits), limits.burst(), now)) {
            return Deny.of(DenyReason.RATE);
        }
        boolean full = byUnit.getOrDefault(unit, 0) >= limits.perAddress() || total.get() >= limits.total();
        return full ? Deny.of(DenyReason.TOO_MANY) : null;
    }

    /// Judges an admitted client's connection to a service: as a request that declares nothing.
    public Verdict permit(Admitted admitted, Routed routed, long now) {
        return permit(admitted, routed, Evidence.NONE, now);
    }

    /// Judges an admitted client's way to a service, in this order: the shape of the target, the service's allow and
    /// deny lists, bans of its sites, its rates (once for each request), the size of the body, what has to be
    /// shown, and its limits of connections.
    ///
    /// @return [Permit], to be released when the relay or request ends; [Demand] for what is to be shown before; or
    ///     [Deny]
    public Verdict permit(Admitted admitted, Routed routed, Evidence evidence, long now) {
        Service service = routed.service();
        InetAddress client = admitted.address();
        Deny objection = objection(client, routed, evidence, now);
        if (objection != null) {
            count(objection);
            return objection;
        }
        Rate rate = service.access().rate();
        if (rate != null
                && evidence.isFirst()
                && !requests.allow(hash(client, service), rate.interval(), rate.burst(), now)) {
            return deny(DenyReason.RATE);
        }
        Rate together = service.access().limits().totalRate();
        if (together != null
                && evidence.isFirst()
                && !asked(service).allow(0, together.interval(), together.burst(), now)) {
            return deny(DenyReason.SERVICE_RATE);
        }
        if (service.http().maxBody() > 0 && evidence.length() > service.http().maxBody()) {
            return deny(DenyReason.BODY_SIZE);
        }
        Demand demand = demand(service, evidence);
        if (demand != null) {
            return demand;
        }
        return count(routed, client);
    }

    private Verdict count(Routed routed, InetAddress client) {
        Service service = routed.service();
        ServiceLimits limits = service.access().limits();
        boolean counted = limits.perVisitor() > 0;
        if (counted && !take(byVisitor, at(client, service), limits.perVisitor())) {
            return deny(DenyReason.VISITOR_FULL);
        }
        AtomicInteger living = living(service.name());
        if (living.incrementAndGet() > most(service)) {
            living.decrementAndGet();
            if (counted) {
                give(byVisitor, at(client, service));
            }
            return deny(DenyReason.TOO_MANY);
        }
        return new Permit(routed, client, counted, limits.hasBandwidth() ? allowance(client, service) : null);
    }

    private AtomicInteger living(String service) {
        AtomicInteger known = byService.get(service);
        return known == null ? byService.computeIfAbsent(service, _ -> new AtomicInteger()) : known;
    }

    private Allowance allowance(InetAddress client, Service service) {
        ServiceLimits limits = service.access().limits();
        // The lowest bit is the direction's.
        int visitor = hash(client, service) & ~1;
        return new Allowance(
                new Allowance.Share(bandwidths(), visitor, Allowance.Share.cost(limits.bandwidth())),
                new Allowance.Share(
                        carried.computeIfAbsent(service.name(), _ -> new RateLimiter(1, start)),
                        0,
                        Allowance.Share.cost(limits.totalBandwidth())));
    }

    private RateLimiter bandwidths() {
        RateLimiter known = bandwidths;
        if (known == null) {
            synchronized (this) {
                known = bandwidths;
                if (known == null) {
                    known = new RateLimiter(BANDWIDTH_BITS, start);
                    bandwidths = known;
                }
            }
        }
        return known;
    }

    private RateLimiter asked(Service service) {
        return asked.computeIfAbsent(service.name(), _ -> new RateLimiter(0, start));
    }

    private static VisitorAt at(InetAddress client, Service service) {
        return new VisitorAt(VisitorUnit.of(client), service.name());
    }

    /// What [#permit] would say to this client now, without counting it and taking as shown what can be shown; null
    /// where it would permit.
    public @Nullable Deny refusal(InetAddress client, Routed routed, long now) {
        Service service = routed.service();
        Deny objection = objection(client, routed, Evidence.NONE, now);
        if (objection != null) {
            return objection;
        }
        Rate rate = service.access().rate();
        if (rate != null && !requests.wouldAllow(hash(client, service), rate.interval(), rate.burst(), now)) {
            return Deny.of(DenyReason.RATE);
        }
        ServiceLimits limits = service.access().limits();
        Rate together = limits.totalRate();
        if (together != null && !asked(service).wouldAllow(0, together.interval(), together.burst(), now)) {
            return Deny.of(DenyReason.SERVICE_RATE);
        }
        if (limits.perVisitor() > 0 && byVisitor.getOrDefault(at(client, service), 0) >= limits.perVisitor()) {
            return Deny.of(DenyReason.VISITOR_FULL);
        }
        return connections(service.name()) >= most(service) ? Deny.of(DenyReason.TOO_MANY) : null;
    }

    /// Whether this client may have one more password tried at a service; counts the try.
    public boolean mayTryPassword(InetAddress client, Service service, long now) {
        return requests.allow(~hash(client, service), LOGIN_INTERVAL, LOGIN_BURST, now);
    }

    private @Nullable Deny objection(InetAddress client, Routed routed, Evidence evidence, long now) {
        Service service = routed.service();
        if (evidence.ambiguous() && routed.isGuarded()) {
            return Deny.of(DenyReason.AMBIGUOUS);
        }
        if (!service.access().allows(client)) {
            return Deny.of(DenyReason.ACL);
        }
        if (service.targets().isEmpty() && bans.isBanned(client, now)) {
            return Deny.of(DenyReason.BANNED);
        }
        for (Destination destination : service.targets()) {
            if (bans.isBanned(client, destination.site(), now)) {
                return Deny.of(DenyReason.BANNED);
            }
        }
        return null;
    }

    private static @Nullable Demand demand(Service service, Evidence evidence) {
        if (service.access().basic() != null && !evidence.password()) {
            return Demand.PASSWORD;
        }
        return service.access().forwardAuth() != null && !evidence.approved() ? Demand.APPROVAL : null;
    }

    private static long arrivalInterval(Limits limits) {
        return 1_000_000_000L / limits.perSecond();
    }

    private static int most(Service service) {
        return service.maxConnections() == 0 ? Integer.MAX_VALUE : service.maxConnections();
    }

    /// All bans that hold at `now`.
    public List<Ban> bans(long now) {
        return bans.bans(now);
    }

    /// The ban that keeps `address` out of the services of `site`, or of the node as a whole; null if none does.
    public @Nullable Ban ban(InetAddress address, @Nullable String site, long now) {
        return bans.ban(address, site, now);
    }

    /// Whether a living permit would be given again under `routed`, its service as it is now: what a reload or a new
    /// ban asks about every relay. Counts nothing. Nobody can be asked for a password any more: where the service
    /// has begun to demand something, the answer is no.
    public boolean stillAllows(Permit permit, Routed routed, long now) {
        AccessPolicy then = permit.service().access();
        AccessPolicy next = routed.service().access();
        boolean more = (next.basic() != null && then.basic() == null)
                || (next.forwardAuth() != null && then.forwardAuth() == null);
        return !more && objection(permit.client(), routed, Evidence.NONE, now) == null;
    }

    /// Gives back what `accept` counted; a second call does nothing.
    public void release(Admitted admitted) {
        if (admitted.end()) {
            total.decrementAndGet();
            if (admitted.isVisitor()) {
                give(byUnit, VisitorUnit.of(admitted.address()));
            }
        }
    }

    /// Gives back what `permit` counted; a second call does nothing.
    public void release(Permit permit) {
        if (permit.end()) {
            living(permit.service().name()).decrementAndGet();
            if (permit.isCounted()) {
                give(byVisitor, at(permit.client(), permit.service()));
            }
        }
    }

    /// Counts a response that this client leaves lying; to be given back by [#takenUp].
    public void leftLying(InetAddress client) {
        lying.merge(VisitorUnit.of(client), 1, Integer::sum);
    }

    public void takenUp(InetAddress client) {
        give(lying, VisitorUnit.of(client));
    }

    /// Whether this client and its neighbours leave so many responses lying that it looks like intent (attacks.md
    /// H2-06): each holds a connection to its target.
    public boolean leavesTooMuch(InetAddress client) {
        return lying.getOrDefault(VisitorUnit.of(client), 0) > LEFT_LYING;
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
        return living(service).get();
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

    private int hash(InetAddress client, Service service) {
        return VisitorUnit.of(client).hash(seed, service.name().hashCode() | 1);
    }
}
