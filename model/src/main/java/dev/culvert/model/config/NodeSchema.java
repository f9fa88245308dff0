package dev.culvert.model.config;

import dev.culvert.model.AllowRule;
import dev.culvert.model.Bind;
import dev.culvert.model.Endpoint;
import dev.culvert.model.Origin;
import dev.culvert.model.Role;
import dev.culvert.model.TunnelSettings;
import dev.culvert.model.TunnelType;
import dev.culvert.model.config.NetworkScalars.Entrance;
import dev.culvert.proto.inet.IpPrefix;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;

/// The sections that describe the node itself, and the whole of either file.
final class NodeSchema {
    private static final String LATER = "is not in this version";

    static final Field<String> GATEWAY_NAME = Field.optional("name", Scalars.NAME, "gateway", "this gateway's name");
    static final Field<Endpoint> ENDPOINT = Field.optional(
            "endpoint",
            NetworkScalars.ENDPOINT,
            "what sites dial; without it the public address of this machine, if it has one");
    static final Field<Section> GATEWAY =
            Field.optional("gateway", Shape.of(GATEWAY_NAME, ENDPOINT), "who this gateway is");

    static final Field<String> SITE_NAME = Field.optional("name", Scalars.NAME, "site", "this site's name");
    static final Field<Section> SITE = Field.optional("site", Shape.of(SITE_NAME), "who this site is");

    static final Field<TunnelType> TYPE = Field.optional(
            "type",
            Scalar.word(Map.of(), TunnelType.AUTO, TunnelType.EMBEDDED, TunnelType.TUN, TunnelType.KERNEL),
            TunnelType.AUTO,
            "how the WireGuard end is made: `embedded` needs no privilege and changes nothing of this machine; `tun`"
                    + " is an interface of the kernel's and needs CAP_NET_ADMIN; `kernel` is Linux's own WireGuard and"
                    + " needs CAP_NET_RAW as well; `auto` takes kernel, else tun, else embedded, by what this process"
                    + " may do");
    static final Field<Bind> GATEWAY_LISTEN = Field.optional(
            "listen", NetworkScalars.UDP_BIND, TunnelSettings.DEFAULT_PORT, "the UDP port that sites dial");
    static final Field<Bind> SITE_LISTEN =
            Field.optional("listen", NetworkScalars.UDP_BIND, "0", "the UDP port of WireGuard; 0 is any that is free");
    static final Field<IpPrefix> NETWORK = Field.optional(
            "network",
            NetworkScalars.NETWORK,
            ModelMerge.DEFAULT_NETWORK,
            "the tunnel's IPv4 network; the gateway has its first host address");
    static final Field<IpPrefix> NETWORK6 =
            Field.optional("network6", NetworkScalars.NETWORK6, "none", "the tunnel's IPv6 network, if it has one");
    static final Field<Integer> MTU = Field.optional(
            "mtu", Scalars.MTU, TunnelSettings.DEFAULT_MTU, "the largest packet within the tunnel, in bytes");
    static final Field<List<InetAddress>> ADDRESS = Field.optional(
            "address",
            new ListOf<>(NetworkScalars.ADDRESS),
            "what joining brought",
            "this site's address in the tunnel; a list for IPv4 and IPv6");
    static final Field<String> PRIVATE_KEY_FILE = Field.optional(
            "private-key-file",
            Scalars.KEY_FILE,
            "a key made at the first start",
            "path to this node's private key, as `wg genkey` makes it");
    static final Field<Section> GATEWAY_TUNNEL = Field.optional(
            "tunnel",
            secretFree(Shape.of(TYPE, GATEWAY_LISTEN, NETWORK, NETWORK6, MTU, PRIVATE_KEY_FILE))
                    .refusing("address", "is the first host address of network"),
            "the WireGuard hub");
    static final Field<Section> SITE_TUNNEL = Field.optional(
            "tunnel",
            secretFree(Shape.of(TYPE, SITE_LISTEN, ADDRESS, MTU, PRIVATE_KEY_FILE))
                    .refusing("network", "is for gateway.yaml; a site has an address"),
            "this site's end of the tunnel");

    static final Field<List<Entrance>> HTTP_LISTEN = Field.optional(
            "listen",
            new ListOf<>(NetworkScalars.HTTP_LISTEN),
            "80",
            "where HTTP is served, `tunnel:` and `lan:` as with https; an empty list is nowhere");
    static final Field<Section> HTTP = Field.optional(
            "http",
            Shape.of(HTTP_LISTEN, ArrivalSchema.PROXY)
                    .refusing("tls", "belongs to a service, or to the section https")
                    .refusing("redirect", "belongs to the section https"),
            "HTTP services share these ports; the Host of the request chooses");

    static final Field<Map<String, Section>> SITES = Field.optional(
            "sites", new Entries(PeerSchema.SITE), "sites declared by hand; `culvert site add` adds more");
    static final Field<Map<String, Section>> SITES_IN_STORE =
            Field.optional("sites", new Entries(PeerSchema.SITE_IN_STORE), SITES.doc());
    static final Field<Map<String, Section>> GATEWAYS = Field.optional(
            "gateways",
            new Entries(PeerSchema.GATEWAY),
            "what joining brought",
            "gateways, or stock WireGuard hubs, that this site keeps a tunnel to");
    static final Field<Map<String, Section>> GATEWAY_SERVICES =
            Field.optional("services", new Entries(ServiceSchema.GATEWAY), "what is published");
    static final Field<Map<String, Section>> SITE_SERVICES = Field.optional(
            "services",
            new Entries(ServiceSchema.AT_SITE),
            "what the gateways are asked to publish, within what they grant; its targets need no allow line. Under a"
                    + " stock hub: what comes in from the tunnel");
    static final Field<List<AllowRule>> ALLOW = Field.optional(
            "allow",
            new ListOf<>(TargetScalars.ALLOW),
            "nothing",
            "targets that this home agrees to be reached at, whatever a gateway says");
    static final Field<List<IpPrefix>> CLIENTS = Field.optional(
            "clients",
            new ListOf<>(NetworkScalars.CLIENT_PREFIX),
            "addresses that come from the internet",
            "further prefixes that a gateway may name as a visitor's address");

    static final Field<List<AllowRule>> TRANSPARENT_ALLOW = Field.optional(
            "allow",
            new ListOf<>(TargetScalars.ALLOW),
            "those of services here",
            "targets of the list allow, on this machine or in its containers, that gateways may reach so");
    static final Field<List<AllowRule>> RETURNS_VIA_SITE = Field.optional(
            "returns-via-site",
            new ListOf<>(TargetScalars.ALLOW),
            "none",
            "further such targets, elsewhere: what they answer to the internet passes this machine");
    static final Field<Section> TRANSPARENT = Field.optional(
            "transparent",
            Shape.of(TRANSPARENT_ALLOW, RETURNS_VIA_SITE),
            "which targets may see a visitor's own address on their sockets (client-address: transparent); needs Linux"
                    + " and CAP_NET_ADMIN");

    static final Field<String> DOCKER_SOCKET = Field.required(
            "socket", Scalars.SOCKET, "where Docker answers, such as /var/run/docker.sock; it is only read");
    static final Field<Section> DOCKER = Field.optional(
            "docker",
            Shape.of(DOCKER_SOCKET),
            "containers publish by their labels culvert.host or culvert.listen, and culvert.port; off unless set");

    static final Shape GATEWAY_FILE = gatewayShape(SITES);
    static final Shape GATEWAY_STORE = gatewayShape(SITES_IN_STORE);
    static final Shape SITE_FILE = Shape.of(
                    SITE,
                    SITE_TUNNEL,
                    GATEWAYS,
                    ALLOW,
                    CLIENTS,
                    TRANSPARENT,
                    HttpsSchema.SITE,
                    ArrivalSchema.LIMITS,
                    SITE_SERVICES,
                    DOCKER,
                    AcmeSchema.ACME,
                    ObservationSchema.METRICS,
                    ObservationSchema.LOG,
                    ObservationSchema.ACCESS_LOG)
            .refusing("gateway", "is for gateway.yaml; a site lists its gateways under gateways")
            .refusing("http", "is for gateway.yaml; here services listen on tunnel:port")
            .refusing("sites", "is for gateway.yaml; this file describes one site");

    private NodeSchema() {}

    static Shape shape(Role role, Origin origin) {
        return switch (role) {
            case GATEWAY -> origin.isFile() ? GATEWAY_FILE : GATEWAY_STORE;
            case SITE -> SITE_FILE;
        };
    }

    static Field<Map<String, Section>> sites(Origin origin) {
        return origin.isFile() ? SITES : SITES_IN_STORE;
    }

    private static Shape gatewayShape(Field<Map<String, Section>> sites) {
        return Shape.of(
                        GATEWAY,
                        GATEWAY_TUNNEL,
                        HTTP,
                        HttpsSchema.GATEWAY,
                        ArrivalSchema.LIMITS,
                        sites,
                        GATEWAY_SERVICES,
                        AcmeSchema.ACME,
                        ObservationSchema.METRICS,
                        ObservationSchema.LOG,
                        ObservationSchema.ACCESS_LOG)
                .refusing("site", "is for site.yaml; a gateway lists its sites under sites")
                .refusing("gateways", "is for site.yaml")
                .refusing("allow", "is for site.yaml; a service's own list is access.allow")
                .refusing("clients", "is for site.yaml")
                .refusing("transparent", "is for site.yaml; a service here says client-address: transparent")
                .refusing("peers", "is called sites")
                .refusing("tls", "belongs to a service; where HTTPS is served is said under https")
                .refusing("bans", LATER);
    }

    private static Shape secretFree(Shape shape) {
        return shape.refusing("private-key", "a key does not stand in this file: name its file with private-key-file")
                .refusing("port", "is called listen");
    }
}
