package dev.culvert.model.config;

import dev.culvert.model.Bind;
import dev.culvert.model.ClientAddress;
import dev.culvert.model.Destination;
import dev.culvert.model.Forwarding;
import dev.culvert.model.Literals;
import dev.culvert.model.Origin;
import dev.culvert.model.PeerType;
import dev.culvert.model.Service;
import dev.culvert.model.Site;
import dev.culvert.model.Target;
import dev.culvert.model.TunnelSettings;
import dev.culvert.model.TunnelType;
import dev.culvert.model.config.ConfigParser.Draft;
import dev.culvert.model.forward.ForwardPlan;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The key `forward` of a service, and what cannot be told to the kernel: it moves packets, reads none of them, and
/// knows no names.
final class ForwardSchema {
    static final Field<Forwarding> FORWARD = Field.optional(
            "forward",
            Scalar.word(Map.of(), Forwarding.RELAY, Forwarding.KERNEL),
            Forwarding.RELAY,
            "who carries its bytes: `relay` is this process; `kernel` is the gateway's kernel, by rules of nftables"
                    + " (DNAT), for tcp:// and udp:// targets at their address in the tunnel; needs tunnel: type: tun"
                    + " or kernel. With client-address: transparent a plain peer sees the visitor's own address");

    private static final String NOT_BY_THE_KERNEL = "does not go with forward: kernel, which ";

    private final TunnelSettings tunnel;
    private final Map<String, Site> sites;

    ForwardSchema(TunnelSettings tunnel, Map<String, Site> sites) {
        this.tunnel = tunnel;
        this.sites = sites;
    }

    /// Reads the key, and notes what a service says that the kernel cannot do.
    static Forwarding read(Section section, Origin origin, List<Destination> targets) {
        Forwarding forwarding = section.get(FORWARD, Forwarding.RELAY);
        if (forwarding == Forwarding.KERNEL) {
            noteKeys(section, origin);
            noteAccess(section);
            noteTargets(section, targets);
        }
        return forwarding;
    }

    private static void noteKeys(Section section, Origin origin) {
        if (!origin.isFile()) {
            section.note(FORWARD, "\"kernel\" is for gateway.yaml: it changes the gateway's machine");
        }
        if (section.mentions(ServiceSchema.HOST)) {
            section.note(FORWARD, "\"kernel\" goes with listen; who is called by host has to be read first");
        }
        for (Field<?> field : List.of(BalanceSchema.BALANCE, BalanceSchema.STICKY, BalanceSchema.HEALTH)) {
            note(section, field, "knows one target of each IP version");
        }
        note(section, ServiceSchema.RETURNS_VIA, "leads answers back by itself");
        note(section, UdpSchema.UDP, "has conntrack's own bounds of flows");
        note(section, ArrivalSchema.PROXY, "reads no PROXY header");
        ClientAddress told = section.get(ServiceSchema.CLIENT_ADDRESS, ClientAddress.NONE);
        if (told != ClientAddress.NONE && told != ClientAddress.TRANSPARENT) {
            section.note(
                    ServiceSchema.CLIENT_ADDRESS,
                    "\"" + told + "\" " + NOT_BY_THE_KERNEL + "writes nothing (expected: none | transparent)");
        }
    }

    private static void noteAccess(Section section) {
        Section access = section.get(AccessSchema.GATEWAY);
        if (access != null) {
            note(access, AccessSchema.BANDWIDTH, "counts no bytes for each visitor");
            note(access, AccessSchema.TOTAL_BANDWIDTH, "holds no bytes back");
        }
    }

    private static void note(Section section, Field<?> field, String why) {
        if (section.mentions(field)) {
            section.note(field, NOT_BY_THE_KERNEL + why);
        }
    }

    private static void noteTargets(Section section, List<Destination> targets) {
        List<Bind> listen = section.get(ServiceSchema.LISTEN, List.of()).stream()
                .map(NetworkScalars.Entrance::bind)
                .toList();
        int four = 0;
        int six = 0;
        for (Destination destination : targets) {
            Target target = destination.target();
            InetAddress address = Literals.address(target.host());
            if (address == null) {
                section.note(
                        ServiceSchema.TARGET,
                        Echo.quote(target.toString()) + " is a name, and the kernel looks up none (expected: an address"
                                + " in the tunnel)");
                continue;
            }
            four += address.getAddress().length == 4 ? 1 : 0;
            six += address.getAddress().length == 4 ? 0 : 1;
            if (listen.stream().anyMatch(bind -> bind.count() > 1 && bind.port() != target.port())) {
                section.note(
                        ServiceSchema.TARGET,
                        Echo.quote(target.toString()) + " has other ports than listen, and the kernel keeps those of"
                                + " several in a row (expected: the same)");
            }
        }
        if (four > 1 || six > 1) {
            section.note(ServiceSchema.TARGET, "forward: kernel takes one of each IP version");
        }
        for (Bind bind : listen) {
            if (four + six > 0 && targets.stream().noneMatch(each -> fits(bind, each))) {
                section.note(ServiceSchema.LISTEN, bind + " is of another IP version than its target");
            }
        }
    }

    private static boolean fits(Bind bind, Destination destination) {
        InetAddress target = Literals.address(destination.target().host());
        return target != null && ForwardPlan.fits(bind.address(), target);
    }

    /// Holds it against the tunnel and where the targets are.
    void check(Draft draft) {
        draft.config().services().forEach((name, service) -> {
            if (service.forwarding() == Forwarding.KERNEL) {
                check(draft, "services." + name, service);
            }
        });
    }

    private void check(Draft draft, String path, Service service) {
        if (tunnel.type() != TunnelType.TUN && tunnel.type() != TunnelType.KERNEL) {
            String why = tunnel.type() == TunnelType.AUTO
                    ? "tunnel: type: auto may take embedded, which has none"
                    : "tunnel: type: embedded has none";
            draft.notes()
                    .add(
                            path + ".forward",
                            "\"kernel\" needs an interface of the kernel's, and " + why
                                    + " (expected: tunnel: type: tun | kernel)");
        }
        for (int i = 0; i < service.targets().size(); i++) {
            Destination destination = service.targets().get(i);
            String wrong = wrong(service, destination);
            if (wrong != null) {
                PeerMerge.place(
                                draft,
                                path + ".target",
                                i,
                                Echo.quote(destination.target().toString()))
                        .note(wrong);
            }
        }
    }

    /// What is wrong with where a target is; null where nothing is, or somebody else says so.
    private @Nullable String wrong(Service service, Destination destination) {
        InetAddress target = Literals.address(destination.target().host());
        if (target == null) {
            return null;
        }
        if (Destination.HERE.equals(destination.site())) {
            return "is on the gateway's own side; forward: kernel leads into the tunnel";
        }
        boolean four = target.getAddress().length == 4;
        if (tunnel.addresses().stream().noneMatch(own -> (own.getAddress().length == 4) == four)) {
            return "is of an IP version that the tunnel has not (expected: with tunnel: network6)";
        }
        Site site = destination.site() == null ? null : sites.get(destination.site());
        if (site == null || site.type() == PeerType.PLAIN) {
            return null;
        }
        if (service.clientAddress() == ClientAddress.TRANSPARENT) {
            return "is at a Culvert site, which takes no visitor's address from forward: kernel (expected: forward:"
                    + " relay, or a plain peer)";
        }
        return site.peer().addresses().contains(target)
                ? null
                : "is behind a Culvert site, where the kernel leads to the site itself (expected: "
                        + PeerMerge.reach(site) + ", where a service listens on tunnel:"
                        + destination.target().port() + ")";
    }
}
