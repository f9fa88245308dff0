package dev.culvert.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.dataplane.DialException.Broken;
import dev.culvert.model.Target;
import dev.culvert.proto.http.RequestHead;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ServiceMeterTest {
    private static final long MILLI = 1_000_000;

    private final ServiceMeter meter = new ServiceMeter("web");
    private final ConnectionRegistry registry = new ConnectionRegistry(_ -> {});

    @Test
    void responded_countsByClassAndBucket() {
        meter.responded(200, 5 * MILLI);
        meter.responded(204, 5 * MILLI + 1);
        meter.responded(404, 20_000 * MILLI);
        meter.responded(101, 1_000_000 * MILLI);

        assertThat(meter.responses())
                .containsEntry("1xx", 1L)
                .containsEntry("2xx", 2L)
                .containsEntry("4xx", 1L);
        assertThat(meter.durations().counts()).containsExactly(1L, 1L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 1L);
        assertThat(meter.durations().bounds()).hasSize(11).isSorted();
        assertThat(meter.durations().sumNanos()).isEqualTo(20_010 * MILLI + 1);
    }

    @Test
    void dialFailed_countsByReason() {
        meter.dialFailed(new DialException(Broken.SITE_SILENT, ""));
        meter.dialFailed(new IOException("something else"));

        assertThat(meter.dialFailures())
                .hasSize(Broken.values().length + 1)
                .containsEntry("site-silent", 1L)
                .containsEntry("other", 1L)
                .containsEntry("denied", 0L);
    }

    @Test
    void beginHop_forMoreTargetsThanAnyHomeHas_doesNotGrow() {
        for (int port = 1; port <= 1000; port++) {
            hop(port).ended();
        }

        assertThat(registry.traffic()).hasSize(257).containsKey("other targets");
        assertThat(registry.traffic().values().stream()
                        .mapToLong(ConnectionRegistry.ServiceTraffic::connections)
                        .sum())
                .isEqualTo(1000);
    }

    @Test
    void ended_withAListener_tellsOnceHowItEnded() {
        List<Ended> told = new ArrayList<>();
        registry.onEnded(told::add);
        Connection connection = hop(80);
        connection.received().add(3);
        connection.how(Ended.How.TARGET);
        connection.how(Ended.How.VISITOR);

        connection.ended();
        connection.ended();

        assertThat(told).hasSize(1);
        assertThat(told.getFirst().how()).isEqualTo(Ended.How.TARGET);
        assertThat(told.getFirst().receivedBytes()).isEqualTo(3);
        assertThat(told.getFirst().http()).isNull();
    }

    @Test
    void refused_longFields_areCut() {
        List<Ended> told = new ArrayList<>();
        RequestHead head = new LongHead();
        registry.refused(InetAddress.getLoopbackAddress(), head, 404);
        registry.onEnded(told::add);

        registry.refused(InetAddress.getLoopbackAddress(), head, 404);

        assertThat(told).hasSize(1);
        Ended.Http http = told.getFirst().http();
        assertThat(http).isNotNull();
        assertThat(String.valueOf(http)).hasSizeLessThan(2000);
    }

    private record LongHead() implements RequestHead {
        @Override
        public CharSequence method() {
            return "GET";
        }

        @Override
        public String target() {
            return "/" + "x".repeat(8000);
        }

        @Override
        public int majorVersion() {
            return 1;
        }

        @Override
        public int minorVersion() {
            return 1;
        }

        @Override
        public int count() {
            return 1;
        }

        @Override
        public CharSequence name(int index) {
            return "User-Agent";
        }

        @Override
        public CharSequence value(int index) {
            return "y".repeat(8000);
        }
    }

    private Connection hop(int port) {
        return registry.beginHop(
                new Target(Target.Scheme.TCP, "10.0.0.1", port),
                "vps",
                InetAddress.getLoopbackAddress(),
                new EmbeddedChannel());
    }
}
