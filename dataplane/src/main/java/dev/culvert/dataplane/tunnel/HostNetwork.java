package dev.culvert.dataplane.tunnel;

import dev.culvert.proto.inet.IpPrefix;
import java.io.IOException;
import java.util.Set;

/// What the kernel is told of a tunnel's interface: which ways lead through it, and to whom it is open. Owned by the
/// tunnel loop; each call is done when it returns, in a fraction of a millisecond.
public interface HostNetwork extends AutoCloseable {
    /// Leaves everything to whoever has configured the interface.
    HostNetwork UNTOUCHED = new HostNetwork() {
        @Override
        public void route(IpPrefix to, int mtu) {}

        @Override
        public void unroute(IpPrefix to) {}

        @Override
        public void open(Set<Integer> tcpPorts) {}

        @Override
        public void close() {}
    };

    /// Leads a prefix through the interface, or changes how.
    ///
    /// @param mtu the largest packet on this way, 0 for the interface's own
    void route(IpPrefix to, int mtu) throws IOException;

    void unroute(IpPrefix to) throws IOException;

    /// From now on peers reach these ports of this machine and no other.
    void open(Set<Integer> tcpPorts) throws IOException;

    /// Puts back what somebody else has taken away of it; to be called now and then.
    default void keep() throws IOException {}

    /// Takes back what outlives the interface.
    @Override
    void close();
}
