package dev.culvert.dataplane;

import dev.culvert.dataplane.InheritedSockets.Lent;
import dev.culvert.dataplane.tunnel.TunnelDriver;
import dev.culvert.model.Bind;
import io.netty.channel.Channel;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/// How a node lets go of its visitors: it accepts nobody new, lets what runs come to its end within a bound, and can
/// give its sockets to another process, or take everything up again.
///
/// The order is [#begin], [#await], [#suspend], and then either [#resume] or [#cut]. Called by one thread that may
/// block, never by an event loop.
public final class Drain {
    // Who has had the last word of its target for so long is taken to have no request under way.
    private static final long QUIET_NANOS = TimeUnit.MILLISECONDS.toNanos(250);
    // In the second half of the time a pause between two requests is enough: the end will come between them or in one.
    private static final long SHORT_QUIET_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final long HANG_UP_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long LOOK_MILLIS = 10;
    private static final long LOOP_SECONDS = 5;

    private final Loops loops;
    private final TunnelDriver tunnel;
    private final Bind udp;
    private final Listeners listeners;
    private final ConnectionRegistry connections;
    private final ReturnPath returnPath;

    /// What is told to every visitor's channel when a drain begins, and when it was given up.
    public enum Notice {
        BEGIN,
        END
    }

    /// @param udp what the tunnel's UDP socket was bound to at the start, as the configuration says it
    Drain(
            Loops loops,
            TunnelDriver tunnel,
            Bind udp,
            Listeners listeners,
            ConnectionRegistry connections,
            ReturnPath returnPath) {
        this.loops = loops;
        this.tunnel = tunnel;
        this.udp = udp;
        this.listeners = listeners;
        this.connections = connections;
        this.returnPath = returnPath;
    }

    /// @throws IOException if this node's sockets are not of the kind that can be given away
    public void requireLendable() throws IOException {
        if (tunnel.descriptor() < 0) {
            String reason = tunnel.sharesPorts()
                    ? "this node's tunnel is an interface of the kernel's (tunnel: type: " + tunnel.type() + ")"
                    : "this node uses the JDK's sockets (" + loops.kind() + ")";
            throw new IOException(reason + ", which cannot be handed over: stop it and start the new one");
        }
    }

    /// The sockets that another process can be given.
    public List<Lent> sockets() {
        List<Lent> all = new ArrayList<>();
        InetSocketAddress bound = udp.address() == null
                ? new InetSocketAddress(udp.port())
                : new InetSocketAddress(udp.address(), udp.port());
        all.add(new Lent(InheritedSockets.udp(bound), tunnel.descriptor()));
        all.addAll(listeners.lent());
        return all;
    }

    /// Accepts nobody from now on. Who connects waits in the kernel's queue, or dials again inside the tunnel.
    public void begin() {
        wait(tunnel.acceptNew(false));
        listeners.accept(false);
        // What was accepted until now is on its way to its loop; behind this task it is there.
        settle();
        tellVisitors(Notice.BEGIN);
        // From here on no response promises another one: a loop reads before it runs what it was given.
        settle();
    }

    /// Waits until nothing is under way any more, but no longer than `nanos`.
    ///
    /// @return whether all came to its end
    public boolean await(long nanos) throws InterruptedException {
        long began = System.nanoTime();
        while (true) {
            long spent = System.nanoTime() - began;
            long quiet = spent < nanos / 2 ? QUIET_NANOS : SHORT_QUIET_NANOS;
            connections.closeQuietHops(quiet);
            if (isQuiet()) {
                return true;
            }
            if (spent >= nanos) {
                return false;
            }
            TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
        }
    }

    private boolean isQuiet() {
        if (connections.busy(QUIET_NANOS) > 0) {
            return false;
        }
        Set<Channel> served = connections.visitors();
        return listeners.visitors().stream().noneMatch(visitor -> isOpen(visitor) && !served.contains(visitor));
    }

    /// A channel whose last bytes have left, with the end behind them, waits only for the visitor to hang up.
    private static boolean isOpen(Channel visitor) {
        return visitor.isActive() && !(visitor instanceof DuplexChannel duplex && duplex.isOutputShutdown());
    }

    /// The gentle half of a stop: closes the listening sockets, so that nobody new comes, and waits until nothing
    /// is under way any more, but no longer than `nanos`.
    public void stop(long nanos) throws InterruptedException {
        wait(tunnel.acceptNew(false));
        listeners.closeGently();
        settle();
        tellVisitors(Notice.BEGIN);
        await(nanos);
        listeners.closeAll();
    }

    private void tellVisitors(Notice notice) {
        listeners.visitors().forEach(visitor -> visitor.pipeline().fireUserEventTriggered(notice));
    }

    /// Ends, with a reset, what goes through the tunnel of a site, and falls silent: the other process may speak now.
    public void suspend() {
        connections.resetHops();
        returnPath.suspend();
        listeners.silence();
        wait(tunnel.suspend());
    }

    /// Goes on as if nothing had been.
    public void resume() {
        returnPath.resume();
        wait(tunnel.resume());
        wait(tunnel.acceptNew(true));
        listeners.accept(true);
        tellVisitors(Notice.END);
    }

    /// Ends, with a reset, what has not come to its end, for a transfer that is cut must not look complete; then gives
    /// those who were answered a moment to hang up first.
    ///
    /// @return how many were cut
    public int cut() throws InterruptedException {
        int cut = connections.resetAll();
        long end = System.nanoTime() + HANG_UP_NANOS;
        while (!listeners.visitors().isEmpty() && System.nanoTime() < end) {
            TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
        }
        settle();
        return cut;
    }

    /// What other threads have given to the loops so far is done when this returns.
    private void settle() {
        for (EventExecutor loop : loops.visitors()) {
            wait(loop.submit(() -> {}));
        }
    }

    private static void wait(Future<?> done) {
        if (!done.awaitUninterruptibly(LOOP_SECONDS, TimeUnit.SECONDS)) {
            throw new IllegalStateException("an event loop does not answer");
        }
    }
}
