package dev.culvert.app;

import dev.culvert.control.Supervisor;
import java.lang.reflect.Proxy;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// Keeps a node running in the foreground until it is told to stop; SIGHUP reads its configuration again.
final class RunningNode {
    private RunningNode() {}

    static int untilStopped(Wiring wiring) throws Exception {
        CountDownLatch stop = new CountDownLatch(1);
        CountDownLatch closed = new CountDownLatch(1);
        onExit(stop, closed);
        Supervisor supervisor =
                Supervisor.of(System.getenv(), ProcessHandle.current().pid());
        onHangUp(wiring, supervisor);
        wiring.watchedBy(supervisor);
        supervisor.ready();
        stop.await();
        supervisor.stopping();
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
