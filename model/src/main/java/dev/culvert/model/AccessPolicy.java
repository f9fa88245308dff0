package dev.culvert.model;

import dev.culvert.proto.inet.IpPrefix;
import java.net.InetAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Who may reach a service: everyone in `allow` (everyone at all where it is empty) except those in `deny`, as often
/// as `rate` says, with what `basic` and `forwardAuth` ask for.
///
/// @param allow the prefixes let in; empty means all
/// @param deny the prefixes refused, whatever `allow` says
/// @param rate of requests, or connections of TCP; null for any
/// @param basic null asks for no password; HTTP only
/// @param forwardAuth null asks nobody; HTTP only
/// @param limits how much it gives
public record AccessPolicy(
        List<IpPrefix> allow,
        List<IpPrefix> deny,
        @Nullable Rate rate,
        @Nullable BasicAuth basic,
        @Nullable ForwardAuth forwardAuth,
        ServiceLimits limits) {
    public static final AccessPolicy OPEN = new AccessPolicy(List.of(), List.of());

    public AccessPolicy {
        allow = List.copyOf(allow);
        deny = List.copyOf(deny);
    }

    /// By address alone.
    public AccessPolicy(List<IpPrefix> allow, List<IpPrefix> deny) {
        this(allow, deny, null, null, null);
    }

    /// Without limits but the rate.
    public AccessPolicy(
            List<IpPrefix> allow,
            List<IpPrefix> deny,
            @Nullable Rate rate,
            @Nullable BasicAuth basic,
            @Nullable ForwardAuth forwardAuth) {
        this(allow, deny, rate, basic, forwardAuth, ServiceLimits.NONE);
    }

    public boolean allows(InetAddress client) {
        return !contains(deny, client) && (allow.isEmpty() || contains(allow, client));
    }

    /// Whether somebody may be kept out by who or where it is.
    public boolean isGuarded() {
        return !allow.isEmpty() || !deny.isEmpty() || basic != null || forwardAuth != null;
    }

    AccessPolicy at(String site) {
        ForwardAuth auth = forwardAuth;
        return auth == null ? this : new AccessPolicy(allow, deny, rate, basic, auth.at(site), limits);
    }

    void settings(Settings out) {
        out.putAll("access.allow", allow).putAll("access.deny", deny);
        Rate often = rate;
        if (often != null) {
            out.put("access.rate", often).putUnless("access.burst", often.events(), often.burst());
        }
        limits.settings(out);
        BasicAuth passwords = basic;
        if (passwords != null) {
            out.put("access.basic.users-file", passwords.usersFile())
                    .putUnless("access.basic.realm", BasicAuth.DEFAULT_REALM, passwords.realm())
                    .putUnless("access.basic.forward", false, passwords.forward());
        }
        ForwardAuth auth = forwardAuth;
        if (auth != null) {
            out.put("access.forward-auth.url", auth.url())
                    .put("access.forward-auth.site", auth.destination().site())
                    .putUnlessAll("access.forward-auth.copy-headers", ForwardAuth.DEFAULT_COPY, auth.copyHeaders());
        }
    }

    private static boolean contains(List<IpPrefix> prefixes, InetAddress address) {
        for (IpPrefix prefix : prefixes) {
            if (prefix.contains(address)) {
                return true;
            }
        }
        return false;
    }
}
