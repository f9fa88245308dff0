package dev.culvert.model.forward;

import dev.culvert.model.AccessPolicy;
import dev.culvert.model.Bind;
import dev.culvert.model.ClientAddress;
import dev.culvert.model.Destination;
import dev.culvert.model.Forwarding;
import dev.culvert.model.Limits;
import dev.culvert.model.Literals;
import dev.culvert.model.Model;
import dev.culvert.model.Service;
import dev.culvert.proto.inet.IpPrefix;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// All that the kernel of a gateway forwards: exactly what the services with `forward: kernel` declare.
///
/// Two plans are compared with `equals`: where they are the same, the kernel is told nothing.
///
/// @param forwards in the order of declaration
/// @param limits of the node as a whole, which hold for what is forwarded by itself
public record ForwardPlan(List<Forward> forwards, Limits limits) {
    public static final ForwardPlan NOTHING = new ForwardPlan(List.of(), Limits.DEFAULT);

    public ForwardPlan {
        forwards = List.copyOf(forwards);
    }

    /// Whom bans keep from a site.
    @FunctionalInterface
    public interface Banned {
        /// @param site null for targets on the gateway's own side
        List<IpPrefix> from(@Nullable String site);
    }

    /// @param banned by the bans that hold now
    public static ForwardPlan of(Model model, Banned banned) {
        List<Forward> forwards = new ArrayList<>();
        for (Service service : model.services().values()) {
            if (service.forwarding() == Forwarding.KERNEL) {
                add(service, banned, forwards);
            }
        }
        return forwards.isEmpty()
                ? NOTHING
                : new ForwardPlan(forwards, model.arrivals().limits());
    }

    private static void add(Service service, Banned banned, List<Forward> into) {
        for (Destination destination : service.targets()) {
            InetAddress target = Literals.address(destination.target().host());
            if (target == null) {
                continue;
            }
            Guard guard = guard(service, banned.from(destination.site()), target.getAddress().length == 4);
            for (Bind bind : service.listen()) {
                if (fits(bind.address(), target)) {
                    into.add(new Forward(
                            service.name(),
                            service.transport(),
                            bind,
                            target,
                            destination.target().port(),
                            service.clientAddress() == ClientAddress.TRANSPARENT,
                            guard));
                }
            }
        }
    }

    /// Whether what comes to an address can go to a target: both are of one IP version. `[::]` is every address.
    public static boolean fits(@Nullable InetAddress at, InetAddress target) {
        return at == null
                || (at.isAnyLocalAddress() && at.getAddress().length == 16)
                || at.getAddress().length == target.getAddress().length;
    }

    private static Guard guard(Service service, List<IpPrefix> banned, boolean ipv4) {
        AccessPolicy access = service.access();
        List<IpPrefix> denied = new ArrayList<>(access.deny());
        denied.addAll(banned);
        return new Guard(
                access.allow().isEmpty() ? null : Interval.of(access.allow(), ipv4),
                Interval.of(denied, ipv4),
                access.rate(),
                access.limits().totalRate(),
                access.limits().perVisitor(),
                service.maxConnections(),
                access.limits().refusal());
    }

    public boolean isEmpty() {
        return forwards.isEmpty();
    }

    /// Whether anything of that IP version is forwarded.
    public boolean has(boolean ipv4) {
        return forwards.stream().anyMatch(forward -> forward.isIpv4() == ipv4);
    }
}
