package dev.culvert.model.config;

import dev.culvert.model.Bind;
import dev.culvert.model.GatewayPeer;
import dev.culvert.model.Listener;
import dev.culvert.model.Role;
import dev.culvert.model.Service;
import dev.culvert.model.Site;
import dev.culvert.model.Transparency;
import dev.culvert.model.WireGuardPeer;
import java.net.InetAddress;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;

/// One document's text to a [Config], or to everything that is wrong with it by itself.
///
/// Whoever wants a model asks [ModelMerge], which reads the texts itself and so reports these problems together with
/// those of how the documents fit together.
public final class ConfigParser {
    /// The most that a document may have, in UTF-8 bytes.
    public static final int MAX_BYTES = YamlText.MAX_BYTES;

    private ConfigParser() {}

    /// What could be understood, and what was wrong.
    record Draft(Config config, Notes notes) {}

    /// Reads one document with the schema of `role`.
    public static Parsed<Config> parse(Role role, Source source) {
        Draft draft = read(role, source);
        return draft.notes.isEmpty() ? Parsed.ok(draft.config) : Parsed.problems(draft.notes.sorted());
    }

    /// Which role's file this is, by the sections that only one of them has; null if that is open.
    public static @Nullable Role roleOf(Source source) {
        Notes unheard = new Notes(source.origin().toString());
        Node node = YamlText.compose(source.text(), unheard);
        if (node == null) {
            return null;
        }
        int[] votes = new int[2];
        YamlText.forEachKey(node, "", "", unheard, (key, path, value) -> {
            switch (key.getValue()) {
                case "gateway", "http", "sites" -> votes[0]++;
                case "site", "gateways", "allow", "clients", "transparent" -> votes[1]++;
                default -> {}
            }
        });
        if (votes[0] == votes[1]) {
            return null;
        }
        return votes[0] > votes[1] ? Role.GATEWAY : Role.SITE;
    }

    static Draft read(Role role, Source source) {
        Notes notes = new Notes(source.origin().toString());
        Node node = YamlText.compose(source.text(), notes);
        Shape shape = NodeSchema.shape(role, source.origin());
        Section root = node == null ? null : shape.read(node, "", notes);
        return new Draft(config(role, source, root == null ? new Section("", notes) : root, notes), notes);
    }

    private static Config config(Role role, Source source, Section root, Notes notes) {
        Section http = root.get(NodeSchema.HTTP);
        Section https = root.get(role == Role.SITE ? HttpsSchema.SITE : HttpsSchema.GATEWAY);
        return new Config(
                source.origin(),
                role,
                node(role, root),
                tunnel(role, root),
                http == null ? null : HttpsSchema.listeners(http.get(NodeSchema.HTTP_LISTEN), Listener.Protocol.HTTP),
                HttpsSchema.read(https, role == Role.SITE),
                sites(source, root),
                gateways(source, root),
                services(role, source, root),
                rules(root),
                ObservationSchema.read(root),
                AcmeSchema.read(role, root),
                new Config.ArrivalsConfig(
                        ArrivalSchema.limits(root.get(ArrivalSchema.LIMITS)),
                        ArrivalSchema.trust(http),
                        ArrivalSchema.trust(https)),
                notes.places());
    }

    private static Config.RulesConfig rules(Section root) {
        Section docker = root.get(NodeSchema.DOCKER);
        return new Config.RulesConfig(
                root.get(NodeSchema.ALLOW),
                root.get(NodeSchema.CLIENTS),
                transparency(root.get(NodeSchema.TRANSPARENT)),
                docker == null ? null : docker.get(NodeSchema.DOCKER_SOCKET));
    }

    private static @Nullable Transparency transparency(@Nullable Section section) {
        return section == null
                ? null
                : new Transparency(
                        section.get(NodeSchema.TRANSPARENT_ALLOW, List.of()),
                        section.get(NodeSchema.RETURNS_VIA_SITE, List.of()));
    }

    private static Config.NodeConfig node(Role role, Section root) {
        Section node = root.get(role == Role.GATEWAY ? NodeSchema.GATEWAY : NodeSchema.SITE);
        if (node == null) {
            return new Config.NodeConfig(null, null);
        }
        String name = node.get(role == Role.GATEWAY ? NodeSchema.GATEWAY_NAME : NodeSchema.SITE_NAME);
        return new Config.NodeConfig(name, node.get(NodeSchema.ENDPOINT));
    }

    private static Config.TunnelConfig tunnel(Role role, Section root) {
        Section tunnel = root.get(role == Role.GATEWAY ? NodeSchema.GATEWAY_TUNNEL : NodeSchema.SITE_TUNNEL);
        if (tunnel == null) {
            return new Config.TunnelConfig(null, null, null, null, null, null, null);
        }
        var listenField = role == Role.GATEWAY ? NodeSchema.GATEWAY_LISTEN : NodeSchema.SITE_LISTEN;
        Bind listen = tunnel.get(listenField);
        if (role == Role.GATEWAY && listen != null && listen.port() == 0) {
            tunnel.note(listenField, "\"0\" would be any port, which no site could dial (expected: 1..65535)");
        }
        List<InetAddress> addresses = tunnel.get(NodeSchema.ADDRESS);
        if (addresses != null) {
            PeerSchema.noteAddresses(tunnel, NodeSchema.ADDRESS, addresses);
        }
        return new Config.TunnelConfig(
                tunnel.get(NodeSchema.TYPE),
                listen,
                tunnel.get(NodeSchema.NETWORK),
                tunnel.get(NodeSchema.NETWORK6),
                tunnel.get(NodeSchema.MTU),
                addresses,
                tunnel.get(NodeSchema.PRIVATE_KEY_FILE));
    }

    private static Map<String, Site> sites(Source source, Section root) {
        Map<String, Site> sites = new LinkedHashMap<>();
        Shape shape = PeerSchema.siteShape(source.origin());
        root.get(NodeSchema.sites(source.origin()), Map.of()).forEach((name, section) -> {
            WireGuardPeer peer = PeerSchema.read(section, shape, Role.GATEWAY);
            sites.put(
                    name, new Site(name, source.origin(), PeerSchema.type(section), peer, PeerSchema.grants(section)));
        });
        return sites;
    }

    private static Map<String, GatewayPeer> gateways(Source source, Section root) {
        Map<String, GatewayPeer> gateways = new LinkedHashMap<>();
        root.get(NodeSchema.GATEWAYS, Map.of()).forEach((name, section) -> {
            WireGuardPeer peer = PeerSchema.read(section, PeerSchema.GATEWAY, Role.SITE);
            gateways.put(name, new GatewayPeer(name, source.origin(), PeerSchema.type(section), peer));
        });
        return gateways;
    }

    private static Map<String, Service> services(Role role, Source source, Section root) {
        Map<String, Service> services = new LinkedHashMap<>();
        var field = role == Role.GATEWAY ? NodeSchema.GATEWAY_SERVICES : NodeSchema.SITE_SERVICES;
        root.get(field, Map.of()).forEach((name, section) -> {
            services.put(name, ServiceSchema.read(name, section, source.origin(), role));
        });
        return services;
    }
}
