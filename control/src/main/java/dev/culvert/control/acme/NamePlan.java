package dev.culvert.control.acme;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// What [RenewalPlanner] knows of one name. Owned by it.
final class NamePlan {
    private static final Duration FIRST_BACK_OFF = Duration.ofMinutes(1);
    private static final Duration LONGEST_BACK_OFF = Duration.ofHours(12);
    private static final int KEPT = 64;

    final String name;
    boolean declared;
    boolean ordering;
    boolean forced;

    @Nullable
    Lifetime lifetime;

    /// Of the certificate that an earlier run had planned for.
    @Nullable
    Lifetime remembered;

    /// When the certificate is due for renewal; means nothing without one.
    Instant renewAt = Instant.EPOCH;

    Instant askInfoAt = Instant.EPOCH;

    @Nullable
    Lifetime window;

    /// Failures in a row, of this name.
    int failures;
    Instant tryAt = Instant.EPOCH;
    /// What the CA said; an operator's impatience does not change it.
    Instant limitedUntil = Instant.EPOCH;

    @Nullable
    OrderFailure failure;

    @Nullable
    Instant failedAt;

    final Deque<Instant> rejected = new ArrayDeque<>();
    final Deque<Instant> issued = new ArrayDeque<>();

    NamePlan(String name) {
        this.name = name;
    }

    /// 1 minute, doubling to 12 hours, a fifth more or less by chance; sooner where a certificate is about to end.
    static Duration backOff(int failures, @Nullable Duration left, RandomGenerator random) {
        long most = LONGEST_BACK_OFF.toMillis();
        if (left != null) {
            most = Math.clamp(left.toMillis() / 4, FIRST_BACK_OFF.toMillis(), most);
        }
        long base = Math.min(most, FIRST_BACK_OFF.toMillis() << Math.min(failures - 1, 20));
        return Duration.ofMillis((long) (base * random.nextDouble(0.8, 1.2)));
    }

    /// At 2/3 of its life, up to a twentieth of it earlier.
    void handleLifetime(Lifetime next, RandomGenerator random) {
        lifetime = next;
        window = null;
        renewAt = next.after(2 / 3.0 - random.nextDouble(0, 0.05));
    }

    /// A certificate that was kept; what had been planned for it holds.
    void handleStored(Lifetime stored, RandomGenerator random) {
        if (stored.equals(remembered)) {
            lifetime = stored;
        } else if (!stored.equals(lifetime)) {
            handleLifetime(stored, random);
        }
    }

    /// A point of the CA's window by chance, once for each window (RFC 9773 §4.2); never so late that a few failures
    /// would end the certificate.
    void handleWindow(Lifetime suggested, RandomGenerator random) {
        Lifetime current = lifetime;
        if (current == null || suggested.equals(window)) {
            return;
        }
        window = suggested;
        Instant chosen = suggested.after(random.nextDouble());
        Instant latest = current.after(5 / 6.0);
        renewAt = chosen.isBefore(latest) ? chosen : latest;
    }

    Instant dueAt() {
        return lifetime == null || forced ? Instant.EPOCH : renewAt;
    }

    /// When the CA's known limits allow another order of this name.
    Instant allowedAt(CaLimits limits) {
        Instant validation = nth(rejected, limits.failedValidations(), CaLimits.VALIDATION_WINDOW);
        // A renewal that the CA itself asked for does not count there (RFC 9773 §4.2), but may it count here.
        Instant duplicate = forced ? Instant.EPOCH : nth(issued, limits.duplicates(), CaLimits.CERTIFICATE_WINDOW);
        return later(validation, duplicate);
    }

    /// When the oldest of the last `most` leaves the window, so that there is room for another.
    static Instant nth(Deque<Instant> times, int most, Duration window) {
        if (most == 0 || times.size() < most) {
            return Instant.EPOCH;
        }
        return times.stream()
                .skip(times.size() - most)
                .findFirst()
                .orElseThrow()
                .plus(window);
    }

    static Instant later(Instant one, Instant other) {
        return one.isAfter(other) ? one : other;
    }

    static void add(Deque<Instant> times, Instant time, int kept) {
        times.addLast(time);
        if (times.size() > kept) {
            times.removeFirst();
        }
    }

    void handleIssued(Lifetime next, Instant now, RandomGenerator random) {
        handleLifetime(next, random);
        add(issued, now, KEPT);
        ordering = false;
        forced = false;
        failures = 0;
        tryAt = Instant.EPOCH;
        limitedUntil = Instant.EPOCH;
        failure = null;
        failedAt = null;
        askInfoAt = now.plusSeconds(random.nextLong(600, 3_600));
    }

    void handleFailed(OrderFailure next, Instant now, RandomGenerator random) {
        ordering = false;
        forced = false;
        failure = next;
        failedAt = now;
        if (next.fault() == OrderFault.UNREACHABLE) {
            return;
        }
        failures++;
        if (next.fault() == OrderFault.CHALLENGE_REJECTED) {
            add(rejected, now, KEPT);
        }
        Duration left = lifetime == null || lifetime.isOver(now) ? null : lifetime.left(now);
        tryAt = now.plus(backOff(failures, left, random));
        Instant told = next.retryAfter();
        if (told != null) {
            limitedUntil = later(limitedUntil, told);
        }
    }
}
