package dev.culvert.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class CommandLineTest {
    @TempDir
    private Path folder = Path.of("");

    private record Outcome(int code, String out, String err) {}

    private static Outcome run(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine commandLine = CulvertCommand.commandLine();
        commandLine.setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
        int code = commandLine.execute(arguments);
        return new Outcome(code, out.toString(), err.toString());
    }

    static Stream<List<String>> commands() {
        List<List<String>> all = new ArrayList<>();
        collect(CulvertCommand.commandLine(), List.of(), all);
        return all.stream();
    }

    private static void collect(CommandLine command, List<String> path, List<List<String>> all) {
        all.add(path);
        command.getSubcommands().forEach((name, sub) -> {
            if (!name.equals("help")) {
                List<String> deeper = new ArrayList<>(path);
                deeper.add(name);
                collect(sub, deeper, all);
            }
        });
    }

    @ParameterizedTest
    @MethodSource("commands")
    void help_ofEveryCommand_hasAnExampleThatNamesIt(List<String> path) {
        List<String> arguments = new ArrayList<>(path);
        arguments.add("--help");

        Outcome help = run(arguments.toArray(String[]::new));

        assertThat(help.code()).isZero();
        assertThat(help.out())
                .contains("Usage: "
                        + String.join(
                                " ",
                                Stream.concat(Stream.of("culvert"), path.stream())
                                        .toList()));
        assertThat(help.out()).containsPattern("Examples?[,:]");
        String examples = help.out().substring(help.out().indexOf("Example"));
        assertThat(examples).contains("culvert " + String.join(" ", path));
    }

    @Test
    void check_ofAGoodFile_saysSo() throws Exception {
        Path file = Files.writeString(folder.resolve("gateway.yaml"), "gateway: {name: vps}\n");

        Outcome outcome =
                run("check", file.toString(), "--state", folder.resolve("state").toString());

        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.code()).isZero();
    }

    @Test
    void check_ofABrokenFile_printsEveryProblemWithItsPlaceAndEndsWith78() throws Exception {
        Path file = Files.writeString(folder.resolve("gateway.yaml"), """
                gateway: {nmae: vps}
                tunnel: {mtu: 9}
                services:
                  web: {host: example.com, site: nowhere, target: "http://127.0.0.1:80"}
                """);

        Outcome outcome =
                run("check", file.toString(), "--state", folder.resolve("state").toString());

        assertThat(outcome.code()).isEqualTo(Main.BROKEN_CONFIGURATION).isEqualTo(78);
        assertThat(outcome.err().lines())
                .hasSize(3)
                .anySatisfy(line -> assertThat(line).contains("gateway.yaml:1:").contains("name"))
                .anySatisfy(line -> assertThat(line).contains("gateway.yaml:2:").contains("9"))
                .anySatisfy(line -> assertThat(line).contains("gateway.yaml:4:").contains("nowhere"));
    }

    @Test
    void check_ofAFileThatIsNotThere_saysWhichAndEndsWith1() {
        Outcome outcome = run("check", folder.resolve("no.yaml").toString());

        assertThat(outcome.code()).isEqualTo(1);
        assertThat(outcome.err()).startsWith("culvert: no file ").doesNotContain("Exception");
    }

    @ParameterizedTest
    @ValueSource(strings = {"status", "ping home", "site list", "site add home", "site remove home"})
    void callToANodeThatDoesNotRun_saysWhatToDo(String command) {
        List<String> arguments = new ArrayList<>(List.of(command.split(" ")));
        arguments.add("--state");
        arguments.add(folder.toString());

        Outcome outcome = run(arguments.toArray(String[]::new));

        assertThat(outcome.code()).isEqualTo(1);
        assertThat(outcome.err()).contains("no culvert runs with the state in " + folder);
    }

    @Test
    void tokenOnTheCommandLine_isRefused() {
        Outcome outcome = run("join", "cvt1.secret", "--state", folder.toString());

        assertThat(outcome.code()).isEqualTo(1);
        assertThat(outcome.err()).contains("void now").doesNotContain("cvt1.secret");
    }

    @Test
    void unknownCommand_isWrongUse() {
        assertThat(run("nothing").code()).isEqualTo(2);
        assertThat(run("gateway", "--nothing").code()).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"bash", "zsh"})
    void completion_ofEachShell_knowsEveryCommand(String shell) {
        PrintStream standard = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            assertThat(run("completion", shell).code()).isZero();
        } finally {
            System.setOut(standard);
        }

        String script = printed.toString(StandardCharsets.UTF_8);
        assertThat(script.startsWith("#compdef culvert")).isEqualTo(shell.equals("zsh"));
        assertThat(CulvertCommand.commandLine().getSubcommands().keySet())
                .allSatisfy(command -> assertThat(script).contains(command));
    }
}
