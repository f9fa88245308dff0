package dev.culvert.app;

import dev.culvert.dataplane.Node;
import dev.culvert.model.Endpoint;
import dev.culvert.model.Model;
import dev.culvert.model.Role;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A gateway or a site as a process: what its command line says, null where it says nothing, and running it.
///
/// @param file the configuration
/// @param state the folder of keys and documents
/// @param endpoint where sites dial this gateway
record NodeProcess(
        Role role,
        @Nullable Path file,
        @Nullable Path state,
        @Nullable String endpoint) {
    private static final Logger LOG = LoggerFactory.getLogger("culvert");

    /// The node that these arguments start if they are a command's name and options with their values, nothing else.
    ///
    /// @return null where the command line's library shall read them
    static @Nullable NodeProcess plain(List<String> arguments) {
        if (arguments.size() % 2 == 0) {
            return null;
        }
        Role role = switch (arguments.getFirst()) {
            case "gateway" -> Role.GATEWAY;
            case "site" -> Role.SITE;
            default -> null;
        };
        NodeProcess node = role == null ? null : new NodeProcess(role, null, null, null);
        for (int i = 1; node != null && i < arguments.size(); i += 2) {
            node = node.with(arguments.get(i), arguments.get(i + 1));
        }
        return node;
    }

    /// Takes each option once; a value that looks like an option is for others to judge.
    private @Nullable NodeProcess with(String option, String value) {
        if (value.startsWith("-") || value.isEmpty()) {
            return null;
        }
        return switch (option) {
            case "-c", "--config" -> file == null ? new NodeProcess(role, Path.of(value), state, endpoint) : null;
            case "--state" -> state == null ? new NodeProcess(role, file, Path.of(value), endpoint) : null;
            case "--endpoint" ->
                endpoint == null && role == Role.GATEWAY ? new NodeProcess(role, file, state, value) : null;
            default -> null;
        };
    }

    /// The arguments that start the same node again.
    List<String> arguments() {
        List<String> words = new ArrayList<>();
        words.add(role.toString());
        put(words, "--config", file);
        put(words, "--state", state);
        put(words, "--endpoint", endpoint);
        return words;
    }

    private static void put(List<String> words, String option, @Nullable Object value) {
        if (value != null) {
            words.add(option);
            words.add(value.toString());
        }
    }

    /// Runs the node until it is told to stop.
    ///
    /// @return the exit code
    int run() throws Exception {
        HeadStart.begin();
        Path configuration = file == null ? Path.of(role + ".yaml") : file;
        Wiring.Options options =
                new Wiring.Options(role, configuration, file == null, StateOption.orStandard(state), parse(endpoint));
        Wiring wiring = NodeStart.start(options, new PeerNews());
        LOG.info("{} ready", role);
        hint(wiring.node());
        return RunningNode.untilStopped(wiring, arguments());
    }

    private void hint(Node node) {
        Model model = node.model();
        switch (role) {
            case GATEWAY -> {
                if (model.sites().isEmpty()) {
                    LOG.info("no site yet; add one: culvert site add home");
                }
            }
            case SITE -> {
                if (model.rules().allow().isEmpty() && model.services().isEmpty()) {
                    LOG.info("nothing may be reached here yet: list the targets under allow: in site.yaml");
                }
            }
        }
    }

    static @Nullable Endpoint parse(@Nullable String text) {
        if (text == null) {
            return null;
        }
        int colon = text.lastIndexOf(':');
        String digits = text.substring(colon + 1);
        if (colon < 1 || !digits.matches("[0-9]{1,5}")) {
            throw new IllegalArgumentException("endpoint: " + text + " (expected: HOST:PORT)");
        }
        String host = text.substring(0, colon);
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        }
        return new Endpoint(host, Integer.parseInt(digits));
    }
}
