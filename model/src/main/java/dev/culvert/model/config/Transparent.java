package dev.culvert.model.config;

import dev.culvert.model.AllowRule;
import dev.culvert.model.ClientAddress;
import dev.culvert.model.Destination;
import dev.culvert.model.Forwarding;
import dev.culvert.model.Listener;
import dev.culvert.model.Literals;
import dev.culvert.model.PeerType;
import dev.culvert.model.Role;
import dev.culvert.model.Service;
import dev.culvert.model.Site;
import dev.culvert.model.Surroundings;
import dev.culvert.model.Transparency;
import dev.culvert.model.config.ConfigParser.Draft;
import java.net.InetAddress;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Holds `client-address: transparent` against where its targets are: an answer to a visitor's own address has to come
/// past the machine of the site.
final class Transparent {
    private static final String ELSEWHERE =
            "is neither on this machine nor in its containers: what it answers to a visitor would go past it ";

    private final Role role;
    private final Map<String, Site> sites;
    private final @Nullable Surroundings machine;

    /// @param machine null where nobody knows what it has
    Transparent(Role role, Map<String, Site> sites, @Nullable Surroundings machine) {
        this.role = role;
        this.sites = sites;
        this.machine = machine;
    }

    /// All that a home agrees to: a service that it declares itself says so by its own key.
    Transparency merged(@Nullable Transparency written, Collection<Service> services) {
        Set<AllowRule> allow = new LinkedHashSet<>();
        Set<AllowRule> viaSite = new LinkedHashSet<>();
        if (written != null) {
            allow.addAll(written.allow());
            allow.addAll(written.returnsViaSite());
            viaSite.addAll(written.returnsViaSite());
        }
        for (Service service : services) {
            boolean asks = role == Role.SITE
                    && service.scope() == Listener.Scope.PUBLIC
                    && service.clientAddress() == ClientAddress.TRANSPARENT;
            for (Destination destination : asks ? service.targets() : List.<Destination>of()) {
                AllowRule rule = AllowRule.exactly(destination.target());
                allow.add(rule);
                if (service.returnsViaSite()) {
                    viaSite.add(rule);
                }
            }
        }
        return new Transparency(List.copyOf(allow), List.copyOf(viaSite));
    }

    void check(Draft draft) {
        draft.config().services().forEach((name, service) -> {
            // By the kernel's own forwarding it needs no Culvert site: ForwardSchema.
            if (service.clientAddress() == ClientAddress.TRANSPARENT && service.forwarding() == Forwarding.RELAY) {
                check(draft, "services." + name, service);
            }
        });
        Transparency written = draft.config().rules().transparent();
        if (written != null) {
            check(draft, written);
        }
    }

    private void check(Draft draft, Transparency written) {
        for (int i = 0; i < written.allow().size(); i++) {
            if (written.allow().get(i) instanceof AllowRule.Addresses addresses
                    && !isHere(addresses.prefix().address())
                    && !written.returnsViaSite().contains(addresses)) {
                PeerMerge.place(draft, "transparent.allow", i, Echo.quote(addresses.toString()))
                        .note(ELSEWHERE + "(expected: under returns-via-site, if it does not; else"
                                + " client-address: proxy-v2 at the service)");
            }
        }
    }

    private void check(Draft draft, String path, Service service) {
        for (int i = 0; i < service.targets().size(); i++) {
            Destination destination = service.targets().get(i);
            if (role == Role.GATEWAY) {
                String who = other(destination.site());
                if (who != null) {
                    draft.notes()
                            .add(
                                    path + ".client-address",
                                    "\"transparent\" is for targets at a Culvert site, and " + who
                                            + " is none (expected: proxy-v2)");
                }
                continue;
            }
            InetAddress literal = Literals.address(destination.target().host());
            if (literal != null && !service.returnsViaSite() && !isHere(literal)) {
                PeerMerge.place(
                                draft,
                                path + ".target",
                                i,
                                Echo.quote(destination.target().toString()))
                        .note(ELSEWHERE
                                + "(expected: returns-via: site, if it does not; else client-address: proxy-v2)");
            }
        }
    }

    private boolean isHere(InetAddress address) {
        return machine == null || machine.hold(address);
    }

    /// What a site is that cannot do it; null if it can, or is unknown.
    private @Nullable String other(@Nullable String site) {
        if (Destination.HERE.equals(site)) {
            return "the gateway's own side";
        }
        Site known = site == null ? null : sites.get(site);
        return known != null && known.type() == PeerType.PLAIN ? "the plain peer " + site : null;
    }
}
