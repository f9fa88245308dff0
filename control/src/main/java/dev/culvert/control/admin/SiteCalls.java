package dev.culvert.control.admin;

import dev.culvert.control.enrol.Enrolment;
import dev.culvert.control.enrol.Token;
import dev.culvert.dataplane.Node;
import dev.culvert.model.Endpoint;
import dev.culvert.model.Grants;
import dev.culvert.model.Literals;
import dev.culvert.model.Model;
import dev.culvert.model.Site;
import dev.culvert.model.config.GrantsText;
import dev.culvert.proto.wireguard.PublicKey;
import java.io.IOException;
import java.net.InetAddress;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A gateway's sites: added, granted, listed, removed.
final class SiteCalls {
    private static final Call.Argument NAME = Call.Argument.text("name", "the site's name");
    private static final Call.Argument HOSTS =
            Call.Argument.list("host", "host names it may publish: a name, *.DOMAIN or *");
    private static final Call.Argument PORTS =
            Call.Argument.list("port", "ports it may publish: PORT or FIRST-LAST, with /udp for datagrams");

    private final Node node;
    private final Enrolment enrolment;
    private final String publicKey;
    private final Supplier<@Nullable Endpoint> endpoint;

    /// @param endpoint where sites dial this gateway, if that is known
    SiteCalls(Node node, Enrolment enrolment, String publicKey, Supplier<@Nullable Endpoint> endpoint) {
        this.node = node;
        this.enrolment = enrolment;
        this.publicKey = publicKey;
        this.endpoint = endpoint;
    }

    List<Call> calls() {
        return List.of(
                Call.get("/sites", "The sites of this gateway.", _ -> Map.of("sites", sites())),
                Call.post(
                        "/sites",
                        "Adds a site: makes a token for it, or takes a stock peer's key.",
                        List.of(
                                NAME,
                                Call.Argument.flag("replace", "give a site that exists a new key"),
                                Call.Argument.optional("plainKey", "public key of a stock WireGuard peer"),
                                HOSTS,
                                PORTS),
                        this::add),
                Call.post(
                        "/sites/grant",
                        "Sets what a site may publish by its own word.",
                        List.of(
                                NAME,
                                HOSTS,
                                PORTS,
                                Call.Argument.flag("replace", "take back what was granted before and is not named")),
                        this::grant),
                Call.post(
                        "/sites/remove",
                        "Forgets a site: its key is refused from now on.",
                        List.of(NAME),
                        arguments -> {
                            enrolment.remove(arguments.text("name"));
                            return Map.of("removed", arguments.text("name"));
                        }));
    }

    private List<Map<String, Object>> sites() {
        return node.model().sites().values().stream().map(SiteCalls::site).toList();
    }

    private static Map<String, Object> site(Site site) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("name", site.name());
        map.put("type", site.type().toString());
        map.put("address", site.peer().addresses().getFirst().getHostAddress());
        map.put("key", String.valueOf(site.peer().publicKey()));
        map.put("grants", granted(site.grants()));
        map.put("origin", site.origin().toString());
        return map;
    }

    private static Map<String, Object> granted(Grants grants) {
        return Map.of(
                "host", grants.hosts().stream().map(Object::toString).toList(),
                "port", grants.ports().stream().map(Object::toString).toList());
    }

    private static Grants grants(Arguments arguments) {
        return GrantsText.parse(arguments.list("host"), arguments.list("port"));
    }

    private Map<String, Object> add(Arguments arguments) throws IOException {
        String name = arguments.text("name");
        if (!name.matches("[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?")) {
            throw new IllegalArgumentException(
                    "site name: " + name + " (expected: a-z, 0-9 and -, at most 32 characters)");
        }
        Endpoint reached = endpoint.get();
        if (reached == null) {
            throw new IllegalArgumentException("where do sites dial this gateway? Start it with --endpoint HOST:PORT,"
                    + " or write gateway: {endpoint: HOST:PORT} into its file");
        }
        Grants grants = grants(arguments);
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("site", name);
        String key = arguments.optional("plainKey");
        if (key != null) {
            if (!grants.isEmpty()) {
                throw new IllegalArgumentException(
                        "a plain peer declares nothing: publish what is behind it in gateway.yaml");
            }
            List<InetAddress> addresses = enrolment.addPlain(name, PublicKey.parse(key));
            Model model = node.model();
            answer.put("addresses", texts(addresses));
            answer.put("endpoint", reached.toString());
            answer.put("gatewayAddresses", texts(model.tunnel().addresses()));
            answer.put("mtu", model.tunnel().mtu());
            answer.put("gatewayKey", publicKey);
            return answer;
        }
        Token token = enrolment.issue(name, reached, arguments.flag("replace"), grants);
        answer.put("token", token.encode());
        answer.put("expires", token.expires().toString());
        return answer;
    }

    private static List<String> texts(List<InetAddress> addresses) {
        return addresses.stream().map(Literals::format).toList();
    }

    private Map<String, Object> grant(Arguments arguments) throws IOException {
        Grants now = enrolment.grant(arguments.text("name"), grants(arguments), arguments.flag("replace"));
        return Map.of("site", arguments.text("name"), "grants", granted(now));
    }
}
