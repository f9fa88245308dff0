package dev.culvert.control.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.control.store.SqliteStore;
import dev.culvert.model.Role;
import dev.culvert.model.config.Parsed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigurationTest {
    private static final String GOOD = "gateway: {name: first}\n";
    private static final String BROKEN = "gateway: {nmae: first}\ntunnel: {mtu: 9}\n";

    @TempDir
    private Path folder = Path.of("");

    private Path file = Path.of("");
    private SqliteStore store;

    @BeforeEach
    void open() throws IOException {
        file = folder.resolve("gateway.yaml");
        store = new SqliteStore(folder.resolve("store"));
    }

    private Configuration configuration() {
        return new Configuration(Role.GATEWAY, file, false, store);
    }

    @Test
    void start_withAGoodFile_runsIt() throws Exception {
        Files.writeString(file, GOOD);

        Configuration.Start start = configuration().start().orThrow();

        assertThat(start.model().name()).isEqualTo("first");
        assertThat(start.problems()).isEmpty();
    }

    @Test
    void start_withABrokenFileAfterAGoodOne_runsTheLastGoodAndTellsEveryProblem() throws Exception {
        Files.writeString(file, GOOD);
        configuration().start();
        Files.writeString(file, BROKEN);

        Configuration.Start start = configuration().start().orThrow();

        assertThat(start.model().name()).isEqualTo("first");
        assertThat(start.problems()).hasSize(2);
        assertThat(start.problems().toString()).contains("gateway.yaml:1:").contains("gateway.yaml:2:");
    }

    @Test
    void start_withABrokenFileAndNoGoodOne_refuses() throws Exception {
        Files.writeString(file, BROKEN);

        assertThat(configuration().start()).isInstanceOf(Parsed.Problems.class);
    }

    @Test
    void load_ofABrokenFile_doesNotReplaceTheLastGood() throws Exception {
        Files.writeString(file, GOOD);
        configuration().load();
        Files.writeString(file, BROKEN);

        assertThat(configuration().load()).isInstanceOf(Parsed.Problems.class);
        assertThat(configuration().start().orThrow().model().name()).isEqualTo("first");
    }

    @Test
    void load_mergesTheStoreBehindTheFile() throws Exception {
        Files.writeString(file, GOOD);
        store.put(
                "sites/home",
                0,
                "sites:\n  home: {public-key: \"TqFAWIFQdzzjqs54au739ASc4QD6ZJyU+73blg8dqUI=\", address: 10.77.0.2}\n");

        assertThat(configuration().load().orThrow().sites()).containsOnlyKeys("home");
    }

    @Test
    void load_ofAFileThatIsNotThere_saysWhich() {
        assertThatThrownBy(() -> configuration().load()).hasMessage("no file " + file);
    }

    @Test
    void revision_changesWithFileAndStore() throws Exception {
        Files.writeString(file, GOOD);
        Configuration configuration = configuration();
        long first = configuration.revision();
        assertThat(configuration.revision()).isEqualTo(first);

        Files.writeString(file, GOOD + "\n");
        long second = configuration.revision();
        assertThat(second).isNotEqualTo(first);
        store.put("sites/home", 0, "sites: {}\n");
        assertThat(configuration.revision()).isNotEqualTo(second);
        Files.delete(file);
        configuration.revision();
    }

    @Test
    void watch_isToldOfDocumentsOfTheConfigurationOnly() throws Exception {
        Files.writeString(file, GOOD);
        List<String> told = new ArrayList<>();
        Configuration configuration = configuration();
        configuration.watch(Runnable::run, () -> told.add("changed"));

        // Writes memory/last-good.
        configuration.load();
        assertThat(told).isEmpty();
        store.put("sites/home", 0, "sites: {}\n");
        assertThat(told).hasSize(1);
        try (SqliteStore join = new SqliteStore(folder.resolve("store"))) {
            join.put("gateways/vps", 0, "gateways: {}\n");
        }
        assertThat(told).hasSize(1);
        configuration.catchUp();
        assertThat(told).hasSize(2);
    }
}
