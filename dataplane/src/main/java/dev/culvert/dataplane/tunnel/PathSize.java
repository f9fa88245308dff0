package dev.culvert.dataplane.tunnel;

import dev.culvert.dataplane.tunnel.PathAction.Limit;
import dev.culvert.dataplane.tunnel.PathAction.Probe;
import dev.culvert.dataplane.tunnel.PathAction.Repaired;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Finds out how large packets to a peer may be, by echoes: packetization layer path MTU discovery (RFC 8899),
/// which needs no router to say anything. Sans-I/O like [PathDiagnosis], beside which it runs while the way is
/// open.
///
/// An echo of full size and its answer prove both directions. They are sent while others send too, and now and
/// then: where nothing is carried, nothing can be lost, and a probe of 1420 bytes every three seconds would be
/// gigabytes in a month. Full ones that are lost while small ones arrive, twice, look like a black hole: then
/// every size is tried at once, and the largest that comes back is the limit. Silence alone changes nothing.
final class PathSize {
    static final long ROUND = PathDiagnosis.INTERVAL;
    /// So many bytes within a round are more than keepalives, echoes and the other end's full probe make.
    static final long BUSY = 4096;
    static final long RAISE_AFTER = 600 * PathDiagnosis.SECOND;

    /// Never at all.
    static final long NEVER = Long.MAX_VALUE;

    private static final int LOST_BEFORE_SEARCH = 2;
    private static final long LEAST_PATIENCE = PathDiagnosis.SECOND;
    private static final long MOST_PATIENCE = 5 * PathDiagnosis.SECOND / 2;
    /// What WireGuard and both echo headers add to a probe on the wire, about: own probes are no traffic.
    private static final int OVERHEAD = 32;
    private static final int PADDING = 16;
    private static final int LEAST = 576;

    private enum State {
        FINE,
        SUSPECT,
        SEARCH
    }

    private static final class Sent {
        final int id;
        final int size;
        final long at;
        boolean arrived;

        Sent(int id, int size, long at) {
            this.id = id;
            this.size = size;
            this.at = at;
        }
    }

    private final int mtu;
    private final long idleInterval;
    private final ArrayDeque<PathAction> actions = new ArrayDeque<>();
    private final List<Sent> batch = new ArrayList<>();
    private State state = State.FINE;
    private int limit;
    private int lost;
    private long since;
    private long roundTrip;
    private long roundAt;
    private long idleAt;
    private long raiseAt;
    private long bytesBefore = -1;
    private long ownBytes;
    private int nextId;

    /// @param mtu of the tunnel: no packet is larger
    /// @param known how large packets to the peer may be, as far as is known
    /// @param idleInterval nanoseconds between full probes where nothing is carried, or [#NEVER]
    PathSize(int mtu, int known, long idleInterval, long now) {
        this.mtu = mtu;
        this.limit = known;
        this.idleInterval = idleInterval;
        roundAt = now;
        idleAt = idleInterval == NEVER ? NEVER : now;
        raiseAt = now;
    }

    /// Time has passed.
    ///
    /// @param bytes carried to and from the peer so far
    /// @param alive whether the way is open as far as is known; nothing is sent where not
    void handleTick(long bytes, boolean alive, long now) {
        if (!batch.isEmpty() && now >= batch.getFirst().at + patience()) {
            judge(now);
        }
        if (now < roundAt) {
            return;
        }
        roundAt = now + ROUND;
        long carried = bytesBefore < 0 ? 0 : bytes - bytesBefore - ownBytes;
        bytesBefore = bytes;
        ownBytes = 0;
        boolean busy = carried >= BUSY;
        if (!alive) {
            batch.clear();
            state = State.FINE;
        } else if (batch.isEmpty() && (busy || now >= idleAt)) {
            begin(now);
        }
    }

    /// The peer is reached at another place: what was measured may not hold there.
    void handleMove(long now) {
        roundAt = now;
        raiseAt = now;
        idleAt = idleInterval == NEVER ? NEVER : now;
        batch.clear();
        state = State.FINE;
    }

    /// An echo of full length came back.
    void handleEcho(int id, long now) {
        boolean known = false;
        for (Sent sent : batch) {
            if (sent.id == id) {
                known = true;
                sent.arrived = true;
                roundTrip = now - sent.at;
            }
        }
        if (!known) {
            // Of a batch that was judged before: the path is slower than we are patient.
            roundTrip = MOST_PATIENCE / 4;
        }
        if (state == State.FINE && isArrived(limit)) {
            batch.clear();
        }
    }

    @Nullable
    PathAction pollAction() {
        return actions.poll();
    }

    /// How large packets to the peer may be.
    int limit() {
        return limit;
    }

    /// When [#handleTick] has something to do.
    long nextDeadline() {
        return batch.isEmpty() ? roundAt : Math.min(roundAt, batch.getFirst().at + patience());
    }

    private long patience() {
        return Math.clamp(4 * roundTrip, LEAST_PATIENCE, MOST_PATIENCE);
    }

    private void begin(long now) {
        idleAt = idleInterval == NEVER ? NEVER : now + idleInterval;
        since = now;
        if (limit < mtu && now >= raiseAt) {
            search(now);
        } else {
            probe(limit, now);
        }
    }

    private void judge(long now) {
        boolean small = isArrived(PathDiagnosis.SMALL);
        boolean full = isArrived(limit);
        switch (state) {
            case FINE -> {
                state = State.SUSPECT;
                lost = 1;
                askBoth(now);
            }
            case SUSPECT -> {
                if (full || !small) {
                    // No matter of size: either nothing is wrong, or nothing arrives, which is another's to cure.
                    settle();
                } else if (++lost >= LOST_BEFORE_SEARCH) {
                    search(now);
                } else {
                    askBoth(now);
                }
            }
            case SEARCH -> found(now);
        }
    }

    private void settle() {
        batch.clear();
        state = State.FINE;
    }

    private void askBoth(long now) {
        batch.clear();
        probe(PathDiagnosis.SMALL, now);
        probe(limit, now);
    }

    /// Every size that may pass, the smallest first, and the present one twice: one lost packet must not lower
    /// it.
    private void search(long now) {
        state = State.SEARCH;
        batch.clear();
        probe(PathDiagnosis.SMALL, now);
        for (int size : sizes(mtu)) {
            probe(size, now);
        }
        probe(limit, now);
    }

    /// What WireGuard pads to 16 bytes makes no difference below that, so every sixteenth size down to 1200,
    /// the least that QUIC asks of a path (RFC 9000 §14), and few beyond.
    static List<Integer> sizes(int mtu) {
        List<Integer> sizes = new ArrayList<>(List.of(LEAST, 768, 896, 1024, 1088, 1152));
        int top = Math.min(mtu, 1500);
        for (int size = 1200; size < top; size += PADDING) {
            sizes.add(size);
        }
        // Where jumbo frames are: usual MTUs less the tunnel's own headers.
        for (int size : new int[] {1920, 3984, 4384, 8016, 8912}) {
            sizes.add(size);
        }
        sizes.removeIf(size -> size >= mtu);
        sizes.add(mtu);
        return sizes;
    }

    private void found(long now) {
        int best = 0;
        for (Sent sent : batch) {
            if (sent.arrived && sent.size > PathDiagnosis.SMALL) {
                best = Math.max(best, sent.size);
            }
        }
        settle();
        if (limit < mtu) {
            raiseAt = now + RAISE_AFTER;
        }
        if (best == 0 || best == limit) {
            return;
        }
        boolean lower = best < limit;
        limit = best;
        raiseAt = now + RAISE_AFTER;
        actions.add(new Limit(best));
        if (lower) {
            actions.add(new Repaired(PathCause.MTU, "packets of " + best + " bytes", since, now - since));
        }
    }

    private boolean isArrived(int size) {
        for (Sent sent : batch) {
            if (sent.size == size && sent.arrived) {
                return true;
            }
        }
        return false;
    }

    private void probe(int size, long now) {
        batch.add(new Sent(nextId, size, now));
        actions.add(new Probe(nextId++, size));
        ownBytes += 2L * (size + OVERHEAD);
    }
}
