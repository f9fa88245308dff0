package dev.culvert.proto.netstack;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class SackScoreboardTest {
    private final SackScoreboard scoreboard = new SackScoreboard();

    private int report(int... edges) {
        TcpOptions options = new TcpOptions();
        options.sackCount = edges.length / 2;
        for (int i = 0; i < options.sackCount; i++) {
            options.sackStarts[i] = edges[2 * i];
            options.sackEnds[i] = edges[2 * i + 1];
        }
        return scoreboard.update(options, 0, 10_000);
    }

    @Test
    void update_saysHowMuchIsNew() {
        assertThat(report(1000, 2000)).isEqualTo(1000);
        assertThat(report(1000, 2500)).isEqualTo(500);
        assertThat(report(1000, 2500, 4000, 5000)).isEqualTo(1000);
        assertThat(report(1000, 2500)).isZero();
    }

    @Test
    void update_outsideOfWhatWasSent_isIgnored() {
        assertThat(report(0, 1000, 9000, 10_001, 500, 500, 600, 500)).isZero();
        assertThat(scoreboard.isEmpty()).isTrue();
    }

    @Test
    void lostBelow_needsThreeRangesOrMoreThanTwoSegments() {
        report(1000, 2000);
        assertThat(scoreboard.lostBelow(0, 1000)).isZero();
        report(3000, 4000);
        assertThat(scoreboard.lostBelow(0, 1000)).isZero();
        report(5000, 5001);
        assertThat(scoreboard.lostBelow(0, 1000)).isEqualTo(1000);
        report(5001, 8000);
        assertThat(scoreboard.lostBelow(0, 1000)).isEqualTo(5000);
    }

    @Test
    void holes_areFoundAndBounded() {
        report(1000, 2000, 3000, 4000);
        assertThat(scoreboard.holeFrom(0)).isZero();
        assertThat(scoreboard.holeEnd(0, 10_000)).isEqualTo(1000);
        assertThat(scoreboard.holeFrom(1500)).isEqualTo(2000);
        assertThat(scoreboard.holeEnd(2000, 10_000)).isEqualTo(3000);
        assertThat(scoreboard.holeFrom(3000)).isEqualTo(4000);
        assertThat(scoreboard.holeEnd(4000, 10_000)).isEqualTo(10_000);
        assertThat(scoreboard.sacked(1500, 3500)).isEqualTo(1000);
        assertThat(scoreboard.highest()).isEqualTo(4000);
    }

    @Test
    void acknowledge_forgetsWhatLiesBelow() {
        report(1000, 2000, 3000, 4000);
        scoreboard.acknowledge(3500);
        assertThat(scoreboard.sacked(0, 10_000)).isEqualTo(500);
    }
}
