package dev.culvert.dataplane.site;

import dev.culvert.dataplane.DialException;
import dev.culvert.dataplane.DialException.Broken;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/// In whose name a target is spoken to.
///
/// @param visitor the address and port that it shall see
/// @param otherPort told where that port was taken, and it sees another one
public record Source(InetSocketAddress visitor, Runnable otherPort) {
    /// Any port of the visitor.
    InetSocketAddress anyPort() {
        return new InetSocketAddress(visitor.getAddress(), 0);
    }

    /// Why a target at that address cannot see the visitor's; null if it can.
    @Nullable
    DialException unfit(InetAddress target) {
        return target.getAddress().length == visitor.getAddress().getAddress().length
                ? null
                : new DialException(
                        Broken.TARGET_UNREACHABLE,
                        target.getHostAddress()
                                + " cannot see a visitor of the other IP version; name a target that has" + " both");
    }

    void used(int port) {
        if (port != visitor.getPort()) {
            otherPort.run();
        }
    }
}
