package dev.culvert.app;

import dev.culvert.control.admin.AdminClient;
import dev.culvert.control.store.StateFolder;
import dev.culvert.dataplane.os.CryptoProvider;
import dev.culvert.model.Role;
import dev.culvert.proto.wireguard.PrivateKey;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "site",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Without a subcommand, at home: runs a site. At the gateway: adds, lists and removes sites.",
        subcommands = {
            SiteCommand.Add.class,
            SiteCommand.Grant.class,
            SiteCommand.ListSites.class,
            SiteCommand.Remove.class
        },
        footer = {
            "",
            "Examples:",
            "  home$ culvert site --config site.yaml",
            "  vps$  culvert site add home",
            "  vps$  culvert site add phone --plain > phone.conf"
        })
final class SiteCommand implements Callable<Integer> {
    @Mixin
    private StateOption state = new StateOption();

    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            description = "The configuration. Default: site.yaml of this folder, as soon as it is there.")
    private @Nullable Path file;

    @Override
    public Integer call() throws Exception {
        return new NodeProcess(Role.SITE, file, state.given(), null).run();
    }

    private static AdminClient client(StateOption state) throws IOException {
        return new AdminClient(new StateFolder(state.path()).adminSocket());
    }

    @Command(
            name = "add",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class,
            description = "Adds a site to the gateway that runs with this state, and prints how the home joins.",
            footer = {
                "",
                "Examples:",
                "  culvert site add home",
                "  culvert site add home --host '*.example.com' --port 2222",
                "  culvert site add nas --plain --transparent > wg0.conf"
            })
    static final class Add implements Callable<Integer> {
        @Mixin
        private StateOption state = new StateOption();

        @Parameters(paramLabel = "NAME", description = "The site's name: a-z, 0-9 and -.")
        private String name = "";

        @Option(
                names = "--plain",
                description = "For a stock WireGuard peer (router, phone, wg-quick): prints its configuration file on"
                        + " standard output, and a QR code of it on standard error.")
        private boolean plain;

        @Option(
                names = "--transparent",
                description = "With --plain, for wg-quick on Linux: a file for services with forward: kernel and"
                        + " client-address: transparent. Visitors come with their own addresses, answers go back by the"
                        + " tunnel, and whoever claims a private address is dropped.")
        private boolean transparent;

        @Option(names = "--replace", description = "Give a site that exists a new key.")
        private boolean replace;

        @Mixin
        private GrantOptions grants = new GrantOptions();

        @Option(names = "--json", description = "Print the answer as JSON.")
        private boolean json;

        @Override
        public Integer call() throws Exception {
            if (transparent && !plain) {
                throw new IllegalArgumentException(
                        "--transparent goes with --plain: a Culvert site needs no such file");
            }
            Map<String, Object> arguments = new LinkedHashMap<>();
            arguments.put("name", name);
            arguments.put("replace", replace);
            grants.put(arguments);
            PrivateKey key = plain ? PrivateKey.generate(new SecureRandom()) : null;
            if (key != null) {
                arguments.put(
                        "plainKey", key.publicKey(CryptoProvider.functions()).toString());
            }
            Map<String, Object> answer = client(state).call("POST", "/sites", arguments);
            if (key != null) {
                print(new WgQuick(key, answer));
                System.err.println("The private key stands only in this file: save it now, mode 0600.");
            } else if (json) {
                System.out.println(Json.text(answer));
            } else {
                printToken(answer);
            }
            return 0;
        }

        private void print(WgQuick peer) {
            if (transparent) {
                System.out.print(peer.transparentFile());
                System.err.println();
            } else {
                System.out.print(peer.file());
                System.err.println();
                System.err.println(QrText.of(peer.file()));
            }
        }

        private void printToken(Map<String, Object> answer) {
            System.out.println(
                    "At home, type this and paste the token below (good once, until " + answer.get("expires") + "):");
            System.out.println();
            System.out.println("  culvert join");
            System.out.println();
            System.out.println(answer.get("token"));
            System.out.println();
            System.out.println("Then start the site there, unless it is installed as a service: culvert site");
        }
    }

    @Command(
            name = "grant",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class,
            description = "Lets a site publish host names and ports by its own word (there: culvert expose).",
            footer = {
                "",
                "Examples:",
                "  culvert site grant home --host photos.example.com --port 2222",
                "  culvert site grant home --only --host '*.home.example.com'"
            })
    static final class Grant implements Callable<Integer> {
        @Mixin
        private StateOption state = new StateOption();

        @Parameters(paramLabel = "NAME", description = "The site's name.")
        private String name = "";

        @Mixin
        private GrantOptions grants = new GrantOptions();

        @Option(names = "--only", description = "Take back what was granted before and is not named now.")
        private boolean only;

        @Override
        public Integer call() throws Exception {
            Map<String, Object> arguments = new LinkedHashMap<>();
            arguments.put("name", name);
            arguments.put("replace", only);
            grants.put(arguments);
            Map<String, Object> answer = client(state).call("POST", "/sites/grant", arguments);
            Map<?, ?> now = answer.get("grants") instanceof Map<?, ?> map ? map : Map.of();
            System.out.println("site " + name + " may publish hosts " + now.get("host") + ", ports " + now.get("port"));
            return 0;
        }
    }

    /// What a site may publish.
    static final class GrantOptions {
        @Option(
                names = "--host",
                paramLabel = "PATTERN",
                description = "A host name that the site may publish: a name, '*.example.com' or '*'.")
        private List<String> hosts = List.of();

        @Option(
                names = "--port",
                paramLabel = "PORT",
                description = "A port that it may publish, or FIRST-LAST; with /udp of UDP.")
        private List<String> ports = List.of();

        void put(Map<String, Object> arguments) {
            arguments.put("host", hosts);
            arguments.put("port", ports);
        }
    }

    @Command(
            name = "list",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class,
            description = "Lists the sites of the gateway that runs with this state.",
            footer = {"", "Example:", "  culvert site list"})
    static final class ListSites implements Callable<Integer> {
        @Mixin
        private StateOption state = new StateOption();

        @Option(names = "--json", description = "Print the answer as JSON.")
        private boolean json;

        @Override
        public Integer call() throws Exception {
            Map<String, Object> answer = client(state).call("GET", "/sites", Map.of());
            if (json) {
                System.out.println(Json.text(answer));
                return 0;
            }
            Table table = new Table("NAME", "TYPE", "ADDRESS", "KEY", "DECLARED IN");
            for (Object entry : (List<?>) answer.getOrDefault("sites", List.of())) {
                Map<?, ?> site = (Map<?, ?>) entry;
                table.row(site.get("name"), site.get("type"), site.get("address"), site.get("key"), site.get("origin"));
            }
            System.out.print(table);
            return 0;
        }
    }

    @Command(
            name = "remove",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class,
            description = "Forgets a site that was added; its key is of no use any more.",
            footer = {"", "Example:", "  culvert site remove home"})
    static final class Remove implements Callable<Integer> {
        @Mixin
        private StateOption state = new StateOption();

        @Parameters(paramLabel = "NAME", description = "The site's name.")
        private String name = "";

        @Override
        public Integer call() throws Exception {
            client(state).call("POST", "/sites/remove", Map.of("name", name));
            System.out.println("removed " + name);
            return 0;
        }
    }
}
