package dev.culvert.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.control.store.SqliteStore;
import dev.culvert.control.store.Store;
import dev.culvert.dataplane.tunnel.Outages;
import dev.culvert.dataplane.tunnel.Outages.Outage;
import dev.culvert.dataplane.tunnel.PathCause;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutageMemoryTest {
    private static final Instant SINCE = Instant.parse("2026-11-21T12:00:00Z");
    private static final Outage OVER =
            new Outage(SINCE, "home", PathCause.MOVED, Duration.ofMillis(7_250), "went to 198.51.100.3:51820");

    private final ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();

    @AfterEach
    void close() {
        scheduler.shutdownNow();
    }

    private OutageMemory start(Outages outages, Store store) {
        OutageMemory memory = new OutageMemory(outages, store, scheduler);
        memory.start();
        return memory;
    }

    @Test
    void outageThatIsOver_isThereAfterARestart(@TempDir Path folder) throws IOException {
        Store store = new SqliteStore(folder.resolve("store"));
        Outages before = new Outages();
        OutageMemory memory = start(before, store);
        before.repaired("home", OVER.cause(), OVER.repair(), SINCE, Duration.ofMillis(7_250));
        before.down("office", PathCause.NAME, SINCE);
        memory.write();

        Outages after = new Outages();
        start(after, store);

        assertThat(after.all()).containsExactly(OVER);
    }

    @Test
    void document_ofAnotherVersion_whatIsUnderstoodIsKept(@TempDir Path folder) throws IOException {
        Store store = new SqliteStore(folder.resolve("store"));
        store.put(
                "memory/outages",
                0,
                "nonsense\n1\t2\thome\tNEW_CAUSE\tx\n" + SINCE.toEpochMilli() + "\t7250\thome\tMOVED\t"
                        + OVER.repair());
        Outages outages = new Outages();

        start(outages, store);

        assertThat(outages.all()).containsExactly(OVER);
    }

    @Test
    void nothingNew_isNotWritten(@TempDir Path folder) throws IOException {
        Store store = new SqliteStore(folder.resolve("store"));
        Outages outages = new Outages();
        OutageMemory memory = start(outages, store);

        memory.write();
        assertThat(store.read("memory/outages")).isNull();
        outages.repaired("home", PathCause.SILENT, "none needed", SINCE, Duration.ofSeconds(4));
        memory.write();
        memory.write();

        assertThat(store.read("memory/outages"))
                .isNotNull()
                .extracting(Store.Document::version)
                .isEqualTo(1L);
    }
}
