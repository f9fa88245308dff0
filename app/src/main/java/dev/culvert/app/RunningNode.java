package dev.culvert.app;

import dev.culvert.control.Supervisor;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/// Keeps a node running in the foreground until it is told to stop; SIGHUP reads its configuration again.
final class RunningNode {
    // Together with the closing of everything, less than onExit waits.
    private static final Duration DRAIN = Duration.ofSeconds(2);

    private RunningNode() {}

    /// @param arguments what starts the same node again
    static int untilStopped(Wiring wiring, List<String> arguments) throws Exception {
        CountDownLatch stop = new CountDownLatch(1);
        CountDownLatch closed = new CountDownLatch(1);
        onExit(stop, closed);
        Supervisor supervisor =
                Supervisor.of(System.getenv(), ProcessHandle.current().pid());
        onHangUp(wiring, supervisor);
        wiring.watchedBy(supervisor);
        AtomicBoolean followed = new AtomicBoolean();
        wiring.handover().allow(arguments, pid -> {
            System.err.println("process " + pid + " serves now, this one ends");
            followed.set(true);
            supervisor.followedBy(pid);
            stop.countDown();
        });
        supervisor.ready();
        stop.await();
        if (!followed.get()) {
            supervisor.stopping();
        }
        wiring.handover().stop(DRAIN);
        wiring.close();
        closed.countDown();
        return 0;
    }

    /// When the process is told to end: opens `stop`, and lets it go once `closed` is open, but waits no longer than a
    /// service manager would.
    static void onExit(CountDownLatch stop, CountDownLatch closed) {
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            stop.countDown();
                            try {
                                closed.await(5, TimeUnit.SECONDS);
                            } catch (InterruptedException e) {
                                Thread.currentThread().interrupt();
                            }
                        },
                        "stop"));
    }

    /// The JDK offers signals in `jdk.unsupported` only, whose names the compiler does not let pass; a JVM without them
    /// still reloads when the file changes.
    private static void onHangUp(Wiring wiring, Supervisor supervisor) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object reload = Proxy.newProxyInstance(handler.getClassLoader(), new Class<?>[] {handler}, (_, _, _) -> {
                Thread.ofVirtual().start(() -> {
                    supervisor.reloading();
                    wiring.reload();
                    supervisor.ready();
                });
                return null;
            });
            Object hangUp = signal.getConstructor(String.class).newInstance("HUP");
            signal.getMethod("handle", signal, handler).invoke(null, hangUp, reload);
        } catch (ReflectiveOperationException e) {
            System.err.println("no SIGHUP on this JVM: a change of the file is still noticed");
        }
    }
}
