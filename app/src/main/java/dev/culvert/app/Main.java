package dev.culvert.app;

import java.security.Security;
import java.util.Arrays;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.ParseResult;

/// `culvert`: services at home, on the internet, through a WireGuard tunnel, without root.
@Command(
        name = "culvert",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Puts services at home on the internet, through a WireGuard tunnel, without root.",
        footer = {
            "",
            "Example, a gateway on a VPS and a site at home:",
            "  vps$  culvert gateway --endpoint vps.example.com:51820",
            "  vps$  culvert site add home --host photos.example.com",
            "  home$ culvert join",
            "  home$ culvert site",
            "  home$ culvert expose photos.example.com http://192.168.1.20:2342",
            "",
            "Exit codes: 0 done, 1 it failed (the message says why), 2 wrong use, 78 the configuration has mistakes,",
            "or the site has not joined."
        },
        subcommands = {
            GatewayCommand.class,
            SiteCommand.class,
            JoinCommand.class,
            ExposeCommand.class,
            UnexposeCommand.class,
            ConfirmCommand.class,
            CheckCommand.class,
            ExportCommand.class,
            StatusCommand.class,
            PingCommand.class,
            UpgradeCommand.class,
            ExplainCommand.class,
            DoctorCommand.class,
            AuditCommand.class,
            KeysCommand.class,
            DemoCommand.class,
            InstallCommand.class,
            UninstallCommand.class,
            PackageCommand.class,
            CompletionCommand.class,
            HelpCommand.class
        })
public final class Main implements Runnable {
    /// sysexits.h: EX_CONFIG.
    static final int BROKEN_CONFIGURATION = 78;

    @CommandLine.Spec
    private CommandLine.Model.@Nullable CommandSpec spec;

    public static void main(String[] arguments) {
        // Netty would complain through the JDK's logger about what it does without.
        Logger.getLogger("io.netty").setLevel(Level.WARNING);
        // A name that leads elsewhere must do so at once; the JVM would keep the old address for 30 s.
        Security.setProperty("networkaddress.cache.ttl", "2");
        Security.setProperty("networkaddress.cache.negative.ttl", "1");
        Class<?> command = arguments.length == 0 ? null : command(arguments[0]);
        if (command == null) {
            System.exit(commandLine().execute(arguments));
        }
        CommandLine alone = configured(new CommandLine(command)).setCommandName("culvert " + arguments[0]);
        System.exit(alone.execute(Arrays.copyOfRange(arguments, 1, arguments.length)));
    }

    /// The command of that name, to be run without the others: describing all of them to picocli takes a third of a
    /// start.
    private static @Nullable Class<?> command(String name) {
        for (Class<?> candidate : Main.class.getAnnotation(Command.class).subcommands()) {
            if (candidate != HelpCommand.class
                    && candidate.getAnnotation(Command.class).name().equals(name)) {
                return candidate;
            }
        }
        return null;
    }

    static CommandLine commandLine() {
        return configured(new CommandLine(new Main()));
    }

    private static CommandLine configured(CommandLine commandLine) {
        IExecutionExceptionHandler plain = Main::explain;
        return commandLine
                .setExecutionExceptionHandler(plain)
                .setUsageHelpAutoWidth(true)
                .setCaseInsensitiveEnumValuesAllowed(true);
    }

    /// People read messages, not stacks; a stack says that the fault is ours.
    private static int explain(Exception exception, CommandLine commandLine, ParseResult result) {
        if (exception instanceof BrokenConfiguration broken) {
            broken.problems().forEach(problem -> commandLine.getErr().println(problem));
            return BROKEN_CONFIGURATION;
        }
        if (exception instanceof java.io.IOException || exception instanceof IllegalArgumentException) {
            commandLine.getErr().println("culvert: " + exception.getMessage());
            return exception instanceof NotJoined ? BROKEN_CONFIGURATION : 1;
        } else {
            exception.printStackTrace(commandLine.getErr());
        }
        return 1;
    }

    @Override
    public void run() {
        if (spec != null) {
            spec.commandLine().usage(System.out);
        }
    }
}
