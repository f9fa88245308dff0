package dev.culvert.app;

import dev.culvert.control.enrol.Join;
import dev.culvert.control.enrol.Token;
import dev.culvert.control.store.StateFolder;
import java.io.Console;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
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
    @Mixin
    private StateOption state = new StateOption();

    @Option(names = "--token-file", paramLabel = "FILE", description = "Read the token from a file.")
    private @Nullable Path tokenFile;

    @Parameters(arity = "0..1", paramLabel = "-", description = "Read the token from standard input.")
    private @Nullable String dash;

    @Override
    public Integer call() throws Exception {
        Token token = Token.decode(read());
        Join.Joined joined;
        try (StateFolder folder = new StateFolder(state.path())) {
            joined = new Join(folder, System.err::println).join(token);
        }
        System.out.println("joined " + joined.gateway() + " as " + joined.site() + ", address " + joined.address()
                + " inside the tunnel");
        System.out.println("fingerprint " + joined.fingerprint() + " (the gateway's log shows the same)");
        System.out.println();
        System.out.println("Next: start the site, and say what it publishes:");
        System.out.println();
        System.out.println("  culvert site");
        System.out.println("  culvert expose photos.example.com http://192.168.1.20:2342");
        return 0;
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
