package dev.culvert.model.decide;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.model.Limits;
import dev.culvert.model.Model;
import dev.culvert.model.Role;
import dev.culvert.model.config.ModelMerge;
import dev.culvert.model.config.Source;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Random;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Bytes a second, by a clock of the test's own: senders that read as soon as they may, and wake up late.
final class AllowanceTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long SEED = 20261121;

    private static final Model MODEL = ModelMerge.merge(Role.GATEWAY, List.of(Source.file("gateway.yaml", """
                                    services:
                                      files:
                                        listen: 2222/tcp
                                        site: home
                                        target: tcp://127.0.0.1:22
                                        access: {bandwidth: 1 MiB/s, total-bandwidth: 4 MiB/s}
                                      open: {listen: 2223/tcp, site: home, target: "tcp://127.0.0.1:22"}
                                    sites:
                                      home:
                                        public-key: "TqFAWIFQdzzjqs54au739ASc4QD6ZJyU+73blg8dqUI="
                                        address: 10.77.0.2
                                    """)))
            .orThrow();

    private final Admission admission = new Admission(new Limits(1000, 1000, 0, 1), new BanTable(), 7, -5 * SECOND);

    private final class Sender {
        final Allowance allowance;
        final boolean inward;
        long at;
        long carried;

        Sender(String from, boolean inward) {
            this.allowance = Objects.requireNonNull(permit("files", from).allowance());
            this.inward = inward;
        }

        /// Reads one piece, and again when it may.
        void read(Random random, long most) {
            int bytes = allowance.step() / 2 + random.nextInt(allowance.step() / 2);
            carried += bytes;
            long pause = inward ? allowance.inward(bytes, at) : allowance.outward(bytes, at);
            at += pause + random.nextLong(most);
        }
    }

    private Permit permit(String service, String from) {
        Admitted admitted = (Admitted) admission.accept(InetAddress.ofLiteral(from), 0);
        Routed routed = (Routed) new Router(MODEL)
                .route(MODEL.listeners().stream()
                        .filter(each -> service.equals(each.service()))
                        .findFirst()
                        .orElseThrow());
        return (Permit) admission.permit(admitted, routed, 0);
    }

    /// All of them, in the order of time, for 20 s.
    private static long run(List<Sender> senders, long most) {
        Random random = new Random(SEED);
        PriorityQueue<Sender> turn = new PriorityQueue<>((a, b) -> Long.compare(a.at, b.at));
        turn.addAll(senders);
        while (Objects.requireNonNull(turn.peek()).at < 20 * SECOND) {
            Sender next = Objects.requireNonNull(turn.poll());
            next.read(random, most);
            turn.add(next);
        }
        return senders.stream().mapToLong(sender -> sender.carried).sum() / 20;
    }

    @ParameterizedTest
    @CsvSource({"1, 1000", "1, 20000000", "1, 50000000", "3, 5000000", "10, 60000000"})
    void visitor_withAnyNumberOfConnections_getsItsRateWithin5Percent(int connections, long late) {
        List<Sender> senders = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
            senders.add(new Sender("203.0.113.9", true));
        }

        assertThat((double) run(senders, late)).isBetween(0.95 * (1 << 20), 1.05 * (1 << 20));
    }

    @Test
    void directions_haveTheirRateEach() {
        Sender in = new Sender("203.0.113.9", true);
        Sender out = new Sender("203.0.113.9", false);

        assertThat((double) run(List.of(in, out), 1000)).isBetween(0.95 * (2 << 20), 1.05 * (2 << 20));
        assertThat(in.carried).isCloseTo(out.carried, Percentage.withPercentage(5));
    }

    @Test
    void service_withManyVisitors_givesItsRateWithin5Percent() {
        List<Sender> senders = new ArrayList<>();
        for (int i = 1; i <= 20; i++) {
            senders.add(new Sender("203.0.113." + i, true));
        }

        assertThat((double) run(senders, 10_000_000)).isBetween(0.95 * (4 << 20), 1.05 * (4 << 20));
    }

    @Test
    void reconnecting_startsNoNewRate() {
        Random random = new Random(SEED);
        long at = 0;
        long carried = 0;
        for (int i = 0; i < 200; i++) {
            Sender again = new Sender("203.0.113.9", true);
            again.at = at;
            again.read(random, 1);
            at = again.at;
            carried += again.carried;
        }

        // What is not used for a tenth of a second may be made up for, once.
        assertThat((double) carried).isLessThan((1 << 20) * ((double) at / SECOND + 0.2));
    }

    @Test
    void service_withoutBandwidth_hasNone() {
        assertThat(permit("open", "203.0.113.9").allowance()).isNull();
    }
}
