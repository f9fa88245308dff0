package dev.culvert.dataplane;

import dev.culvert.dataplane.http.HealthQuestion;
import dev.culvert.model.Destination;
import dev.culvert.model.HealthCheck;
import dev.culvert.model.Service;
import dev.culvert.model.Site;
import dev.culvert.model.decide.TargetState;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Asks the targets of services that have a `health:` whether they are well, each in its own interval. Runs on the
/// scheduler; dials and answers are the loops'.
final class HealthChecks {
    private static final int TICK_MILLIS = 500;
    private static final int PATIENCE_MILLIS = 2_000;

    private final Supplier<RunningModel> runtime;
    private final Dialer dialer;
    private final HealthQuestion question;
    private final Supplier<EventLoop> loops;
    private final Events events;
    // Of the scheduler's thread alone.
    private final Map<TargetState, Long> due = new WeakHashMap<>();

    HealthChecks(Supplier<RunningModel> runtime, Dialer dialer, Supplier<EventLoop> loops, Events events) {
        this.runtime = runtime;
        this.dialer = dialer;
        this.question = new HealthQuestion(dialer);
        this.loops = loops;
        this.events = events;
    }

    void start(ScheduledExecutorService scheduler) {
        scheduler.scheduleWithFixedDelay(this::tick, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void tick() {
        RunningModel now = runtime.get();
        for (Service service : now.model().services().values()) {
            HealthCheck check = service.balancing().check();
            // Where visitors come to a gateway it asks; a site's own published services are asked by its gateways.
            boolean ours = now.model().listeners().stream()
                    .anyMatch(listener ->
                            listener.service() == null || listener.service().equals(service.name()));
            if (check != null && ours) {
                now.targets().of(service).targets().forEach(target -> ask(now, service, check, target));
            }
        }
    }

    private void ask(RunningModel now, Service service, HealthCheck check, TargetState target) {
        long time = System.nanoTime();
        Long next = due.get(target);
        if (next != null && next - time > 0) {
            return;
        }
        due.put(target, time + TimeUnit.SECONDS.toNanos(check.interval()));
        Destination destination = target.destination();
        Site site = destination.site() == null ? null : now.model().sites().get(destination.site());
        EventLoop loop = loops.get();
        if (check.path() == null && !check.dialogue().saysNothing()) {
            HealthDialogue.hold(
                            dialer.dialShared(destination.target(), site, loop),
                            check.dialogue(),
                            destination.target(),
                            PATIENCE_MILLIS,
                            loop)
                    .addListener(done -> answered(target, reason(done)));
        } else if (check.path() == null) {
            Future<Long> dialled = dialer.probe(destination.target(), site);
            Future<?> patience = loop.schedule(() -> {}, PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
            patience.addListener(_ -> {
                if (!dialled.isDone()) {
                    answered(target, "no connection within " + PATIENCE_MILLIS + " ms");
                }
            });
            dialled.addListener(done -> {
                if (patience.cancel(false)) {
                    answered(
                            target,
                            done.isSuccess()
                                    ? null
                                    : String.valueOf(done.cause().getMessage()));
                }
            });
        } else {
            question.ask(service, check, destination, site, PATIENCE_MILLIS, loop)
                    .addListener(done -> answered(target, reason(done)));
        }
    }

    private static String reason(Future<? super String> said) {
        return said.isSuccess()
                ? (String) said.getNow()
                : String.valueOf(said.cause().getMessage());
    }

    /// @param reason why it is not well, or null; an empty one is none
    private void answered(TargetState target, @Nullable String reason) {
        boolean well = reason == null || reason.isEmpty();
        if (target.checked(well ? null : reason)) {
            events.report(
                    target.service(),
                    well ? "target.up" : "target.down",
                    target.destination() + (well ? " is well again" : " is not well: " + reason));
        }
    }
}
