package dev.culvert.model.config;

import dev.culvert.model.AcmeSettings;
import dev.culvert.model.Entry;
import dev.culvert.model.Limits;
import dev.culvert.model.Listener;
import dev.culvert.model.Literals;
import dev.culvert.model.Model;
import dev.culvert.model.Observation;
import dev.culvert.model.ProxyTrust;
import dev.culvert.model.Role;
import dev.culvert.model.TunnelSettings;
import dev.culvert.proto.inet.IpPrefix;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// A [Model], or one entry of it, as a document of the schema: what `culvert export` prints and the store keeps.
///
/// Reading the text back gives an equal model but for the origins.
public final class ConfigWriter {
    private final StringBuilder text = new StringBuilder();

    private ConfigWriter() {}

    /// The whole model as one file.
    public static String file(Model model) {
        ConfigWriter writer = new ConfigWriter();
        writer.node(model);
        writer.tunnel(model);
        writer.http(model);
        writer.limits(model);
        writer.entries("gateways", model.gateways());
        writer.entries("sites", model.sites());
        writer.rules(model.rules().settings());
        writer.entries("services", model.services());
        writer.acme(model);
        writer.observation(model);
        return writer.text.toString();
    }

    /// A document with one entry, for the store.
    ///
    /// @param section `sites`, `gateways` or `services`
    public static String document(String section, String name, Entry entry) {
        return document(section, name, entry.settings());
    }

    /// A document with one entry of these settings, right or wrong.
    ///
    /// @param settings as [Entry#settings()] gives them
    public static String document(String section, String name, Map<String, List<String>> settings) {
        ConfigWriter writer = new ConfigWriter();
        writer.line(0, section + ":");
        writer.line(1, quoted(name) + ":");
        writer.settings(settings);
        return writer.text.toString();
    }

    private void node(Model model) {
        line(0, model.role() + ":");
        setting(1, "name", List.of(model.name()));
        if (model.tunnel().endpoint() != null) {
            setting(
                    1,
                    "endpoint",
                    List.of(Objects.requireNonNull(model.tunnel().endpoint()).toString()));
        }
    }

    private void tunnel(Model model) {
        TunnelSettings tunnel = model.tunnel();
        Map<String, List<String>> settings = new LinkedHashMap<>(tunnel.settings());
        if (!tunnel.listenNamed()) {
            // Written down it would be a person's word, and never exchanged where it is taken.
            settings.remove("listen");
        }
        if (model.role() == Role.GATEWAY) {
            settings.remove("address");
            settings.remove("network");
            for (IpPrefix network : tunnel.networks()) {
                settings.put(network.isIpv4() ? "network" : "network6", List.of(Literals.format(network)));
            }
        }
        line(0, "tunnel:");
        settings.forEach((key, values) -> setting(1, key, values));
    }

    private void http(Model model) {
        if (model.role() == Role.GATEWAY) {
            line(0, "http:");
            line(1, "listen: " + flow(shared(model, Listener.Protocol.HTTP)));
            arrivals(model, "http.");
        }
        List<String> secure = shared(model, Listener.Protocol.HTTPS);
        Map<String, List<String>> settings = model.https().settings();
        if (!secure.isEmpty()
                || !settings.isEmpty()
                || !model.arrivals().https().equals(ProxyTrust.NOBODY)) {
            line(0, "https:");
            line(1, "listen: " + flow(secure));
            settings.forEach((key, values) -> setting(1, key.substring(key.indexOf('.') + 1), values));
            arrivals(model, "https.");
        }
    }

    private void limits(Model model) {
        if (!model.arrivals().limits().equals(Limits.DEFAULT)) {
            line(0, "limits:");
            arrivals(model, "limits.");
        }
    }

    /// What one section of the file says about arrivals.
    private void arrivals(Model model, String section) {
        Map<String, List<String>> settings = new LinkedHashMap<>();
        model.arrivals().settings().forEach((key, values) -> {
            if (key.startsWith(section)) {
                settings.put(key.substring(section.length()), values);
            }
        });
        nested(1, settings);
    }

    /// Where all services of a protocol are served.
    private static List<String> shared(Model model, Listener.Protocol protocol) {
        return model.listeners().stream()
                .filter(listener -> listener.protocol() == protocol && listener.service() == null)
                .map(listener -> listener.scope() == Listener.Scope.PUBLIC
                        ? listener.bind().toString()
                        : listener.scope() + ":" + listener.bind())
                .toList();
    }

    private void observation(Model model) {
        Observation observation = model.observation();
        List<String> binds = model.listeners().stream()
                .filter(listener -> listener.protocol() == Listener.Protocol.METRICS)
                .map(listener -> listener.scope() == Listener.Scope.TUNNEL
                        ? "tunnel:" + listener.bind()
                        : listener.bind().toString())
                .toList();
        if (!binds.isEmpty() || !observation.scrapers().isEmpty()) {
            line(0, "metrics:");
            line(1, "listen: " + flow(binds));
        }
        String open = "metrics";
        for (Map.Entry<String, List<String>> setting : observation.settings().entrySet()) {
            int dot = setting.getKey().indexOf('.');
            String section = setting.getKey().substring(0, dot);
            if (!section.equals(open)) {
                line(0, section + ":");
                open = section;
            }
            setting(1, setting.getKey().substring(dot + 1), setting.getValue());
        }
    }

    private void acme(Model model) {
        AcmeSettings acme = model.acme();
        if (acme != null) {
            line(0, "acme:");
            tree(acme.settings());
        }
    }

    /// Every dot in a key leads a section deeper; the keys of one section stand together.
    private void tree(Map<String, List<String>> settings) {
        List<String> open = List.of();
        for (Map.Entry<String, List<String>> setting : settings.entrySet()) {
            List<String> path = List.of(setting.getKey().split("\\."));
            List<String> sections = path.subList(0, path.size() - 1);
            for (int depth = 0; depth < sections.size(); depth++) {
                if (open.size() <= depth || !open.subList(0, depth + 1).equals(sections.subList(0, depth + 1))) {
                    line(depth + 1, sections.get(depth) + ":");
                }
            }
            open = sections;
            setting(path.size(), path.getLast(), setting.getValue());
        }
    }

    private void entries(String section, Map<String, ? extends Entry> entries) {
        if (!entries.isEmpty()) {
            line(0, section + ":");
            entries.forEach((name, entry) -> {
                line(1, quoted(name) + ":");
                settings(entry.settings());
            });
        }
    }

    /// A dot in a key leads into a section; the keys of one section stand together.
    private void settings(Map<String, List<String>> settings) {
        nested(2, settings);
    }

    private void nested(int depth, Map<String, List<String>> settings) {
        List<String> open = List.of();
        for (Map.Entry<String, List<String>> setting : settings.entrySet()) {
            List<String> path = List.of(setting.getKey().split("\\."));
            List<String> sections = path.subList(0, path.size() - 1);
            int shared = 0;
            while (shared < Math.min(open.size(), sections.size())
                    && open.get(shared).equals(sections.get(shared))) {
                shared++;
            }
            for (int i = shared; i < sections.size(); i++) {
                line(depth + i, sections.get(i) + ":");
            }
            open = sections;
            setting(depth - 1 + path.size(), path.getLast(), setting.getValue());
        }
    }

    private void rules(Map<String, List<String>> settings) {
        Map<String, List<String>> sections = new LinkedHashMap<>();
        settings.forEach((key, values) -> {
            if (key.indexOf('.') < 0) {
                block(key, values);
            } else {
                sections.put(key, values);
            }
        });
        nested(0, sections);
    }

    private void block(String key, List<String> values) {
        line(0, key + ":");
        values.forEach(value -> line(1, "- " + quoted(value)));
    }

    private void setting(int depth, String key, List<String> values) {
        line(depth, key + ": " + (values.size() == 1 ? quoted(values.getFirst()) : flow(values)));
    }

    private static String flow(List<String> values) {
        return "[" + String.join(", ", values.stream().map(ConfigWriter::quoted).toList()) + "]";
    }

    /// Plain where YAML cannot take it for anything but this text (our schema reads numbers from text anyway).
    private static String quoted(String value) {
        if (value.matches("[A-Za-z0-9/][A-Za-z0-9./_-]*(:[A-Za-z0-9/][A-Za-z0-9./_:-]*)?") && !isKeyword(value)) {
            return value;
        }
        return '"' + escaped(value) + '"';
    }

    /// YAML 1.2 §5.7; what a health check sends has ends of lines.
    private static String escaped(String value) {
        StringBuilder out = new StringBuilder(value.length() + 8);
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < ' ' || (c >= 0x7f && c <= 0xa0)) {
                out.append("\\x").append(HexFormat.of().toHexDigits((byte) c));
            } else {
                out.append(c);
            }
        }
        return out.toString();
    }

    private static boolean isKeyword(String value) {
        return value.matches("(?i)null|true|false|yes|no|on|off|~") || value.endsWith(":");
    }

    private void line(int depth, String line) {
        text.append("  ".repeat(depth)).append(line).append('\n');
    }
}
