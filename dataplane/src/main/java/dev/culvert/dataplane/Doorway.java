package dev.culvert.dataplane;

import dev.culvert.dataplane.tls.Tls;
import dev.culvert.model.ClientVerdict;
import dev.culvert.model.Listener;
import dev.culvert.model.ProxyTrust;
import dev.culvert.model.Refusal;
import dev.culvert.model.decide.Admission;
import dev.culvert.model.decide.Admitted;
import dev.culvert.model.decide.Deny;
import io.netty.channel.Channel;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// What every ingress needs to turn a visitor into a connection with a target.
///
/// @param runtime gives what holds now; asked once per connection (TCP) or request (HTTP)
/// @param tls what names are served with, and what authorities ask for
/// @param admission the bans and limits, which outlive every runtime
/// @param own this machine's own addresses: no visitor behind a load balancer can have one of them
public record Doorway(
        Supplier<RunningModel> runtime,
        Admission admission,
        Dialer dialer,
        ConnectionRegistry connections,
        Events events,
        Tls tls,
        Supplier<Set<InetAddress>> own) {
    /// Lets a visitor in who has connected, or for whom a PROXY header has come, until its channel closes.
    ///
    /// @return null if it is not let in: its channel is gone then
    public @Nullable Admitted admit(Channel channel, InetAddress client) {
        return switch (admission.accept(client, System.nanoTime())) {
            case Deny deny -> {
                refuse(channel, deny, admission.limits().refusal());
                yield null;
            }
            case Admitted admitted -> {
                channel.closeFuture().addListener(_ -> admission.release(admitted));
                yield admitted;
            }
        };
    }

    /// Whether a visitor is refused before it has a channel: banned, too often or too many, where the answer is a
    /// close. Counted then, as [#admit] would.
    public boolean turnsAway(InetAddress client) {
        Deny deny = admission.limits().refusal() == Refusal.CLOSE ? admission.refusal(client, System.nanoTime()) : null;
        if (deny != null) {
            admission.count(deny);
            count(deny);
        }
        return deny != null;
    }

    private void count(Deny deny) {
        events.count("denied." + deny.reason());
    }

    /// Refuses a visitor; counted by the reason.
    public void refuse(Channel channel, Deny deny, Refusal how) {
        count(deny);
        switch (how) {
            case CLOSE -> channel.close();
            case DROP -> SilentDrop.drop(channel);
        }
    }

    /// Whether who stands in front of a listener may say that a visitor comes from an address; a refusal is reported.
    ///
    /// @param trust of the listener
    /// @param sender who says so
    public boolean mayClaim(Listener listener, ProxyTrust trust, InetAddress sender, InetAddress client) {
        ClientVerdict verdict = runtime.get().model().rules().mayClaim(client, own.get(), trust.clients());
        if (!verdict.isAllowed()) {
            events.report(
                    listener.label(),
                    "proxy.denied.client",
                    sender.getHostAddress() + " says in a PROXY header that a visitor comes from "
                            + client.getHostAddress() + " (" + verdict
                            + "), which cannot be: refused (proxy-protocol: clients: would allow it)");
        }
        return verdict.isAllowed();
    }

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
