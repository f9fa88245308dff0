package dev.culvert.proto.netstack;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// The scoreboard against a list that is searched from end to end.
final class SentSegmentsTest {
    private static final class Model {
        final int start;
        final int end;
        boolean sacked;
        boolean lost;

        Model(int start, int end) {
            this.start = start;
            this.end = end;
        }
    }

    private final Delivery delivery = new Delivery();

    @Test
    void anySchedule_agreesWithAPlainList() {
        for (long seed = 0; seed < 300; seed++) {
            run(new SplittableRandom(seed), "seed " + seed);
        }
    }

    private void run(SplittableRandom random, String seed) {
        SentSegments sent = new SentSegments(new Rack());
        List<Model> model = new ArrayList<>();
        int una = -5000;
        int end = una;
        for (int step = 1; step < 400; step++) {
            delivery.begin(una);
            switch (random.nextInt(5)) {
                case 0, 1 -> {
                    int to = end + 1 + random.nextInt(1000);
                    sent.add(end, to, step);
                    model.add(new Model(end, to));
                    end = to;
                }
                case 2 -> {
                    int ack = una + random.nextInt(1 + (end - una) / 3);
                    sent.acknowledge(ack, delivery, step);
                    model.removeIf(one -> one.end <= ack);
                    una = ack;
                }
                case 3 -> {
                    if (model.size() > 2) {
                        int first = 1 + random.nextInt(model.size() - 1);
                        int last = first + random.nextInt(Math.min(3, model.size() - first));
                        sent.report(model.get(first).start, model.get(last).end, delivery, step);
                        for (Model one : model.subList(first, last + 1)) {
                            one.sacked = true;
                            one.lost = false;
                        }
                    }
                }
                default -> loseOrResend(random, sent, model, step);
            }
            check(sent, model, una, end, seed + " step " + step);
        }
        delivery.begin(end);
        sent.acknowledge(end, delivery, 1000);
        assertThat(sent.isEmpty()).isTrue();
    }

    private static void loseOrResend(SplittableRandom random, SentSegments sent, List<Model> model, long now) {
        int lost = sent.firstLost();
        if (lost != SentSegments.NONE && random.nextBoolean()) {
            int start = sent.start(lost);
            sent.resent(lost, now);
            model.stream().filter(one -> one.end == sent.end(lost)).forEach(one -> one.lost = false);
            assertThat(start).isEqualTo(sent.start(lost));
        } else if (sent.oldest() != SentSegments.NONE) {
            int end = sent.end(sent.oldest());
            sent.markLost(sent.oldest());
            model.stream().filter(one -> one.end == end).forEach(one -> one.lost = true);
        }
    }

    private static void check(SentSegments sent, List<Model> model, int una, int end, String when) {
        int sacked = 0;
        int lost = 0;
        int firstLost = Integer.MAX_VALUE;
        for (Model one : model) {
            int length = one.end - Math.max(one.start, una);
            sacked += one.sacked ? length : 0;
            lost += one.lost ? length : 0;
            firstLost = one.lost ? Math.min(firstLost, Math.max(one.start, una)) : firstLost;
        }
        assertThat(sent.sackedBytes()).as(when).isEqualTo(sacked);
        assertThat(sent.lostBytes()).as(when).isEqualTo(lost);
        assertThat(sent.inNetwork()).as(when).isEqualTo(model.isEmpty() ? 0 : end - una - sacked - lost);
        int slot = sent.firstLost();
        assertThat(slot == SentSegments.NONE ? Integer.MAX_VALUE : sent.start(slot))
                .as(when)
                .isEqualTo(firstLost);
        long before = Long.MIN_VALUE;
        for (int at = sent.oldest(); at != SentSegments.NONE; at = sent.newer(at)) {
            assertThat(sent.sentAt(at)).as(when).isGreaterThanOrEqualTo(before);
            before = sent.sentAt(at);
        }
    }

    @Test
    void recut_piecesFitAndReportsStay() {
        SentSegments sent = new SentSegments(new Rack());
        for (int i = 0; i < 6; i++) {
            sent.add(1000 * i, 1000 * i + 1000, i);
        }
        delivery.begin(0);
        sent.report(2000, 4000, delivery, 9);
        sent.recut(600);
        assertThat(sent.sackedBytes()).isEqualTo(2000);
        assertThat(sent.lostBytes()).isEqualTo(4000);
        List<String> again = new ArrayList<>();
        for (int slot = sent.firstLost(); slot != SentSegments.NONE; slot = sent.firstLost()) {
            again.add(sent.start(slot) + "-" + sent.end(slot));
            sent.resent(slot, 10);
        }
        assertThat(again)
                .containsExactly(
                        "0-600",
                        "600-1200",
                        "1200-1800",
                        "1800-2000",
                        "4000-4600",
                        "4600-5200",
                        "5200-5800",
                        "5800-6000");
    }
}
