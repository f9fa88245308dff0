package dev.culvert.model.decide;

import dev.culvert.model.Destination;
import dev.culvert.model.Service;
import dev.culvert.model.Site;
import java.net.InetAddress;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// The decision that lets one connection (TCP) or request (HTTP) through to one service; made by [Admission] only.
///
/// Owned by the relay, which gives it back to [Admission#release(Permit)] when it ends.
public final class Permit implements Verdict {
    private final Routed routed;
    private final InetAddress client;
    private final boolean counted;
    private final @Nullable Allowance allowance;
    private final AtomicBoolean held = new AtomicBoolean(true);

    /// @param counted whether it is one of so many that its visitor may have
    Permit(Routed routed, InetAddress client, boolean counted, @Nullable Allowance allowance) {
        this.routed = routed;
        this.client = client;
        this.counted = counted;
        this.allowance = allowance;
    }

    public Service service() {
        return routed.service();
    }

    /// The site of one of its targets; null where that is on this node's own side.
    public @Nullable Site site(Destination destination) {
        return routed.site(destination);
    }

    public Routed routed() {
        return routed;
    }

    /// The visitor's real address, after any trusted PROXY header.
    public InetAddress client() {
        return client;
    }

    /// How fast it may go; null for as fast as it can.
    public @Nullable Allowance allowance() {
        return allowance;
    }

    boolean isCounted() {
        return counted;
    }

    /// Ends it; tells whether this call was the one that did.
    boolean end() {
        return held.getAndSet(false);
    }

    @Override
    public String toString() {
        return "Permit[" + service().name() + " for " + client.getHostAddress() + "]";
    }
}
