package dev.culvert.dataplane.tunnel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.dataplane.os.Sleep;
import dev.culvert.dataplane.tunnel.Outages.Outage;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class OutagesTest {
    private static final Instant SINCE = Instant.parse("2026-11-21T12:00:00Z");

    private final Outages outages = new Outages();

    @Test
    void down_thenMoreIsKnown_isOneOutage() {
        outages.down("home", PathCause.SILENT, SINCE);
        outages.down("home", PathCause.MOVED, SINCE);
        outages.repaired("home", PathCause.MOVED, "went there", SINCE, Duration.ofSeconds(7));

        assertThat(outages.all())
                .containsExactly(new Outage(SINCE, "home", PathCause.MOVED, Duration.ofSeconds(7), "went there"));
    }

    @Test
    void down_ofTwoPeers_areTwo() {
        outages.down("home", PathCause.NAME, SINCE);
        outages.down("office", PathCause.NAME, SINCE);

        assertThat(outages.all()).extracting(Outage::subject).containsExactly("home", "office");
        assertThat(outages.all()).extracting(Outage::duration).containsOnlyNulls();
    }

    @Test
    void mtu_whileAnOutageLasts_doesNotEndIt() {
        outages.down("home", PathCause.NO_ECHO, SINCE);
        outages.repaired("home", PathCause.MTU, "smaller", SINCE, Duration.ofSeconds(3));

        assertThat(outages.all()).extracting(Outage::cause).containsExactly(PathCause.NO_ECHO, PathCause.MTU);
    }

    @Test
    void beyondTheBound_theOldestGoes() {
        for (int i = 0; i < Outages.KEPT + 10; i++) {
            outages.repaired("p" + i, PathCause.SILENT, "none needed", SINCE, Duration.ofSeconds(4));
        }
        assertThat(outages.all()).hasSize(Outages.KEPT);
        assertThat(outages.all().getFirst().subject()).isEqualTo("p10");
    }

    @Test
    void restore_comesBeforeWhatIsNew() {
        outages.repaired("new", PathCause.SILENT, "", SINCE, Duration.ofSeconds(4));
        outages.restore(List.of(new Outage(SINCE, "old", PathCause.SILENT, Duration.ofSeconds(4), "")));

        assertThat(outages.all()).extracting(Outage::subject).containsExactly("old", "new");
    }

    /// No test can put the machine to sleep; but two clocks of one kernel do not part while it is awake.
    @Test
    void sleep_whileAwake_staysTheSame() {
        long before = Sleep.nanos();
        assertThat(before).isNotNegative();
        assertThat(Sleep.nanos() - before).isBetween(-TimeUnit.SECONDS.toNanos(1), TimeUnit.SECONDS.toNanos(1));
    }
}
