package dev.culvert.dataplane;

import dev.culvert.dataplane.os.LinuxReturnPath;
import dev.culvert.model.Model;
import java.io.IOException;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The way back for connections in their visitors' names, which is there as long as the model has targets for them.
final class ReturnPath {
    private final boolean linux;
    private final ScheduledExecutorService scheduler;
    private @Nullable Future<?> ending;
    private volatile @Nullable LinuxReturnPath path;
    private boolean looked;
    private boolean suspended;

    /// @param linux whether this process has the kernel's own sockets
    ReturnPath(boolean linux, ScheduledExecutorService scheduler) {
        this.linux = linux;
        this.scheduler = scheduler;
    }

    /// Before `next` holds.
    ///
    /// @throws IOException with the remedy, where it is not to be had
    synchronized void acquire(Model next) throws IOException {
        if (isWanted(next)) {
            stay();
            if (path == null) {
                path = open();
            }
        } else if (!looked && linux) {
            LinuxReturnPath.clear();
        }
        looked = true;
    }

    /// Once `next` holds, or has been refused and `next` is the one before. The connections that have just been cut
    /// are ended by their targets too, each when it gets to it: that would go to the visitors.
    synchronized void release(Model next) {
        if (!isWanted(next) && path != null && ending == null) {
            ending = scheduler.schedule(this::close, LinuxReturnPath.ENDING_SECONDS, TimeUnit.SECONDS);
        }
    }

    private void stay() {
        Future<?> end = ending;
        ending = null;
        if (end != null) {
            end.cancel(false);
        }
    }

    private static boolean isWanted(Model model) {
        return !model.rules().transparent().allow().isEmpty();
    }

    private LinuxReturnPath open() throws IOException {
        if (!linux) {
            throw new IOException("client-address: transparent needs Linux, and epoll (not -Dculvert.io=nio)");
        }
        return LinuxReturnPath.open();
    }

    boolean isOpen() {
        return path != null;
    }

    /// The process that comes next may have it.
    synchronized void suspend() {
        suspended = path != null;
        close();
    }

    synchronized void resume() {
        if (!suspended) {
            return;
        }
        suspended = false;
        try {
            path = open();
        } catch (IOException e) {
            // The next reload says so; until then these targets take no visitors.
        }
    }

    synchronized void close() {
        stay();
        LinuxReturnPath open = path;
        path = null;
        if (open != null) {
            open.close();
        }
    }
}
