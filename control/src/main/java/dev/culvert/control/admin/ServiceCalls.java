package dev.culvert.control.admin;

import dev.culvert.control.Reloader;
import dev.culvert.control.link.Publisher;
import dev.culvert.control.link.Publisher.Outcome;
import dev.culvert.control.store.Store;
import dev.culvert.control.store.Store.Document;
import dev.culvert.dataplane.Node;
import dev.culvert.model.Literals;
import dev.culvert.model.Role;
import dev.culvert.model.Service;
import dev.culvert.model.Target;
import dev.culvert.model.config.Config;
import dev.culvert.model.config.ConfigParser;
import dev.culvert.model.config.ConfigWriter;
import dev.culvert.model.config.Parsed;
import dev.culvert.model.config.Source;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a site publishes: exposed and withdrawn at home, decided by both ends.
final class ServiceCalls {
    private static final Call.Argument CAME_FROM = Call.Argument.optional(
            "cameFrom", "ADDRESS PORT that the caller's ssh session comes from, as SSH_CONNECTION begins");

    private final Node node;
    private final Store store;
    private final Reloader reloader;
    private final Publisher publisher;
    private final Trial trial;

    ServiceCalls(Node node, Store store, Reloader reloader, Publisher publisher, Trial trial) {
        this.trial = trial;
        this.node = node;
        this.store = store;
        this.reloader = reloader;
        this.publisher = publisher;
    }

    List<Call> calls() {
        return List.of(
                Call.get("/services", "What this site publishes, and what became of it.", _ -> services()),
                Call.post(
                        "/services",
                        "Asks the gateways to publish a target of this site, and allows it to be reached.",
                        List.of(
                                Call.Argument.text("name", "the service's name, unique at the gateway"),
                                Call.Argument.list("host", "HTTP host names"),
                                Call.Argument.list("listen", "ports of the gateway: 2222/tcp, 27000-27100/udp"),
                                Call.Argument.text(
                                        "target",
                                        "http://host:port, tcp://host:port or udp://host:port, seen from here"),
                                Call.Argument.optional("clientAddress", "how the target learns the visitor's address"),
                                Call.Argument.list("allow", "prefixes that are let in; all if none is named"),
                                Call.Argument.flag("replace", "change a service that exists"),
                                CAME_FROM),
                        this::expose),
                Call.post(
                        "/services/remove",
                        "Withdraws a service that was exposed here, by its name, host or port.",
                        List.of(Call.Argument.text("name", "its name, host or port"), CAME_FROM),
                        this::remove),
                Call.post(
                        "/confirm",
                        "Lets a change stay that cut its author's own way in.",
                        List.of(),
                        _ -> Map.of("confirmed", trial.confirm())));
    }

    private Map<String, Object> services() {
        List<Map<String, Object>> all = new ArrayList<>();
        Map<String, Outcome> outcomes = publisher.outcomes();
        for (Service service : node.model().published()) {
            Map<String, Object> map = new LinkedHashMap<>();
            map.put("name", service.name());
            map.put("at", places(service));
            map.put("target", service.leadsTo());
            map.put("origin", service.origin().toString());
            map.put("gateways", atGateways(service.name(), outcomes));
            all.add(map);
        }
        return Map.of("services", all);
    }

    private static List<String> places(Service service) {
        return service.hosts().isEmpty() ? service.listens() : service.hosts();
    }

    /// By gateway, what it said of one service, or that it said nothing.
    private static Map<String, Object> atGateways(String service, Map<String, Outcome> outcomes) {
        Map<String, Object> all = new LinkedHashMap<>();
        outcomes.forEach((gateway, outcome) -> {
            var published = outcome.services().get(service);
            if (published != null && outcome.failure().isEmpty()) {
                all.put(gateway, published.map());
            } else {
                all.put(
                        gateway,
                        Map.of("waiting", outcome.failure().isEmpty() ? "not offered yet" : outcome.failure()));
            }
        });
        return all;
    }

    private Map<String, Object> expose(Arguments arguments) throws IOException {
        String name = arguments.text("name");
        String text = document(arguments);
        Service wanted = parse(name, text);
        Service present = node.model().services().get(name);
        String key = "services/" + name;
        Document before = store.read(key);
        if (present != null && before == null) {
            throw new IllegalArgumentException(
                    "service " + name + " is declared in " + present.origin() + ": change it there");
        }
        if (before != null && !arguments.flag("replace") && !wanted.settings().equals(settings(present))) {
            throw new IllegalArgumentException(
                    "service " + name + " exists: change it with --replace, or take another" + " name with --name");
        }
        Target path = ownPath(arguments);
        Document written = store.put(key, before == null ? 0 : before.version(), text);
        String failure = reloader.reload();
        if (failure.isEmpty() && !node.model().services().containsKey(name)) {
            failure = "it clashes with another service of this site: culvert status names them";
        }
        if (!failure.isEmpty()) {
            restore(key, before, written);
            throw new IllegalArgumentException("service " + name + ": " + failure);
        }
        Map<String, Object> answers = atGateways(name, publisher.offerNow());
        if (!answers.isEmpty() && answers.values().stream().allMatch(ServiceCalls::isRefusal)) {
            // Nothing was published: what was typed is as if it had not been.
            restore(key, before, written);
            publisher.offer();
        } else if (isCut(path) && before != null) {
            trial.begin("the change of service " + name, () -> restore(key, before, written));
        }
        return Map.of("name", name, "gateways", answers);
    }

    private static boolean isRefusal(Object answer) {
        return answer instanceof Map<?, ?> map && map.containsKey("refused");
    }

    private static @Nullable Map<String, List<String>> settings(@Nullable Service service) {
        return service == null ? null : service.settings();
    }

    private void restore(String key, @Nullable Document before, Document written) throws IOException {
        if (before == null) {
            store.delete(key);
        } else {
            store.put(key, written.version(), before.text());
        }
        reloader.reload();
    }

    private static String document(Arguments arguments) {
        Map<String, List<String>> settings = new LinkedHashMap<>();
        settings.put("host", arguments.list("host"));
        settings.put("listen", arguments.list("listen"));
        settings.put("target", List.of(arguments.text("target")));
        String clientAddress = arguments.optional("clientAddress");
        settings.put("client-address", clientAddress == null ? List.of() : List.of(clientAddress));
        settings.put("access.allow", arguments.list("allow"));
        settings.values().removeIf(List::isEmpty);
        return ConfigWriter.document("services", arguments.text("name"), settings);
    }

    private static Service parse(String name, String text) {
        return switch (ConfigParser.parse(Role.SITE, Source.store("services/" + name, text))) {
            case Parsed.Problems<Config>(var problems) ->
                throw new IllegalArgumentException(
                        problems.getFirst().path() + ": " + problems.getFirst().message());
            case Parsed.Ok<Config>(Config config, var _) -> {
                Service service = config.services().get(name);
                if (service == null) {
                    throw new IllegalArgumentException("service name: " + name);
                }
                yield service;
            }
        };
    }

    /// The target that the caller's own session runs to, if it came through this site.
    private @Nullable Target ownPath(Arguments arguments) {
        String[] from = String.valueOf(arguments.optional("cameFrom")).split(" ", 3);
        InetAddress address = from.length < 2 ? null : Literals.address(from[0]);
        int port = from.length < 2 ? -1 : Literals.port(from[1]);
        return address == null || port < 0
                ? null
                : node.connections().hopTargetSeenFrom(new InetSocketAddress(address, port));
    }

    private boolean isCut(@Nullable Target path) {
        return path != null && !node.model().rules().allows(path);
    }

    private Map<String, Object> remove(Arguments arguments) throws IOException {
        String what = arguments.text("name");
        List<String> names = node.model().published().stream()
                .filter(service ->
                        service.name().equals(what) || places(service).contains(what))
                .map(Service::name)
                .toList();
        if (names.isEmpty()) {
            throw new IllegalArgumentException("no service " + what + " is published by this site");
        }
        String name = names.getFirst();
        Document before = store.read("services/" + name);
        if (before == null) {
            Service service = node.model().services().get(name);
            throw new IllegalArgumentException("service " + name + " is declared in "
                    + (service == null ? "the file" : service.origin()) + ": take it out there");
        }
        Target path = ownPath(arguments);
        store.delete(before.key());
        String failure = reloader.reload();
        if (!failure.isEmpty()) {
            throw new IOException(failure);
        }
        boolean cut = isCut(path);
        if (cut) {
            trial.begin("the removal of service " + name, () -> {
                store.put(before.key(), 0, before.text());
                reloader.reload();
            });
        }
        Map<String, Object> answers = new LinkedHashMap<>();
        publisher.offerNow().forEach((gateway, outcome) -> answers.put(gateway, outcome.failure()));
        return Map.of("removed", name, "gateways", answers, "undoneIn", cut ? Trial.LENGTH.toSeconds() : 0);
    }
}
