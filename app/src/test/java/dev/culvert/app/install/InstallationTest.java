package dev.culvert.app.install;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.model.Role;
import dev.culvert.model.config.ModelMerge;
import dev.culvert.model.config.Source;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class InstallationTest {
    private static final Path PROGRAM = Path.of("/usr/bin/culvert");

    @TempDir
    private Path root = Path.of("");

    private Path unit = Path.of("");

    @BeforeEach
    void blankMachine() throws IOException {
        unit = root.resolve("etc/systemd/system/culvert.service");
        Files.createDirectories(unit.resolveSibling(""));
        Files.createDirectories(root.resolve("etc/culvert"));
        Files.writeString(root.resolve("etc/passwd"), "root:x:0:0:root:/root:/bin/bash\n");
    }

    private Installation installation() throws IOException {
        return new Installation(root);
    }

    private static List<String> texts(List<Step> steps) {
        return steps.stream().map(Step::text).toList();
    }

    @Test
    void install_onABlankMachine_makesUserFoldersFileAndUnitAndStartsIt() throws IOException {
        List<String> steps = texts(installation().install(Role.GATEWAY, PROGRAM, null));

        assertThat(steps.getFirst()).startsWith("useradd --system").endsWith(" culvert");
        assertThat(steps)
                .contains("install -d -m 0750 -o culvert -g culvert /var/lib/culvert")
                .contains("write " + root.resolve("etc/culvert/gateway.yaml"))
                .contains("write " + unit)
                .endsWith("systemctl enable culvert.service", "systemctl restart culvert.service");
    }

    @Test
    void install_whereTheFileAndTheUserAre_leavesThem() throws IOException {
        Files.writeString(root.resolve("etc/culvert/gateway.yaml"), "gateway: {name: mine}\n");
        Files.writeString(root.resolve("etc/passwd"), "culvert:x:999:999::/var/lib/culvert:/usr/sbin/nologin\n");

        assertThat(texts(installation().install(Role.GATEWAY, PROGRAM, null)))
                .noneMatch(step -> step.contains("gateway.yaml") || step.startsWith("useradd"));
    }

    @Test
    void install_ofTheOtherRole_isRefusedWithTheRemedy() throws IOException {
        Files.writeString(unit, ServiceUnit.text(Role.SITE, PROGRAM, Path.of("/etc/culvert/site.yaml")));

        assertThat(installation().installed()).isEqualTo(Role.SITE);
        assertThatThrownBy(() -> installation().install(Role.GATEWAY, PROGRAM, null))
                .hasMessageContaining("culvert uninstall");
    }

    @Test
    void install_ofAProgramThatTheSandboxHides_isRefused() {
        assertThatThrownBy(() -> installation().install(Role.GATEWAY, Path.of("/home/me/culvert"), null))
                .hasMessageContaining("/opt");
    }

    @Test
    void uninstall_purged_takesAwayStateConfigurationAndUser() throws IOException {
        Files.writeString(unit, ServiceUnit.text(Role.SITE, PROGRAM, Path.of("/etc/culvert/site.yaml")));
        Files.writeString(root.resolve("etc/passwd"), "culvert:x:999:999::/:/bin/false\n");

        assertThat(texts(installation().uninstall(false))).noneMatch(step -> step.contains("rm "));
        assertThat(texts(installation().uninstall(true)))
                .containsExactly(
                        "systemctl disable --now culvert.service",
                        "remove " + unit,
                        "systemctl daemon-reload",
                        "rm -rf /var/lib/culvert " + root.resolve("etc/culvert"),
                        "userdel culvert");
    }

    @ParameterizedTest
    @EnumSource(Role.class)
    void exampleFile_ofEachRole_isAGoodConfiguration(Role role) {
        for (String endpoint : new String[] {null, "vps.example.com:51820"}) {
            String text = ExampleFile.text(role, endpoint);

            assertThat(ModelMerge.merge(role, List.of(Source.file("example", text)))
                            .notes())
                    .isEmpty();
        }
    }

    @Test
    void unit_ofEachRole_grantsOnlyWhatItNeeds() {
        String gateway = ServiceUnit.text(Role.GATEWAY, PROGRAM, Path.of("/etc/culvert/gateway.yaml"));
        String site = ServiceUnit.text(Role.SITE, PROGRAM, Path.of("/etc/culvert/site.yaml"));

        assertThat(gateway).contains("\nCapabilityBoundingSet=CAP_NET_BIND_SERVICE\n");
        assertThat(site).contains("\nCapabilityBoundingSet=\n");
    }

    @Test
    void carryOut_dry_printsEveryStepAndTextAndDoesNothing() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();

        Installation.carryOut(
                installation().install(Role.SITE, PROGRAM, null),
                true,
                new PrintStream(out, true, StandardCharsets.UTF_8));

        assertThat(out.toString(StandardCharsets.UTF_8))
                .contains("would useradd", "would write " + unit, "    allow: []");
        assertThat(unit).doesNotExist();
    }

    @Test
    void carryOut_ofAStepThatFails_saysWhatTheProgramSaid() {
        List<Step> steps = List.of(Step.Run.of("ls", root.resolve("nothing").toString()));

        assertThatThrownBy(() -> Installation.carryOut(
                        steps, false, new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("ls ")
                .hasMessageContaining("nothing");
    }
}
