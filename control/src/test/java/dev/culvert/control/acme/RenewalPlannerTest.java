package dev.culvert.control.acme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.control.acme.CertificateState.Phase;
import dev.culvert.control.acme.RenewalPlanner.DueOrder;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RenewalPlannerTest {
    private static final Instant START = Instant.parse("2026-11-21T12:00:00Z");
    private static final String NAME = "photos.example.com";
    private static final Duration DAY = Duration.ofDays(1);

    private Instant now = START;
    private RenewalPlanner planner = planner(CaLimits.LETS_ENCRYPT, 1);

    private static RenewalPlanner planner(CaLimits limits, long seed) {
        return new RenewalPlanner(limits, new Random(seed));
    }

    private static OrderFailure failure(OrderFault fault) {
        return new OrderFailure(fault, "no", "", null);
    }

    private void issue(String name, Duration life) {
        planner.handleIssued(name, new Lifetime(now, now.plus(life)), now);
    }

    private CertificateState state() {
        return planner.states().getFirst();
    }

    /// Lets time pass until the next order, however the ones before end.
    private DueOrder nextOrder() {
        for (int i = 0; i < 10_000; i++) {
            String info = planner.pollRenewalInfo(now);
            if (info != null) {
                planner.handleNoRenewalInfo(info, now);
                continue;
            }
            DueOrder order = planner.pollOrder(now);
            if (order != null) {
                return order;
            }
            Instant next = planner.nextDeadline();
            assertThat(next).isAfter(now).isNotEqualTo(Instant.MAX);
            now = next;
        }
        throw new AssertionError("never");
    }

    @Test
    void pollOrder_nameDeclared_ordersAtOnceAndOnce() {
        planner.handleDeclared(Set.of(NAME), now);
        assertThat(state().phase()).isEqualTo(Phase.NONE);

        assertThat(planner.pollOrder(now)).isEqualTo(new DueOrder(NAME, 0, false));
        assertThat(state().phase()).isEqualTo(Phase.ORDERING);
        assertThat(planner.pollOrder(now.plus(DAY))).isNull();

        issue(NAME, Duration.ofDays(90));
        assertThat(state().phase()).isEqualTo(Phase.VALID);
        assertThat(planner.pollOrder(now)).isNull();
    }

    @Test
    void pollOrder_nameNoLongerDeclared_ordersNothing() {
        planner.handleDeclared(Set.of(NAME), now);
        planner.handleDeclared(Set.of(), now);
        assertThat(planner.pollOrder(now)).isNull();
        assertThat(planner.nextDeadline()).isEqualTo(Instant.MAX);
        assertThat(planner.renewNow(NAME)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(longs = {90 * 24, 45 * 24, 6 * 24, 1})
    void pollOrder_withoutAdvice_renewsBeforeTwoThirdsOfLife(long hours) {
        for (int seed = 0; seed < 50; seed++) {
            planner = planner(CaLimits.LETS_ENCRYPT, seed);
            now = START;
            planner.handleDeclared(Set.of(NAME), now);
            nextOrder();
            issue(NAME, Duration.ofHours(hours));
            assertThat(nextOrder().renewal()).isTrue();
            double part = Duration.between(START, now).toMillis() / 3_600_000.0 / hours;
            assertThat(part).as("seed %d", seed).isBetween(0.61, 0.6667);
            assertThat(state().phase()).isEqualTo(Phase.RENEWING);
        }
    }

    @Test
    void handleRenewalInfo_window_renewsWithinIt() {
        planner.handleDeclared(Set.of(NAME), now);
        nextOrder();
        issue(NAME, Duration.ofDays(90));
        Lifetime window = new Lifetime(START.plus(Duration.ofDays(20)), START.plus(Duration.ofDays(22)));
        planner.handleRenewalInfo(NAME, window, null, now);
        nextOrder();
        assertThat(now).isBetween(window.from(), window.until());
    }

    /// A CA that revokes: the window lies behind.
    @Test
    void handleRenewalInfo_windowPassed_renewsNow() {
        planner.handleDeclared(Set.of(NAME), now);
        nextOrder();
        issue(NAME, Duration.ofDays(90));
        planner.handleRenewalInfo(NAME, new Lifetime(START.minus(DAY), START.minusSeconds(1)), null, now);
        assertThat(planner.pollOrder(now)).isNotNull();
    }

    @Test
    void handleRenewalInfo_windowAfterTheEnd_renewsWhileThereIsTime() {
        planner.handleDeclared(Set.of(NAME), now);
        nextOrder();
        issue(NAME, Duration.ofDays(90));
        planner.handleRenewalInfo(
                NAME, new Lifetime(START.plus(Duration.ofDays(100)), START.plus(Duration.ofDays(101))), null, now);
        nextOrder();
        assertThat(now).isEqualTo(START.plus(Duration.ofDays(75)));
    }

    @Test
    void pollRenewalInfo_askedAgainAsTheServerSays_withinAMinuteAndADay() {
        planner.handleDeclared(Set.of(NAME), now);
        nextOrder();
        issue(NAME, Duration.ofDays(90));
        now = now.plus(Duration.ofHours(1));
        assertThat(planner.pollRenewalInfo(now)).isEqualTo(NAME);
        assertThat(planner.pollRenewalInfo(now)).isNull();
        Lifetime window = new Lifetime(START.plus(DAY), START.plus(DAY.multipliedBy(2)));
        planner.handleRenewalInfo(NAME, window, now, now);
        assertThat(planner.pollRenewalInfo(now.plusSeconds(59))).isNull();
        assertThat(planner.pollRenewalInfo(now.plusSeconds(60))).isEqualTo(NAME);
        planner.handleRenewalInfo(NAME, window, now.plus(DAY.multipliedBy(9)), now);
        assertThat(planner.pollRenewalInfo(now.plus(DAY))).isEqualTo(NAME);
    }

    @Test
    void handleFailed_again_waitsTwiceAsLongUpToTwelveHours() {
        planner = planner(CaLimits.UNKNOWN, 7);
        planner.handleDeclared(Set.of(NAME), now);
        List<Long> minutes = new ArrayList<>();
        for (int i = 0; i < 13; i++) {
            Instant before = now;
            assertThat(nextOrder().attempt()).isEqualTo(i);
            minutes.add(Duration.between(before, now).toMinutes());
            planner.handleFailed(NAME, failure(OrderFault.REFUSED), now);
            assertThat(state().phase()).isEqualTo(Phase.FAILING);
        }
        for (int i = 1; i < minutes.size(); i++) {
            double declared = Math.min(720, Math.pow(2, i - 1));
            assertThat(minutes.get(i))
                    .as("after %d failures", i)
                    .isBetween((long) (declared * 0.8) - 1, (long) (declared * 1.2) + 1);
        }
    }

    /// Let's Encrypt: 5 failed validations per name and hour; the back-off alone would allow six.
    @Test
    void handleFailed_validations_atMostFiveInAnyHour() {
        planner.handleDeclared(Set.of(NAME), now);
        List<Instant> tries = new ArrayList<>();
        while (tries.size() < 12) {
            nextOrder();
            tries.add(now);
            planner.handleFailed(NAME, failure(OrderFault.CHALLENGE_REJECTED), now);
        }
        for (int i = 5; i < tries.size(); i++) {
            assertThat(Duration.between(tries.get(i - 5), tries.get(i))).isGreaterThanOrEqualTo(Duration.ofHours(1));
        }
    }

    @Test
    void pollOrder_sameNameAgainAndAgain_atMostFiveInAWeek() {
        planner.handleDeclared(Set.of(NAME), now);
        List<Instant> orders = new ArrayList<>();
        while (orders.size() < 12) {
            nextOrder();
            orders.add(now);
            issue(NAME, Duration.ofHours(30));
        }
        for (int i = 5; i < orders.size(); i++) {
            assertThat(Duration.between(orders.get(i - 5), orders.get(i))).isGreaterThanOrEqualTo(Duration.ofDays(7));
        }
    }

    @Test
    void pollOrder_manyNewNames_atMostFiftyPerDomainInAWeek() {
        Set<String> names = new TreeSet<>();
        for (int i = 0; i < 60; i++) {
            names.add("n" + i + ".example.com");
        }
        names.add("other.example.net");
        planner.handleDeclared(names, now);
        int issued = 0;
        for (DueOrder order = planner.pollOrder(now); order != null; order = planner.pollOrder(now)) {
            issue(order.name(), Duration.ofDays(90));
            issued++;
        }
        assertThat(issued).isEqualTo(51);
        nextOrder();
        assertThat(now).isEqualTo(START.plus(Duration.ofDays(7)));
    }

    @Test
    void pollOrder_manyNames_fewAtOnce() {
        planner.handleDeclared(Set.of("a.test", "b.test", "c.test", "d.test", "e.test"), now);
        for (int i = 0; i < 4; i++) {
            assertThat(planner.pollOrder(now)).isNotNull();
        }
        assertThat(planner.pollOrder(now)).isNull();
        issue("a.test", Duration.ofDays(90));
        assertThat(planner.pollOrder(now)).isEqualTo(new DueOrder("e.test", 0, false));
    }

    @Test
    void handleFailed_rateLimited_obeysTheServerEvenWhenTheOperatorDoesNot() {
        planner.handleDeclared(Set.of(NAME, "other.example.com"), now);
        planner.pollOrder(now);
        planner.pollOrder(now);
        Instant told = now.plus(Duration.ofHours(30));
        planner.handleFailed("other.example.com", new OrderFailure(OrderFault.RATE_LIMITED, "slow", "", told), now);
        issue(NAME, Duration.ofDays(90));
        assertThat(planner.renewNow("other.example.com")).isTrue();
        assertThat(planner.pollOrder(told.minusSeconds(1))).isNull();
        assertThat(planner.pollOrder(told)).isNotNull();
    }

    @Test
    void handleFailed_rateLimited_othersWaitAnHourAtMost() {
        planner.handleDeclared(Set.of("a.test", "b.test"), now);
        planner.pollOrder(now);
        planner.handleFailed(
                "a.test", new OrderFailure(OrderFault.RATE_LIMITED, "slow", "", now.plus(Duration.ofHours(30))), now);
        assertThat(planner.pollOrder(now)).isNull();
        assertThat(nextOrder().name()).isEqualTo("b.test");
        assertThat(now).isEqualTo(START.plus(Duration.ofHours(1)));
    }

    @Test
    void renewNow_validCertificate_ordersAtOnce() {
        planner.handleDeclared(Set.of(NAME), now);
        nextOrder();
        issue(NAME, Duration.ofDays(90));
        assertThat(planner.renewNow(NAME)).isTrue();
        assertThat(planner.pollOrder(now)).isEqualTo(new DueOrder(NAME, 0, true));
        issue(NAME, Duration.ofDays(90));
        assertThat(planner.pollOrder(now)).isNull();
    }

    /// The CA is down from the moment when renewal is due, for 48 hours.
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5})
    void handleFailed_authorityDownForTwoDays_asksRarelyServesAndRenews(int seed) throws IOException {
        planner = planner(CaLimits.LETS_ENCRYPT, seed);
        Set<String> names = Set.of("a.test", "b.test", "c.test", "d.test", "e.test", "f.test");
        planner.handleDeclared(names, now);
        for (int i = 0; i < names.size(); i++) {
            issue(nextOrder().name(), Duration.ofDays(90));
        }
        DueOrder order = nextOrder();
        Instant down = now;
        Instant up = down.plus(Duration.ofDays(2));
        planner.handleFailed(order.name(), failure(OrderFault.UNREACHABLE), now);
        List<Instant> tries = new ArrayList<>(List.of(now));
        order = nextOrder();
        while (now.isBefore(up)) {
            tries.add(now);
            planner.handleFailed(order.name(), failure(OrderFault.UNREACHABLE), now);
            planner.states()
                    .forEach(state -> assertThat(life(state).isOver(now)).isFalse());
            // A restart in between changes nothing.
            RenewalPlanner again = planner(CaLimits.LETS_ENCRYPT, seed + 100);
            PlannerMemory.read(PlannerMemory.write(planner), again);
            planner.states().forEach(state -> again.handleStored(state.name(), life(state)));
            again.handleDeclared(names, now);
            assertThat(again.states()).isEqualTo(planner.states());
            planner = again;
            order = nextOrder();
        }
        // 1, 2, 4 … 512 minutes are 17 h, then every 12 h: once for all names together.
        assertThat(tries).hasSizeBetween(11, 16);
        for (int i = 1; i < tries.size(); i++) {
            double declared = Math.min(720, Math.pow(2, i - 1));
            assertThat(Duration.between(tries.get(i - 1), tries.get(i)).toMinutes())
                    .isBetween((long) (declared * 0.8) - 1, (long) (declared * 1.2) + 1);
        }
        assertThat(now).isBefore(up.plus(Duration.ofHours(15)));
        planner.handleIssued(order.name(), new Lifetime(now, now.plus(Duration.ofDays(90))), now);
        // It answers again: the others follow at once, as far as they are due.
        assertThat(planner.caTryAt).isEqualTo(Instant.EPOCH);
    }

    @Test
    void handleFailed_shortLivedCertificate_triesOftenEnough() {
        planner = planner(CaLimits.UNKNOWN, 3);
        planner.handleDeclared(Set.of(NAME), now);
        nextOrder();
        issue(NAME, Duration.ofDays(6));
        int tries = 0;
        Instant end = START.plus(Duration.ofDays(6));
        for (nextOrder(); now.isBefore(end); nextOrder()) {
            tries++;
            planner.handleFailed(NAME, failure(OrderFault.REFUSED), now);
        }
        assertThat(tries).isGreaterThan(15);
    }

    @Test
    void handleDeclared_nameComesBack_findsItsLimits() {
        planner.handleDeclared(Set.of(NAME), now);
        nextOrder();
        planner.handleFailed(NAME, failure(OrderFault.CHALLENGE_REJECTED), now);
        planner.handleDeclared(Set.of(), now);
        planner.handleDeclared(Set.of(NAME), now);
        assertThat(planner.pollOrder(now)).isNull();
        planner.handleDeclared(Set.of(), now);
        planner.handleDeclared(Set.of(), now.plus(Duration.ofDays(9)));
        assertThat(planner.plans).isEmpty();
    }

    private static Lifetime life(CertificateState state) {
        return Objects.requireNonNull(state.lifetime());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "[]", "{\"caTryAt\":\"x\"}", "{\"caTryAt\":\"2026-11-21T12:00:00Z\",\"names\":{\"a\":{}}}"})
    void read_nonsense_isRefused(String text) {
        assertThatThrownBy(() -> PlannerMemory.read(text, planner)).isInstanceOf(IOException.class);
    }
}
