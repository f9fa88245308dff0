package dev.culvert.dataplane;

import dev.culvert.dataplane.tls.Tls;
import dev.culvert.model.Listener;
import dev.culvert.model.decide.Admission;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.function.Supplier;

/// What every ingress needs to turn a visitor into a connection with a target.
///
/// @param runtime gives what holds now; asked once per connection (TCP) or request (HTTP)
/// @param tls what names are served with, and what authorities ask for
/// @param admission the bans and limits, which outlive every runtime
public record Doorway(
        Supplier<RunningModel> runtime,
        Admission admission,
        Dialer dialer,
        ConnectionRegistry connections,
        Events events,
        Tls tls) {
    /// Whether who comes from an address is heard at a listener at all: those of a LAN hear private addresses only.
    public boolean mayArrive(Listener listener, InetAddress from) {
        if (listener.scope() != Listener.Scope.LAN || isPrivate(from)) {
            return true;
        }
        events.count("denied.SCOPE");
        return false;
    }

    private static boolean isPrivate(InetAddress address) {
        // The JDK calls RFC 1918 site-local; of IPv6 it knows the deprecated fec0::/10 instead of RFC 4193.
        boolean uniqueLocal = address instanceof Inet6Address && (address.getAddress()[0] & 0xfe) == 0xfc;
        return uniqueLocal
                || address.isSiteLocalAddress()
                || address.isLinkLocalAddress()
                || address.isLoopbackAddress();
    }
}
