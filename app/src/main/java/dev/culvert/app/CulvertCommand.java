package dev.culvert.app;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.IExecutionExceptionHandler;

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
            ImportCommand.class,
            StatusCommand.class,
            CertificateCommand.class,
            PingCommand.class,
            UpgradeCommand.class,
            ExplainCommand.class,
            DoctorCommand.class,
            AuditCommand.class,
            KeysCommand.class,
            WgCommand.class,
            DemoCommand.class,
            InstallCommand.class,
            UninstallCommand.class,
            PackageCommand.class,
            CompletionCommand.class,
            HelpCommand.class
        })
final class CulvertCommand implements Runnable {
    @CommandLine.Spec
    private CommandLine.Model.@Nullable CommandSpec spec;

    /// Runs the command that the arguments name.
    ///
    /// @return the exit code
    static int execute(String[] arguments) {
        Class<?> command = arguments.length == 0 ? null : command(arguments[0]);
        if (command == null) {
            return commandLine().execute(arguments);
        }
        CommandLine alone = configured(new CommandLine(command)).setCommandName("culvert " + arguments[0]);
        return alone.execute(Arrays.copyOfRange(arguments, 1, arguments.length));
    }

    /// The command of that name, to be run without the others: describing all of them to picocli takes a third of a
    /// start.
    private static @Nullable Class<?> command(String name) {
        for (Class<?> candidate :
                CulvertCommand.class.getAnnotation(Command.class).subcommands()) {
            if (candidate != HelpCommand.class
                    && candidate.getAnnotation(Command.class).name().equals(name)) {
                return candidate;
            }
        }
        return null;
    }

    static CommandLine commandLine() {
        return configured(new CommandLine(new CulvertCommand()));
    }

    private static CommandLine configured(CommandLine commandLine) {
        IExecutionExceptionHandler plain = (failure, line, _) -> Main.explain(failure, line.getErr());
        return commandLine
                .setExecutionExceptionHandler(plain)
                .setUsageHelpAutoWidth(true)
                .setCaseInsensitiveEnumValuesAllowed(true);
    }

    @Override
    public void run() {
        if (spec != null) {
            spec.commandLine().usage(System.out);
        }
    }
}
