package dev.culvert.control.acme;

import dev.culvert.control.acme.CertificateState.Phase;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Decides which certificate is ordered when, and does nothing itself: time and chance are handed in.
///
/// A name is ordered only while it is declared, and never twice at a time. Owned by [Certificates], which holds its
/// lock around every call.
final class RenewalPlanner {
    /// Names beyond these wait: a CA counts connections too.
    private static final int MOST_AT_ONCE = 4;

    private static final Duration INFO_INTERVAL = Duration.ofHours(6);
    private static final Duration FORGET = Duration.ofDays(8);
    // The CA's word to one name makes the others wait too, but not for as long.
    private static final Duration SHARED_PAUSE = Duration.ofHours(1);

    private final CaLimits limits;
    private final RandomGenerator random;
    final Map<String, NamePlan> plans = new TreeMap<>();
    /// First certificates by registered domain.
    final Map<String, Deque<Instant>> firsts = new TreeMap<>();
    final Deque<Instant> orders = new ArrayDeque<>();
    int caFailures;
    Instant caTryAt = Instant.EPOCH;

    /// An order that is due.
    ///
    /// @param attempt how often in a row it has failed: another kind of proof may do better
    /// @param renewal whether there is a certificate that it replaces
    record DueOrder(String name, int attempt, boolean renewal) {}

    RenewalPlanner(CaLimits limits, RandomGenerator random) {
        this.limits = limits;
        this.random = random;
    }

    /// The names that services declare now. What was learnt about others is kept for a while: a service that comes
    /// back finds the limits as they are.
    void handleDeclared(Set<String> names, Instant now) {
        names.forEach(name -> plans.computeIfAbsent(name, NamePlan::new));
        plans.values().forEach(plan -> plan.declared = names.contains(plan.name));
        plans.values().removeIf(plan -> !plan.declared && !plan.ordering && isForgotten(plan, now));
    }

    private static boolean isForgotten(NamePlan plan, Instant now) {
        Instant latest = plan.issued.isEmpty() ? Instant.EPOCH : plan.issued.getLast();
        Instant failed = plan.failedAt;
        Instant last = failed == null ? latest : NamePlan.later(latest, failed);
        return last.plus(FORGET).isBefore(now) && plan.limitedUntil.isBefore(now);
    }

    /// A certificate that was kept from an earlier run.
    void handleStored(String name, Lifetime lifetime) {
        plans.computeIfAbsent(name, NamePlan::new).handleStored(lifetime, random);
    }

    void handleIssued(String name, Lifetime lifetime, Instant now) {
        NamePlan plan = plans.computeIfAbsent(name, NamePlan::new);
        if (plan.issued.isEmpty() && plan.lifetime == null) {
            NamePlan.add(firsts.computeIfAbsent(registered(name), _ -> new ArrayDeque<>()), now, 64);
        }
        plan.handleIssued(lifetime, now, random);
        caFailures = 0;
        caTryAt = Instant.EPOCH;
    }

    void handleFailed(String name, OrderFailure failure, Instant now) {
        NamePlan plan = plans.computeIfAbsent(name, NamePlan::new);
        plan.handleFailed(failure, now, random);
        if (failure.fault() == OrderFault.UNREACHABLE) {
            caFailures++;
            caTryAt = now.plus(NamePlan.backOff(caFailures, leastLeft(now), random));
        } else {
            caFailures = 0;
        }
        Instant told = failure.retryAfter();
        if (told != null) {
            Instant shared = now.plus(SHARED_PAUSE);
            caTryAt = NamePlan.later(caTryAt, told.isBefore(shared) ? told : shared);
        }
    }

    private @Nullable Duration leastLeft(Instant now) {
        Duration least = null;
        for (NamePlan plan : plans.values()) {
            Lifetime life = plan.lifetime;
            if (plan.declared && life != null && !life.isOver(now)) {
                Duration left = life.left(now);
                least = least == null || left.compareTo(least) < 0 ? left : least;
            }
        }
        return least;
    }

    /// What the CA advises (RFC 9773).
    ///
    /// @param askAgain when it wants to be asked again; null if it did not say
    void handleRenewalInfo(String name, Lifetime window, @Nullable Instant askAgain, Instant now) {
        NamePlan plan = plans.get(name);
        if (plan != null) {
            plan.handleWindow(window, random);
            plan.askInfoAt = within(askAgain, now);
        }
    }

    /// No advice was to be had: 2/3 of life stands, or what was advised before.
    void handleNoRenewalInfo(String name, Instant now) {
        NamePlan plan = plans.get(name);
        if (plan != null) {
            plan.askInfoAt = within(null, now);
        }
    }

    // RFC 9773 §4.3.2: between a minute and a day, whatever the header says.
    private Instant within(@Nullable Instant told, Instant now) {
        if (told == null) {
            return now.plusMillis((long) (INFO_INTERVAL.toMillis() * random.nextDouble(0.8, 1.2)));
        }
        Instant least = now.plus(Duration.ofMinutes(1));
        Instant most = now.plus(Duration.ofDays(1));
        return told.isBefore(least) ? least : told.isAfter(most) ? most : told;
    }

    /// The operator wants it now: back-off does not count, the CA's own word does.
    ///
    /// @return false if no service declares the name
    boolean renewNow(String name) {
        NamePlan plan = plans.get(name);
        if (plan == null || !plan.declared) {
            return false;
        }
        plan.forced = true;
        plan.tryAt = Instant.EPOCH;
        if (caFailures > 0) {
            caTryAt = Instant.EPOCH;
        }
        return true;
    }

    /// The next order to begin now; whoever takes it reports how it ended.
    @Nullable
    DueOrder pollOrder(Instant now) {
        if (isFull()) {
            return null;
        }
        for (NamePlan plan : plans.values()) {
            if (plan.declared && !plan.ordering && !earliest(plan).isAfter(now)) {
                plan.ordering = true;
                NamePlan.add(orders, now, Math.max(1, limits.orders()));
                return new DueOrder(plan.name, plan.failures, plan.lifetime != null);
            }
        }
        return null;
    }

    // Where the CA did not answer one asks, not all.
    private boolean isFull() {
        long underWay = plans.values().stream().filter(plan -> plan.ordering).count();
        return underWay >= (caFailures > 0 ? 1 : MOST_AT_ONCE);
    }

    /// A name whose CA shall be asked for advice now.
    @Nullable
    String pollRenewalInfo(Instant now) {
        for (NamePlan plan : plans.values()) {
            if (asksInfo(plan) && !plan.askInfoAt.isAfter(now)) {
                plan.askInfoAt = now.plus(INFO_INTERVAL);
                return plan.name;
            }
        }
        return null;
    }

    private static boolean asksInfo(NamePlan plan) {
        return plan.declared && !plan.ordering && plan.lifetime != null;
    }

    private Instant earliest(NamePlan plan) {
        Instant at = NamePlan.later(plan.dueAt(), NamePlan.later(plan.tryAt, plan.limitedUntil));
        at = NamePlan.later(at, plan.allowedAt(limits));
        at = NamePlan.later(at, caTryAt);
        at = NamePlan.later(at, NamePlan.nth(orders, limits.orders(), CaLimits.ORDER_WINDOW));
        if (plan.lifetime == null && plan.issued.isEmpty()) {
            Deque<Instant> domain = firsts.getOrDefault(registered(plan.name), new ArrayDeque<>());
            at = NamePlan.later(at, NamePlan.nth(domain, limits.perDomain(), CaLimits.CERTIFICATE_WINDOW));
        }
        return at;
    }

    /// When there is something to poll next; [Instant#MAX] if not before an order has ended.
    Instant nextDeadline() {
        Instant next = Instant.MAX;
        boolean full = isFull();
        for (NamePlan plan : plans.values()) {
            if (plan.declared && !plan.ordering && !full) {
                next = earlier(next, earliest(plan));
            }
            if (asksInfo(plan)) {
                next = earlier(next, plan.askInfoAt);
            }
        }
        return next;
    }

    private static Instant earlier(Instant one, Instant other) {
        return one.isBefore(other) ? one : other;
    }

    /// Every declared name, by name.
    List<CertificateState> states() {
        List<CertificateState> states = new ArrayList<>();
        for (NamePlan plan : plans.values()) {
            if (plan.declared) {
                Instant next = earliest(plan);
                states.add(new CertificateState(
                        plan.name, phase(plan), plan.lifetime, next, plan.failure, plan.failedAt, plan.failures));
            }
        }
        states.sort(Comparator.comparing(CertificateState::name));
        return states;
    }

    private static Phase phase(NamePlan plan) {
        if (plan.ordering) {
            return plan.lifetime == null ? Phase.ORDERING : Phase.RENEWING;
        }
        if (plan.failure != null) {
            return Phase.FAILING;
        }
        return plan.lifetime == null ? Phase.NONE : Phase.VALID;
    }

    /// Its last two labels: under a suffix such as co.uk that counts strangers in, which errs on the careful side.
    static String registered(String name) {
        int last = name.lastIndexOf('.');
        int before = last < 0 ? -1 : name.lastIndexOf('.', last - 1);
        return name.substring(before + 1);
    }
}
