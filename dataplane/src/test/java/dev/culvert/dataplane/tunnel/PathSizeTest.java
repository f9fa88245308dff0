package dev.culvert.dataplane.tunnel;

import static dev.culvert.dataplane.tunnel.PathWorld.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.dataplane.tunnel.PathAction.Limit;
import dev.culvert.dataplane.tunnel.PathAction.Probe;
import dev.culvert.dataplane.tunnel.PathAction.Repaired;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PathSizeTest {
    private static final int MTU = 1420;
    private static final long ROUND_TRIP = 30_000_000L;
    private static final long IDLE = 60 * SECOND;

    private record Answer(int id, long at) {}

    private PathSize size = new PathSize(MTU, MTU, IDLE, 0);
    private final ArrayDeque<Answer> answers = new ArrayDeque<>();
    private final List<Integer> probes = new ArrayList<>();
    private final List<PathAction> told = new ArrayList<>();
    private long now;
    private long bytes;
    private int passes = 1500;
    private int loseFull;
    private boolean alive = true;
    private long bytesPerSecond;

    private void run(long seconds) {
        long end = now + seconds * SECOND;
        while (true) {
            Answer answer = answers.peek();
            long arrival = answer == null ? Long.MAX_VALUE : answer.at();
            long next = Math.max(now, Math.min(arrival, size.nextDeadline()));
            if (next > end) {
                bytes += (end - now) / 1_000_000 * bytesPerSecond / 1000;
                now = end;
                return;
            }
            bytes += (next - now) / 1_000_000 * bytesPerSecond / 1000;
            now = next;
            if (answer != null && arrival <= now) {
                answers.remove();
                size.handleEcho(answer.id(), now);
            } else {
                size.handleTick(bytes, alive, now);
            }
            act();
        }
    }

    private void act() {
        for (PathAction action = size.pollAction(); action != null; action = size.pollAction()) {
            if (action instanceof Probe(int id, int length)) {
                probes.add(length);
                bytes += length + 32;
                boolean lost = length > passes || (length == MTU && loseFull-- > 0);
                if (!lost) {
                    bytes += length + 32;
                    answers.add(new Answer(id, now + ROUND_TRIP));
                }
            } else {
                told.add(action);
            }
        }
    }

    @Test
    void nothingCarried_oneFullProbeAMinute() {
        run(239);
        assertThat(probes).containsExactly(MTU, MTU, MTU, MTU);
    }

    @Test
    void dataCarried_oneFullProbeARound() {
        bytesPerSecond = 100_000;
        run(30);
        assertThat(probes).hasSizeBetween(9, 11).containsOnly(MTU);
    }

    @Test
    void peerDead_nothingIsSent() {
        alive = false;
        bytesPerSecond = 100_000;
        run(600);
        assertThat(probes).isEmpty();
    }

    @Test
    void plainPeerWithoutTraffic_nothingIsSent() {
        size = new PathSize(MTU, MTU, PathSize.NEVER, 0);
        run(3600);
        assertThat(probes).isEmpty();
    }

    @Test
    void pathShrinks_whileDataIsCarried_theLargestSizeIsFoundWithinTenSeconds() {
        bytesPerSecond = 100_000;
        run(20);
        passes = 1240;
        run(9);

        // The largest multiple of 16 that fits, for WireGuard pads to that.
        assertThat(size.limit()).isEqualTo(1232);
        assertThat(told).hasSize(2).first().isEqualTo(new Limit(1232));
        assertThat(told.getLast()).isInstanceOfSatisfying(Repaired.class, repaired -> {
            assertThat(repaired.cause()).isEqualTo(PathCause.MTU);
            assertThat(repaired.durationNanos()).isBetween(2 * SECOND, 6 * SECOND);
        });
    }

    @Test
    void pathShrinksAgain_isFoundAgain() {
        bytesPerSecond = 100_000;
        passes = 1300;
        run(10);
        passes = 1210;
        run(10);
        assertThat(size.limit()).isEqualTo(1200);
        assertThat(told).filteredOn(Limit.class::isInstance).containsExactly(new Limit(1296), new Limit(1200));
    }

    @Test
    void nothingArrives_isNoMatterOfSize() {
        bytesPerSecond = 100_000;
        run(10);
        passes = 0;
        run(60);
        passes = 1500;
        run(10);
        assertThat(told).isEmpty();
        assertThat(size.limit()).isEqualTo(MTU);
    }

    @Test
    void threeFullProbesLost_changeNothing() {
        bytesPerSecond = 100_000;
        run(10);
        loseFull = 3;
        run(60);
        assertThat(told).isEmpty();
    }

    @Test
    void pathGrowsAgain_isFoundAfterTenMinutes() {
        bytesPerSecond = 100_000;
        passes = 1240;
        run(10);
        told.clear();
        passes = 1500;

        run(590);
        assertThat(told).isEmpty();
        run(20);

        assertThat(told).containsExactly(new Limit(MTU));
    }

    @Test
    void peerMoves_pathIsMeasuredAtOnce() {
        bytesPerSecond = 100_000;
        passes = 1240;
        run(10);
        passes = 1500;

        size.handleMove(now);
        run(2);

        assertThat(size.limit()).isEqualTo(MTU);
    }

    @Test
    void knownFromBefore_isKeptAndMeasuredAtOnce() {
        size = new PathSize(MTU, 1232, IDLE, 0);
        passes = 1240;
        run(5);
        assertThat(size.limit()).isEqualTo(1232);
        passes = 1500;
        size.handleMove(now);
        run(5);
        assertThat(size.limit()).isEqualTo(MTU);
    }

    @Test
    void sizes_riseAndFitTheTunnel() {
        for (int mtu : new int[] {1280, 1412, 1420, 1500, 8920, 65535}) {
            List<Integer> sizes = PathSize.sizes(mtu);
            assertThat(sizes).isSorted().doesNotHaveDuplicates().endsWith(mtu);
            // What waits in the stack's queue for echoes is 64 packets at most.
            assertThat(sizes).hasSizeLessThan(40);
        }
    }
}
