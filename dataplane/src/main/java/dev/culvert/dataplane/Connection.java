package dev.culvert.dataplane;

import dev.culvert.model.Target;
import dev.culvert.model.decide.Permit;
import io.netty.channel.Channel;
import java.net.InetAddress;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/// One visitor's connection that a permit let through, from its first byte to its last.
///
/// Made and ended by [ConnectionRegistry]; the counters may be written on one loop and read on any thread.
public final class Connection {
    private final ConnectionRegistry registry;
    private final String service;
    private final @Nullable String site;
    private final InetAddress client;
    private final Channel visitor;
    private final @Nullable Permit permit;
    private final @Nullable Target hopTarget;
    private final LongAdder received = new LongAdder();
    private final LongAdder sent = new LongAdder();
    private final AtomicBoolean ended = new AtomicBoolean();
    // Of the one thread that asks isQuiet.
    private long receivedSeen;
    private long sentSeen;
    private boolean targetSpokeLast;
    private long changedAt;

    Connection(
            ConnectionRegistry registry,
            String service,
            @Nullable String site,
            InetAddress client,
            Channel visitor,
            @Nullable Permit permit,
            @Nullable Target hopTarget) {
        this.registry = registry;
        this.service = service;
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

    /// What a gateway brought through the hop leads to; null for a visitor's connection.
    @Nullable
    Target hopTarget() {
        return hopTarget;
    }

    Channel visitor() {
        return visitor;
    }

    /// Whether the target spoke last and neither side has said anything since `nanos`. One thread asks, again and
    /// again: what it learns is from one call to the next.
    boolean isQuiet(long nanos, long now) {
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
        return service;
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

    /// Cuts it; its relay closes the other side.
    public void close() {
        visitor.close();
    }

    /// Takes it out of the registry; only the first call counts.
    public void ended() {
        if (ended.compareAndSet(false, true)) {
            registry.ended(this);
        }
    }
}
