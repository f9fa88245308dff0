package dev.culvert.model.decide;

import java.net.InetAddress;
import java.util.concurrent.atomic.AtomicBoolean;

/// An address that may stay connected; counted by its [Admission] until it is released.
///
/// Owned by the connection, which releases it exactly when it ends; a second release does nothing.
public final class Admitted implements Admittance {
    private final InetAddress address;
    private final boolean visitor;
    private final AtomicBoolean held = new AtomicBoolean(true);

    /// @param visitor whether it counts as a connection of its address, too
    Admitted(InetAddress address, boolean visitor) {
        this.address = address;
        this.visitor = visitor;
    }

    public InetAddress address() {
        return address;
    }

    boolean isVisitor() {
        return visitor;
    }

    /// Ends it; tells whether this call was the one that did.
    boolean end() {
        return held.getAndSet(false);
    }

    @Override
    public String toString() {
        return "Admitted[" + address.getHostAddress() + "]";
    }
}
