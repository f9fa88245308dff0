package dev.culvert.app;

import dev.culvert.app.install.Installation;
import dev.culvert.control.enrol.Join;
import dev.culvert.control.enrol.Token;
import dev.culvert.control.store.StateFolder;
import dev.culvert.model.Role;
import java.io.Console;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "join",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description =
                "At home: becomes a site of the gateway that made the token. The key is made here and stays here.",
        footer = {
            "",
            "The token is asked for without echo, or comes from a file or standard input; never from the command line,",
            "where other users could see it.",
            "",
            "Examples:",
            "  culvert join",
            "  culvert join --token-file token.txt",
            "  ssh vps culvert site add home --json | jq -r .token | culvert join -"
        })
final class JoinCommand implements Callable<Integer> {
    private static final String EXPOSE = "  culvert expose photos.example.com http://192.168.1.20:2342";
    private static final String NEXT = "Next: start the site, and say what it publishes:\n\n  culvert site\n" + EXPOSE;
    private static final String NEXT_OF_SERVICE = "Next: say what this home publishes:\n\n" + EXPOSE;

    @Mixin
    private StateOption state = new StateOption();

    @Option(names = "--token-file", paramLabel = "FILE", description = "Read the token from a file.")
    private @Nullable Path tokenFile;

    @Parameters(arity = "0..1", paramLabel = "STDIN", description = "- reads the token from standard input.")
    private @Nullable String dash;

    @Override
    public Integer call() throws Exception {
        Token token;
        Join.Joined joined;
        boolean service;
        try (StateFolder folder = new StateFolder(state.path())) {
            if (!Files.isWritable(folder.path())) {
                throw new IOException("the state in " + folder.path() + " belongs to the user " + folder.owner()
                        + ": sudo culvert join");
            }
            String text = read();
            token = Token.decode(text);
            service = folder.path().equals(StateFolder.INSTALLED)
                    && new Installation(Path.of("/")).installed() == Role.SITE;
            if (folder.belongsToAnotherThanRoot(System.getProperty("user.name"))) {
                return joinForOwner(folder, text, service);
            }
            joined = new Join(folder, System.err::println).join(token);
        }
        System.out.println("joined " + joined.gateway() + " as " + joined.site() + ", address " + joined.address()
                + " inside the tunnel");
        System.out.println("fingerprint " + joined.fingerprint() + " (the gateway's log shows the same)");
        System.out.println();
        System.out.println(service ? NEXT_OF_SERVICE : NEXT);
        return 0;
    }

    private static int joinForOwner(StateFolder folder, String token, boolean service) throws IOException {
        int code = Launcher.asOwner(folder, List.of("join", "-"), token);
        if (code == 0 && service) {
            new Installation(Path.of("/")).startAgain();
            System.out.println("the site's service was started");
        }
        return code;
    }

    private String read() throws IOException {
        Path file = tokenFile;
        if (file != null) {
            return Files.readString(file);
        }
        if (dash != null && !dash.equals("-")) {
            throw new IllegalArgumentException("a token on the command line can be seen by others and is void now:"
                    + " make a new one, and give it by prompt, --token-file or standard input (-)");
        }
        Console console = System.console();
        if (dash == null && console != null && console.isTerminal()) {
            char[] typed = console.readPassword("token: ");
            if (typed == null) {
                throw new IOException("no token");
            }
            return new String(typed);
        }
        return new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
    }
}
