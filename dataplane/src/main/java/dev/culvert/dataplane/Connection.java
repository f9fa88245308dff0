package dev.culvert.dataplane;

import dev.culvert.dataplane.relay.Relay;
import dev.culvert.dataplane.relay.Splices;
import dev.culvert.model.Target;
import dev.culvert.model.decide.Allowance;
import dev.culvert.model.decide.Permit;
import dev.culvert.model.decide.TargetState;
import dev.culvert.proto.http.RequestHead;
import io.netty.channel.Channel;
import java.net.InetAddress;
import java.net.SocketAddress;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/// One visitor's connection that a permit let through, from its first byte to its last.
///
/// Made and ended by [ConnectionRegistry]; the counters may be written on one loop and read on any thread.
public final class Connection {
    private final ConnectionRegistry registry;
    private final ServiceMeter meter;
    private volatile @Nullable String site;
    private volatile @Nullable TargetState target;
    private final InetAddress client;
    private final @Nullable Channel visitor;
    private final @Nullable Permit permit;
    private final @Nullable Target hopTarget;
    private final LongAdder received = new LongAdder();
    private final LongAdder sent = new LongAdder();
    private final AtomicBoolean ended = new AtomicBoolean();
    private volatile @Nullable SocketAddress dialledFrom;
    private final long startedNanos = System.nanoTime();
    // Written on the visitor's loop, or by who cuts it; read by whichever loop sees the end.
    private volatile @Nullable RequestHead head;
    private volatile Ended.@Nullable How how;
    private volatile int status;
    private volatile boolean request;
    private volatile @Nullable Runnable cutter;
    // Of the one thread that asks isQuiet.
    private long receivedSeen;
    private long sentSeen;
    private boolean targetSpokeLast;
    private long changedAt;

    Connection(
            ConnectionRegistry registry,
            ServiceMeter meter,
            @Nullable String site,
            InetAddress client,
            @Nullable Channel visitor,
            @Nullable Permit permit,
            @Nullable Target hopTarget) {
        this.registry = registry;
        this.meter = meter;
        this.site = site;
        this.client = client;
        this.visitor = visitor;
        this.permit = permit;
        this.hopTarget = hopTarget;
    }

    /// What let it through; null for what a gateway brought through the hop.
    @Nullable
    Permit permit() {
        return permit;
    }

    /// How fast it may go; null for as fast as it can.
    public @Nullable Allowance allowance() {
        return permit == null ? null : permit.allowance();
    }

    /// By what its bytes may stay in the kernel; null where they cannot.
    public @Nullable Splices splices() {
        return registry.splices();
    }

    /// What a gateway brought through the hop leads to; null for a visitor's connection.
    @Nullable
    Target hopTarget() {
        return hopTarget;
    }

    /// Where this machine dialled the target from, which is what the target sees; null before that is known.
    @Nullable
    SocketAddress dialledFrom() {
        return dialledFrom;
    }

    public void dialledFrom(@Nullable SocketAddress local) {
        dialledFrom = local;
    }

    /// Null for a flow of datagrams.
    @Nullable
    Channel visitor() {
        return visitor;
    }

    /// Whether the target spoke last and neither side has said anything since `nanos`. One thread asks, again and
    /// again: what it learns is from one call to the next.
    /// Datagrams have no end to wait for.
    boolean isQuiet(long nanos, long now) {
        if (visitor == null) {
            return true;
        }
        long in = received.sum();
        long out = sent.sum();
        if (in != receivedSeen || out != sentSeen) {
            targetSpokeLast = out != sentSeen;
            receivedSeen = in;
            sentSeen = out;
            changedAt = now;
        }
        return targetSpokeLast && now - changedAt >= nanos;
    }

    public String service() {
        return meter.name;
    }

    /// The other end of the tunnel; null where the target is on this node's own side.
    public @Nullable String site() {
        return site;
    }

    public InetAddress client() {
        return client;
    }

    /// Bytes from the visitor.
    public LongAdder received() {
        return received;
    }

    /// Bytes to the visitor.
    public LongAdder sent() {
        return sent;
    }

    /// It carries one HTTP request, to which a reference is kept where an access log will ask for it: a WebSocket would
    /// hold its head for as long as it lives.
    public void head(RequestHead asked) {
        request = true;
        if (registry.isHeard()) {
            head = asked;
        }
    }

    /// The request has become a connection of its own, which may live as long as it likes.
    public void upgraded() {
        request = false;
    }

    /// Whether it is a request, with an end that is worth waiting for.
    boolean isRequest() {
        return request;
    }

    /// It is one of several on its channel: how to end this one alone, from any thread.
    public void cutter(Runnable task) {
        cutter = task;
    }

    /// The status that the visitor was given.
    public void status(int code) {
        status = code;
    }

    /// How it ends; the first who says so is right. Without a word it was [Ended.How#DONE].
    public void how(Ended.How end) {
        if (how == null) {
            how = end;
        }
    }

    /// No connection with any of its targets came about.
    public void dialFailed() {
        how(Ended.How.DIAL);
    }

    /// It leads to this target from now on, until it ends or another is tried.
    public void through(TargetState next) {
        leave();
        target = next;
        site = next.destination().site();
        next.began();
    }

    private void leave() {
        TargetState before = target;
        target = null;
        if (before != null) {
            before.ended();
        }
    }

    /// A target did not take it.
    public void targetFailed(Throwable cause) {
        meter.dialFailed(cause);
    }

    /// Cuts it; its relay closes the other side.
    public void close() {
        how(Ended.How.CUT);
        Runnable task = cutter;
        if (task != null) {
            task.run();
        } else if (visitor != null) {
            visitor.close();
        }
    }

    /// Ends it so that nobody takes it for complete.
    void reset() {
        if (visitor != null) {
            Relay.reset(visitor);
        } else {
            close();
        }
    }

    /// Takes it out of the registry; only the first call counts.
    public void ended() {
        if (ended.compareAndSet(false, true)) {
            long nanos = System.nanoTime() - startedNanos;
            leave();
            registry.ended(this, nanos);
        }
    }

    /// Leaves what it carried with its service.
    void settle(long nanos) {
        meter.received.add(received.sum());
        meter.sent.add(sent.sum());
        if (status != 0) {
            meter.responded(status, nanos);
        }
    }

    Ended summary(long nanos) {
        RequestHead request = head;
        Ended.How end = how;
        return new Ended(
                System.currentTimeMillis() - TimeUnit.NANOSECONDS.toMillis(nanos),
                nanos,
                client,
                meter.name,
                site,
                received.sum(),
                sent.sum(),
                end == null ? Ended.How.DONE : end,
                request == null ? null : Ended.Http.of(request, status));
    }
}
