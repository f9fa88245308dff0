package dev.culvert.control;

import dev.culvert.dataplane.os.NotifySocket;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The service manager that started this process, if one did: told what the process is at, and that it lives
/// (sd_notify(3), sd_watchdog_enabled(3)). Without one, every call does nothing. Safe from any thread.
public final class Supervisor {
    private static final Logger LOG = LoggerFactory.getLogger("culvert");

    // Three beats in the time that the manager grants: one may come late without a restart.
    private static final int BEATS = 3;

    private final @Nullable NotifySocket socket;
    private final long watchdogMicros;

    private Supervisor(@Nullable NotifySocket socket, long watchdogMicros) {
        this.socket = socket;
        this.watchdogMicros = watchdogMicros;
    }

    /// @param environment of the process: `NOTIFY_SOCKET`, `WATCHDOG_USEC`, `WATCHDOG_PID`
    /// @param pid of this process
    public static Supervisor of(Map<String, String> environment, long pid) {
        String address = environment.get("NOTIFY_SOCKET");
        if (address == null || address.isEmpty()) {
            return new Supervisor(null, 0);
        }
        try {
            return new Supervisor(NotifySocket.open(address), watchdog(environment, pid));
        } catch (IOException e) {
            LOG.warn("the service manager cannot be told anything: {}", e.getMessage());
            return new Supervisor(null, 0);
        }
    }

    private static long watchdog(Map<String, String> environment, long pid) {
        String micros = environment.getOrDefault("WATCHDOG_USEC", "");
        String watched = environment.getOrDefault("WATCHDOG_PID", Long.toString(pid));
        return micros.matches("[0-9]{1,18}") && watched.equals(Long.toString(pid)) ? Long.parseLong(micros) : 0;
    }

    /// Everything runs that shall run.
    public void ready() {
        send("READY=1");
    }

    /// The configuration is being read anew; [#ready] follows.
    public void reloading() {
        // System.nanoTime is CLOCK_MONOTONIC on Linux, which is what the manager compares with.
        send("RELOADING=1\nMONOTONIC_USEC=" + System.nanoTime() / 1_000);
    }

    /// Everything is about to be closed.
    public void stopping() {
        send("STOPPING=1");
    }

    /// Another process has this one's place; it is the one to watch from now on.
    public void followedBy(long pid) {
        if (pid > 0) {
            send("MAINPID=" + pid);
        }
    }

    /// Tells the manager that this process lives, as long as `scheduler` fires and `loop` runs what it is given. A hang
    /// of
    /// either is silence, and silence makes the manager restart the process.
    public void watch(ScheduledExecutorService scheduler, Executor loop) {
        if (watchdogMicros > 0) {
            long every = Math.max(1, watchdogMicros / BEATS);
            scheduler.scheduleAtFixedRate(
                    () -> loop.execute(() -> send("WATCHDOG=1")), 0, every, TimeUnit.MICROSECONDS);
        }
    }

    private void send(String message) {
        if (socket != null) {
            socket.send(message);
        }
    }
}
