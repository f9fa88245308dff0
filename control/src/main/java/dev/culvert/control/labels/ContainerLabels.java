package dev.culvert.control.labels;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.culvert.model.Origin;
import dev.culvert.model.config.ConfigWriter;
import dev.culvert.model.config.Source;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Docker's list of containers, as documents of site.yaml's schema: one for each container with a `culvert.host` or
/// `culvert.listen` label. Whether they are right is for the merge to say, as of any document.
final class ContainerLabels {
    private ContainerLabels() {}

    /// @param json the answer to `GET /containers/json`
    /// @throws IOException if it is not a list of containers
    static List<Source> documents(String json) throws IOException {
        List<Source> documents = new ArrayList<>();
        for (Object entry : JSON.std.listFrom(json)) {
            if (entry instanceof Map<?, ?> container && container.get("Labels") instanceof Map<?, ?> labels) {
                Source document = document(container, labels);
                if (document != null) {
                    documents.add(document);
                }
            }
        }
        documents.sort((a, b) -> a.origin().document().compareTo(b.origin().document()));
        return documents;
    }

    private static @Nullable Source document(Map<?, ?> container, Map<?, ?> labels) {
        List<String> hosts = list(labels.get("culvert.host"));
        List<String> listen = list(labels.get("culvert.listen"));
        if (hosts.isEmpty() && listen.isEmpty()) {
            return null;
        }
        Map<String, List<String>> settings = new LinkedHashMap<>();
        settings.put("host", hosts);
        settings.put("listen", listen);
        settings.put("target", List.of(target(container, labels, hosts.isEmpty() ? "tcp" : "http")));
        settings.put("client-address", list(labels.get("culvert.client-address")));
        settings.put("access.allow", list(labels.get("culvert.allow")));
        settings.values().removeIf(List::isEmpty);
        List<String> named = list(labels.get("culvert.name"));
        String name = !named.isEmpty()
                ? named.getFirst()
                : hosts.isEmpty()
                        ? "port-" + listen.getFirst().replaceFirst("/.*", "")
                        : hosts.getFirst().toLowerCase(Locale.ROOT).replace('.', '-');
        return new Source(Origin.labels(name(container)), ConfigWriter.document("services", name, settings));
    }

    /// The container's address on the network that a label names, or on its first one.
    private static String target(Map<?, ?> container, Map<?, ?> labels, String scheme) {
        List<String> port = list(labels.get("culvert.port"));
        String address = "";
        Map<?, ?> settings = container.get("NetworkSettings") instanceof Map<?, ?> map ? map : Map.of();
        Map<?, ?> networks = settings.get("Networks") instanceof Map<?, ?> map ? map : Map.of();
        Object wanted = labels.get("culvert.network");
        for (Map.Entry<?, ?> network : networks.entrySet()) {
            boolean right = wanted == null || wanted.equals(network.getKey());
            if (right && address.isEmpty() && network.getValue() instanceof Map<?, ?> at) {
                address = at.get("IPAddress") instanceof String text ? text : "";
            }
        }
        // A container on the host's own network has no address of its own.
        String host = address.isEmpty() ? "127.0.0.1" : address;
        return scheme + "://" + host + ":" + (port.isEmpty() ? onlyPort(container) : port.getFirst());
    }

    private static String onlyPort(Map<?, ?> container) {
        if (container.get("Ports") instanceof List<?> ports
                && ports.stream()
                                .map(port ->
                                        port instanceof Map<?, ?> map ? String.valueOf(map.get("PrivatePort")) : "")
                                .distinct()
                                .count()
                        == 1
                && ports.getFirst() instanceof Map<?, ?> only) {
            return String.valueOf(only.get("PrivatePort"));
        }
        return "(label culvert.port is missing)";
    }

    private static String name(Map<?, ?> container) {
        return container.get("Names") instanceof List<?> names && !names.isEmpty()
                ? String.valueOf(names.getFirst()).replaceFirst("^/", "")
                : String.valueOf(container.get("Id"));
    }

    private static List<String> list(@Nullable Object label) {
        return label instanceof String text && !text.isBlank()
                ? List.of(text.strip().split(" *, *"))
                : List.of();
    }
}
