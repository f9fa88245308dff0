package dev.culvert.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.model.Role;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class NodeProcessTest {
    @Test
    void plain_optionsWithValues_readsThemAndWritesThemBack() {
        List<String> arguments =
                List.of("gateway", "--config", "g.yaml", "--state", "/s", "--endpoint", "vps.example.com:51820");

        NodeProcess node = NodeProcess.plain(arguments);

        assertThat(node)
                .isEqualTo(new NodeProcess(Role.GATEWAY, Path.of("g.yaml"), Path.of("/s"), "vps.example.com:51820"));
        assertThat(node).extracting(NodeProcess::arguments).isEqualTo(arguments);
    }

    @Test
    void plain_onlyTheCommand_isANode() {
        assertThat(NodeProcess.plain(List.of("site"))).isEqualTo(new NodeProcess(Role.SITE, null, null, null));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "status",
                "status --state /s",
                "gateway --help",
                "gateway --config",
                "gateway --config=g.yaml",
                "gateway --config a --config b",
                "gateway --config --state",
                "gateway --endpint vps:1",
                "gateway -c a extra",
                "site add home",
                "site --endpoint vps:1",
                "site list --json"
            })
    void plain_anythingElse_isForTheLibrary(String line) {
        assertThat(NodeProcess.plain(List.of(line.split(" ")))).isNull();
    }
}
