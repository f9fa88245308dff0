package dev.culvert.model.config;

import dev.culvert.model.AllowRule;
import dev.culvert.model.Destination;
import dev.culvert.model.GatewayPeer;
import dev.culvert.model.Literals;
import dev.culvert.model.PeerType;
import dev.culvert.model.PublicKey;
import dev.culvert.model.Site;
import dev.culvert.model.SiteRules;
import dev.culvert.model.Transparency;
import dev.culvert.model.TunnelSettings;
import dev.culvert.model.WireGuardPeer;
import dev.culvert.model.config.ConfigParser.Draft;
import dev.culvert.proto.inet.IpPrefix;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The peers of all documents, held against each other and against the tunnel.
final class PeerMerge {
    private final TunnelSettings tunnel;
    private final boolean networkBroken;
    private final Map<String, Site> sites = new LinkedHashMap<>();
    private final Map<String, GatewayPeer> gateways = new LinkedHashMap<>();
    private final Claims<String> names = Claims.distinct();
    private final Claims<PublicKey> keys = Claims.distinct();
    private final Claims<IpPrefix> prefixes = Claims.clashing((a, b) -> a.contains(b) || b.contains(a));

    /// @param networkBroken whether the tunnel's network could not be read, so that nothing can be said to be outside
    PeerMerge(TunnelSettings tunnel, boolean networkBroken) {
        this.tunnel = tunnel;
        this.networkBroken = networkBroken;
    }

    Map<String, Site> sites() {
        return sites;
    }

    Map<String, GatewayPeer> gateways() {
        return gateways;
    }

    /// The rules with the tunnel's own prefixes. A hub's default route is left out: all visitors would lie within it.
    SiteRules rules(
            List<AllowRule> allow,
            @Nullable List<IpPrefix> clients,
            Transparency transparent,
            @Nullable String dockerSocket) {
        List<IpPrefix> own = new ArrayList<>(tunnel.networks());
        tunnel.addresses().forEach(address -> own.add(IpPrefix.host(address)));
        gateways.values().forEach(gateway -> own.addAll(gateway.peer().allowedIps()));
        own.removeIf(prefix -> prefix.length() < 8);
        return new SiteRules(
                allow,
                clients == null ? List.of() : clients,
                own.stream().distinct().toList(),
                transparent,
                dockerSocket);
    }

    void addSites(Draft draft) {
        draft.config().sites().forEach((name, site) -> {
            String path = "sites." + name;
            boolean right = isFree(draft, path, site.peer());
            if (name.equals(Destination.HERE)) {
                draft.notes()
                        .add(path, "means the gateway's own side where services name a site (expected: another name)");
                right = false;
            }
            right &= areWithinNetwork(draft, path, site.peer().addresses());
            right &= areOutsideNetwork(draft, path, site.peer().routes());
            if (right || site.origin().isFile()) {
                hold(draft, path, site.peer());
                sites.putIfAbsent(name, site);
            }
        });
    }

    void addGateways(Draft draft, boolean addressBroken) {
        if (!draft.config().gateways().isEmpty() && tunnel.addresses().isEmpty() && !addressBroken) {
            draft.notes().add("tunnel.address", "is missing (expected: this site's address in the tunnel)");
        }
        draft.config().gateways().forEach((name, gateway) -> {
            String path = "gateways." + name;
            boolean right = isFree(draft, path, gateway.peer());
            right &= isReachable(draft, path, gateway.peer());
            right &= isNotMyself(draft, path, gateway.peer().addresses());
            if (right || gateway.origin().isFile()) {
                hold(draft, path, gateway.peer());
                gateways.putIfAbsent(name, gateway);
            }
        });
    }

    private boolean isFree(Draft draft, String path, WireGuardPeer peer) {
        boolean free = names.isFree(path, new Claims.Place(draft, path, "the name"));
        PublicKey key = peer.publicKey();
        if (key != null) {
            free &= keys.isFree(key, keyPlace(draft, path));
        }
        for (int i = 0; i < peer.addresses().size(); i++) {
            InetAddress address = peer.addresses().get(i);
            free &= prefixes.isFree(
                    IpPrefix.host(address), place(draft, path + ".address", i, Literals.format(address)));
        }
        for (int i = 0; i < peer.routes().size(); i++) {
            IpPrefix route = peer.routes().get(i);
            free &= prefixes.isFree(route, place(draft, path + ".routes", i, Literals.format(route)));
        }
        return free;
    }

    private void hold(Draft draft, String path, WireGuardPeer peer) {
        names.hold(path, new Claims.Place(draft, path, "the name"));
        if (peer.publicKey() != null) {
            keys.hold(peer.publicKey(), keyPlace(draft, path));
        }
        for (int i = 0; i < peer.addresses().size(); i++) {
            prefixes.hold(IpPrefix.host(peer.addresses().get(i)), place(draft, path + ".address", i, ""));
        }
        for (int i = 0; i < peer.routes().size(); i++) {
            prefixes.hold(peer.routes().get(i), place(draft, path + ".routes", i, ""));
        }
    }

    private boolean areWithinNetwork(Draft draft, String path, List<InetAddress> addresses) {
        boolean right = true;
        for (int i = 0; i < addresses.size() && !networkBroken; i++) {
            InetAddress address = addresses.get(i);
            Claims.Place place = place(draft, path + ".address", i, Literals.format(address));
            IpPrefix network = tunnel.networks().stream()
                    .filter(prefix -> prefix.contains(address))
                    .findFirst()
                    .orElse(null);
            String wrong = network == null
                    ? "lies outside the tunnel (expected: within " + ModelMerge.texts(tunnel.networks()) + ")"
                    : wrongWithin(network, address);
            if (wrong != null) {
                place.note(wrong);
                right = false;
            }
        }
        return right;
    }

    private @Nullable String wrongWithin(IpPrefix network, InetAddress address) {
        if (tunnel.addresses().contains(address)) {
            return "is the gateway's own address in the tunnel";
        }
        if (address.equals(network.address())) {
            return "is the address of the network itself";
        }
        return isBroadcast(network, address) ? "is the network's broadcast address" : null;
    }

    private static boolean isBroadcast(IpPrefix network, InetAddress address) {
        byte[] bytes = address.getAddress();
        boolean ones = network.isIpv4();
        for (int bit = network.length(); bit < bytes.length * 8; bit++) {
            ones &= (bytes[bit / 8] & (0x80 >> (bit % 8))) != 0;
        }
        return ones;
    }

    private boolean areOutsideNetwork(Draft draft, String path, List<IpPrefix> routes) {
        boolean right = true;
        for (int i = 0; i < routes.size() && !networkBroken; i++) {
            IpPrefix route = routes.get(i);
            for (IpPrefix network : tunnel.networks()) {
                if (network.contains(route) || route.contains(network)) {
                    place(draft, path + ".routes", i, Literals.format(route))
                            .note("overlaps the tunnel's network " + Literals.format(network));
                    right = false;
                }
            }
        }
        return right;
    }

    private boolean isReachable(Draft draft, String path, WireGuardPeer peer) {
        boolean reachable = peer.endpoint() != null || tunnel.listen().port() != 0;
        if (!reachable && !draft.config().places().has(path + ".endpoint")) {
            draft.notes().add(path, "endpoint is missing (expected: host:port to dial; or tunnel.listen, if it dials)");
        }
        return reachable;
    }

    private boolean isNotMyself(Draft draft, String path, List<InetAddress> addresses) {
        boolean right = true;
        for (int i = 0; i < addresses.size(); i++) {
            if (tunnel.addresses().contains(addresses.get(i))) {
                place(draft, path + ".address", i, Literals.format(addresses.get(i)))
                        .note("is this site's own address (tunnel.address)");
                right = false;
            }
        }
        return right;
    }

    private static Claims.Place keyPlace(Draft draft, String path) {
        return new Claims.Place(draft, path + ".public-key", "this key");
    }

    /// Points at the item of a list, or at the value where it stands without one.
    static Claims.Place place(Draft draft, String path, int index, String shown) {
        String item = path + "[" + index + "]";
        return new Claims.Place(draft, draft.config().places().has(item) ? item : path, shown);
    }

    /// Whether a plain site's target lies where the tunnel leads; a Culvert site finds its targets itself.
    static boolean reaches(Site site, String host) {
        InetAddress literal = Literals.address(host);
        return site.type() == PeerType.CULVERT
                || (literal != null && site.peer().reaches(literal));
    }

    /// Where a plain peer's targets may be, in words.
    static String reach(Site site) {
        return String.join(
                ", ",
                Stream.concat(
                                site.peer().addresses().stream().map(Literals::format),
                                site.peer().routes().stream().map(Literals::format))
                        .toList());
    }
}
