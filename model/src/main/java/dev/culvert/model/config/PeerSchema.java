package dev.culvert.model.config;

import dev.culvert.model.Endpoint;
import dev.culvert.model.Grants;
import dev.culvert.model.HostPattern;
import dev.culvert.model.Origin;
import dev.culvert.model.PeerType;
import dev.culvert.model.PortRange;
import dev.culvert.model.PublicKey;
import dev.culvert.model.Role;
import dev.culvert.model.WireGuardPeer;
import dev.culvert.proto.inet.IpPrefix;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// An entry of `sites:` or `gateways:`.
final class PeerSchema {
    static final Field<PublicKey> PUBLIC_KEY =
            Field.required("public-key", Scalars.PUBLIC_KEY, "its WireGuard public key, as `wg pubkey` prints it");
    private static final Field<PublicKey> PUBLIC_KEY_LATER =
            new Field<>(PUBLIC_KEY.key(), PUBLIC_KEY.kind(), "", false, PUBLIC_KEY.doc());
    static final Field<PeerType> TYPE = Field.optional(
            "type",
            Scalar.word(Map.of(), PeerType.CULVERT, PeerType.PLAIN),
            PeerType.CULVERT,
            "`culvert` if Culvert runs there, `plain` for any other WireGuard (wg-quick, phone, router)");
    static final Field<List<InetAddress>> ADDRESS = Field.required(
            "address", new ListOf<>(NetworkScalars.ADDRESS), "its address in the tunnel; a list for IPv4 and IPv6");
    private static final Field<List<InetAddress>> ADDRESS_OPTIONAL =
            new Field<>(ADDRESS.key(), ADDRESS.kind(), "", false, ADDRESS.doc());
    static final Field<List<IpPrefix>> ROUTES = Field.optional(
            "routes",
            new ListOf<>(NetworkScalars.PREFIX),
            "further prefixes behind it; for a site, only if it is plain");
    static final Field<Endpoint> ENDPOINT =
            Field.optional("endpoint", NetworkScalars.ENDPOINT, "where it is dialled, if it can be");
    static final Field<Integer> KEEPALIVE = Field.optional(
            "keepalive", Scalars.KEEPALIVE, 0, "seconds between keepalive packets, 0 for none; behind NAT, 25");
    static final Field<String> PRESHARED_KEY_FILE = Field.optional(
            "preshared-key-file", Scalars.KEY_FILE, "path to a file with a preshared key, as `wg genpsk` makes it");

    static final Field<List<HostPattern>> GRANT_HOST = Field.optional(
            "host", new ListOf<>(Scalars.HOST_PATTERN), "nothing", "host names; `*.` stands for every name below");
    static final Field<List<PortRange>> GRANT_PORT = Field.optional(
            "port", new ListOf<>(Scalars.PORTS), "nothing", "ports of the gateway, of TCP unless `/udp` follows");
    static final Field<Section> GRANT = Field.optional(
            "grant", Shape.of(GRANT_HOST, GRANT_PORT), "what the site may publish by its own word (`culvert expose`)");

    /// A site in a file names its key; one in the store may still have to join.
    static final Shape SITE = shape(PUBLIC_KEY, ADDRESS, GRANT);
    static final Shape SITE_IN_STORE = shape(PUBLIC_KEY_LATER, ADDRESS, GRANT);
    /// A stock hub may be reached by its routes alone.
    static final Shape GATEWAY = shape(PUBLIC_KEY, ADDRESS_OPTIONAL);

    private PeerSchema() {}

    private static Shape shape(Field<?>... first) {
        List<Field<?>> fields = new ArrayList<>(List.of(first));
        fields.addAll(2, List.of(TYPE, ENDPOINT, KEEPALIVE, PRESHARED_KEY_FILE, ROUTES));
        return Shape.of(fields.toArray(Field<?>[]::new))
                .refusing("private-key", "its private key stays over there; only public-key belongs here")
                .refusing("preshared-key", "a key does not stand in this file: name its file with preshared-key-file")
                .refusing("allowed-ips", "is written as address, and routes for a plain peer");
    }

    /// The peer as far as it can be understood: what is missing or wrong has been noted, and the document counts for
    /// nothing then.
    static WireGuardPeer read(Section section, Shape shape, Role role) {
        Field<PublicKey> keyField = shape == SITE_IN_STORE ? PUBLIC_KEY_LATER : PUBLIC_KEY;
        Field<List<InetAddress>> addressField = shape == GATEWAY ? ADDRESS_OPTIONAL : ADDRESS;
        PublicKey key = section.get(keyField);
        List<InetAddress> addresses = section.get(addressField, List.of());
        List<IpPrefix> routes = section.get(ROUTES, List.of());
        PeerType type = section.get(TYPE, PeerType.CULVERT);
        if (shape == SITE_IN_STORE && type == PeerType.PLAIN && !section.mentions(keyField)) {
            section.note(keyField, "is missing: a plain peer cannot join by itself");
        }
        boolean typeKnown = section.get(TYPE) != null || !section.mentions(TYPE);
        if (role == Role.GATEWAY && typeKnown && type == PeerType.CULVERT && section.mentions(ROUTES)) {
            section.note(ROUTES, "is for plain peers only: a Culvert site reaches its network by itself");
        }
        if (typeKnown && type == PeerType.PLAIN && section.mentions(GRANT)) {
            section.note(GRANT, "is for Culvert sites: a plain peer declares nothing");
        }
        noteAddresses(section, addressField, addresses);
        if (role == Role.SITE) {
            noteUnreachable(section, type, addresses, routes);
        }
        return new WireGuardPeer(
                key,
                addresses,
                routes,
                section.get(ENDPOINT),
                section.get(KEEPALIVE, 0),
                section.get(PRESHARED_KEY_FILE));
    }

    static Grants grants(Section section) {
        Section grant = section.get(GRANT);
        return grant == null
                ? Grants.NONE
                : new Grants(grant.get(GRANT_HOST, List.of()), grant.get(GRANT_PORT, List.of()));
    }

    static PeerType type(Section section) {
        return section.get(TYPE, PeerType.CULVERT);
    }

    static Shape siteShape(Origin origin) {
        return origin.isFile() ? SITE : SITE_IN_STORE;
    }

    private static void noteUnreachable(
            Section section, PeerType type, List<InetAddress> addresses, List<IpPrefix> routes) {
        boolean wrong = section.mentions(ADDRESS) || section.mentions(ROUTES);
        if (type == PeerType.CULVERT && addresses.isEmpty() && !section.mentions(ADDRESS)) {
            section.note(ADDRESS, "is missing (expected: the gateway's address in the tunnel)");
        } else if (type == PeerType.PLAIN && addresses.isEmpty() && routes.isEmpty() && !wrong) {
            section.note("neither address nor routes says what is there (expected: at least one)");
        }
    }

    static void noteAddresses(Section section, Field<List<InetAddress>> field, List<InetAddress> addresses) {
        long v4 = addresses.stream()
                .filter(address -> address.getAddress().length == 4)
                .count();
        if (v4 > 1 || addresses.size() - v4 > 1) {
            section.note(field, "more than one address of a family (expected: one IPv4, one IPv6 or one of each)");
        }
    }
}
