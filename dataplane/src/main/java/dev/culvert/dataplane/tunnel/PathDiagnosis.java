package dev.culvert.dataplane.tunnel;

import dev.culvert.dataplane.tunnel.PathAction.Down;
import dev.culvert.dataplane.tunnel.PathAction.Handshake;
import dev.culvert.dataplane.tunnel.PathAction.Probe;
import dev.culvert.dataplane.tunnel.PathAction.Redirect;
import dev.culvert.dataplane.tunnel.PathAction.Repaired;
import dev.culvert.dataplane.tunnel.PathAction.Resolve;
import dev.culvert.dataplane.tunnel.PathAction.Up;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Decides whether the way to a peer is open, which layer fails if not, and what is to be done about that layer
/// alone. Sans-I/O: evidence and answers go in, [PathAction]s come out; `now` is monotonic, in nanoseconds.
///
/// A small echo every three seconds. One that stays unanswered makes it ask twice a second; five in a row are
/// an outage, for three lost packets are none. While it lasts the layers are tried from the outside in, at most
/// five seconds apart: what cannot be sent here is not cured by a handshake elsewhere, a handshake that is
/// answered proves the endpoint right, and only an endpoint that answers none is given up for another that its
/// name leads to.
final class PathDiagnosis {
    static final long SECOND = 1_000_000_000L;
    static final long INTERVAL = 3 * SECOND;
    static final int MISSES = 5;
    /// The whole IP packet of an echo.
    static final int SMALL = 60;

    private static final long SUSPECT_INTERVAL = SECOND / 2;
    private static final long DOWN_INTERVAL = SECOND;
    /// How often the outcome of a handshake is looked for within its first second.
    private static final long HOPE_INTERVAL = SECOND / 10;
    /// The age of a handshake and `now` come from two clocks that are read one after the other.
    private static final long SLACK = SECOND / 100;
    private static final long LEAST_PATIENCE = SECOND;
    private static final long MOST_PATIENCE = 5 * SECOND / 2;
    private static final long TOO_LATE = 5 * SECOND;
    private static final long MOST_DELAY = 4 * SECOND;
    /// A tick so much later than it was asked for: the process or the machine stood still.
    private static final long HELD_UP = 5 * SECOND;
    /// A peer may have given a session up after 180 s (wireguard paper, 6.1), and ours counts from our own
    /// start of it.
    private static final long SESSION_DOUBTFUL = 120 * SECOND;
    /// Stock WireGuard that answers no echo sends an empty packet 10 s after ours (KEEPALIVE_TIMEOUT): twice
    /// that.
    private static final long PLAIN_SILENCE = 25 * SECOND;
    /// An endpoint that was never reached is news only after a while: at boot the network comes later than we do.
    private static final int UNTOLD_AT_START = 4;

    private enum State {
        CONNECTING,
        UP,
        SUSPECT,
        DOWN
    }

    private record Sent(int id, long at) {}

    private final boolean plain;
    private final RandomGenerator random;
    private final ArrayDeque<PathAction> actions = new ArrayDeque<>();
    private final ArrayDeque<Sent> waiting = new ArrayDeque<>();
    /// Counted as missed, and welcome all the same: a path may be slower than it was.
    private final ArrayDeque<Sent> late = new ArrayDeque<>();
    private State state = State.CONNECTING;
    private PathCause cause = PathCause.SILENT;
    private @Nullable PathCause told;
    private long since;
    private long probeAt;
    private long repairAt;
    private int attempts;
    private int misses;
    private int nextId;
    private long roundTrip = -1;
    private long answered = -1;
    private boolean echoes;
    private long heardAt;
    private long rxBefore;
    private long unsendableBefore;
    private long suspendedBefore;
    private long forcedAt = Long.MIN_VALUE;
    private long triedSession = Long.MIN_VALUE / 2;
    private long tickedAt;
    private boolean resolving;
    private boolean unresolved;
    private List<InetSocketAddress> resolved = List.of();
    private @Nullable InetSocketAddress endpoint;
    private @Nullable InetSocketAddress lastGood;
    private @Nullable InetSocketAddress redirected;

    /// @param plain stock WireGuard, which may answer no echo: then its silence says nothing as long as it is
    ///     heard
    /// @param random for the jitter between attempts
    /// @param suspended as in [#handleTick], now
    PathDiagnosis(boolean plain, RandomGenerator random, long suspended, long now) {
        this.plain = plain;
        this.random = random;
        suspendedBefore = suspended;
        since = now;
        heardAt = now;
        tickedAt = now;
        probeAt = now + SUSPECT_INTERVAL / 2;
        repairAt = now;
    }

    /// Time has passed.
    ///
    /// @param suspended nanoseconds that the machine has slept so far, which monotonic time does not count
    void handleTick(PathEvidence evidence, long suspended, long now) {
        long slept = Math.max(suspended - suspendedBefore, now - planned());
        suspendedBefore = suspended;
        endpoint = evidence.endpoint();
        if (state == State.UP) {
            unsendableBefore = evidence.unsendable();
        }
        hear(evidence, now);
        if (answered >= 0) {
            open(evidence, now);
        }
        if (slept >= HELD_UP) {
            wake(evidence, slept, now);
        }
        countMisses(now);
        tryNewSession(evidence, now);
        if (isBroken() && now >= repairAt) {
            repair(evidence, now);
        }
        if (now >= probeAt) {
            waiting.add(new Sent(nextId, now));
            actions.add(new Probe(nextId++, SMALL));
            probeAt = now + interval();
        }
    }

    /// An echo came back.
    void handleEcho(int id, long now) {
        accept(waiting, id, now);
        accept(late, id, now);
        // What was sent before it has been overtaken or lost; either way the path works.
        waiting.removeIf(sent -> sent.id() <= id);
        late.removeIf(sent -> sent.id() <= id);
    }

    private void accept(Iterable<Sent> among, int id, long now) {
        for (Sent sent : among) {
            if (sent.id() == id) {
                roundTrip = now - sent.at();
                answered = state == State.UP ? -1 : roundTrip;
                echoes = true;
            }
        }
    }

    /// The name leads to these addresses, best first; never empty.
    void handleResolved(List<InetSocketAddress> addresses, long now) {
        resolving = false;
        unresolved = false;
        resolved = List.copyOf(addresses);
        InetSocketAddress known = endpoint;
        if (state == State.CONNECTING && redirected == null && (known == null || !resolved.contains(known))) {
            redirect(resolved.getFirst(), now);
        }
    }

    void handleUnresolved() {
        resolving = false;
        unresolved = true;
    }

    @Nullable
    PathAction pollAction() {
        return actions.poll();
    }

    boolean isUp() {
        return state == State.UP;
    }

    /// When [#handleTick] has something to do.
    long nextDeadline() {
        return answered >= 0 ? 0 : planned();
    }

    private long planned() {
        Sent oldest = waiting.peekFirst();
        long next = oldest == null ? probeAt : Math.min(probeAt, oldest.at() + patience());
        if (!isBroken()) {
            return next;
        }
        boolean hoping = forcedAt != Long.MIN_VALUE && tickedAt - forcedAt < SECOND;
        return Math.min(hoping ? Math.min(next, tickedAt + HOPE_INTERVAL) : next, repairAt);
    }

    private boolean isBroken() {
        return state == State.CONNECTING || state == State.DOWN;
    }

    private long interval() {
        return switch (state) {
            case UP -> INTERVAL;
            case SUSPECT -> SUSPECT_INTERVAL;
            case CONNECTING, DOWN -> DOWN_INTERVAL;
        };
    }

    private long patience() {
        return Math.clamp(4 * roundTrip, LEAST_PATIENCE, MOST_PATIENCE);
    }

    /// What a plain peer that answers no echo lets us know: it is there.
    private void hear(PathEvidence evidence, long now) {
        if (evidence.rxBytes() > rxBefore) {
            rxBefore = evidence.rxBytes();
            heardAt = now;
            if (plain && !echoes && state != State.UP) {
                answered = Math.max(answered, 0);
            }
        }
    }

    private void countMisses(long now) {
        long patience = patience();
        for (Sent oldest = waiting.peekFirst();
                oldest != null && now - oldest.at() >= patience;
                oldest = waiting.peekFirst()) {
            waiting.removeFirst();
            late.add(oldest);
            missed(oldest.at(), now);
        }
        late.removeIf(sent -> now - sent.at() >= TOO_LATE);
    }

    private void missed(long sentAt, long now) {
        if (isBroken() || (plain && !echoes && now - heardAt < PLAIN_SILENCE)) {
            return;
        }
        if (state == State.UP) {
            state = State.SUSPECT;
            since = sentAt;
            misses = 0;
            probeAt = now;
        }
        if (++misses >= MISSES) {
            breakDown(PathCause.SILENT, now);
        }
    }

    private void breakDown(PathCause first, long now) {
        state = State.DOWN;
        cause = first;
        told = null;
        attempts = 0;
        repairAt = now;
        probeAt = now;
        redirected = null;
        forcedAt = Long.MIN_VALUE;
        resolved = List.of();
        unresolved = false;
    }

    /// This machine stood still: what was sent before says nothing, and the peer may have forgotten the session.
    private void wake(PathEvidence evidence, long slept, long now) {
        waiting.clear();
        late.clear();
        if (isBroken()) {
            repairAt = now;
            probeAt = now;
            return;
        }
        breakDown(PathCause.SUSPENDED, now);
        since = now - slept;
        long age = evidence.handshakeAgeNanos();
        if (age < 0 || age + slept >= SESSION_DOUBTFUL) {
            handshake(now);
        }
        repairAt = now + DOWN_INTERVAL;
    }

    /// A handshake that was just answered is worth an echo at once, and the time that its answer takes.
    private void tryNewSession(PathEvidence evidence, long now) {
        tickedAt = now;
        long completed = handshakeAt(evidence, now);
        if (isBroken() && forcedAt != Long.MIN_VALUE && completed >= forcedAt && completed > triedSession + SLACK) {
            triedSession = completed;
            probeAt = now;
            repairAt = Math.max(repairAt, now + patience() + SUSPECT_INTERVAL);
        }
    }

    private void open(PathEvidence evidence, long now) {
        boolean connecting = state == State.CONNECTING;
        boolean broken = isBroken();
        long elapsed = answered;
        answered = -1;
        state = State.UP;
        misses = 0;
        lastGood = evidence.endpoint();
        probeAt = now + INTERVAL;
        if (!broken) {
            return;
        }
        if (connecting || told != null) {
            actions.add(new Up(elapsed));
        }
        if (!connecting || told != null) {
            actions.add(new Repaired(cause, remedy(evidence, now), since, now - since));
        }
        told = null;
        forcedAt = Long.MIN_VALUE;
        redirected = null;
    }

    private String remedy(PathEvidence evidence, long now) {
        InetSocketAddress to = redirected;
        if (to != null && to.equals(evidence.endpoint())) {
            return "went to " + text(to);
        }
        boolean handshaken = forcedAt != Long.MIN_VALUE && handshakeAt(evidence, now) >= forcedAt;
        return handshaken ? "new handshake" : "none needed";
    }

    private static String text(InetSocketAddress address) {
        String host = address.getAddress().getHostAddress();
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
    }

    private static long handshakeAt(PathEvidence evidence, long now) {
        return evidence.handshakeAgeNanos() < 0 ? Long.MIN_VALUE : now - evidence.handshakeAgeNanos();
    }

    private void repair(PathEvidence evidence, long now) {
        boolean unsendable = evidence.unsendable() > unsendableBefore;
        unsendableBefore = evidence.unsendable();
        boolean tried = forcedAt != Long.MIN_VALUE;
        if (unsendable) {
            cause = PathCause.LOCAL_NETWORK;
            // Nothing to repair here; the attempt shows when it is over.
            handshake(now);
        } else if (tried && handshakeAt(evidence, now) >= forcedAt) {
            cause = PathCause.NO_ECHO;
            handshake(now);
        } else {
            findEndpoint(now);
        }
        attempts++;
        if (attempts > (state == State.CONNECTING ? UNTOLD_AT_START : 1) && cause != told) {
            told = cause;
            actions.add(new Down(cause, since));
        }
        repairAt = now + delay();
    }

    /// Nothing is answered: first where it was, which costs a packet; then where its name leads; and in turns,
    /// for a name may be wrong.
    private void findEndpoint(long now) {
        List<InetSocketAddress> candidates = candidates();
        InetSocketAddress current = endpoint;
        if (attempts == 0 || current == null || candidates.isEmpty()) {
            cause = unresolved ? PathCause.NAME : cause;
            if (current != null) {
                handshake(now);
            } else if (!candidates.isEmpty()) {
                redirect(candidates.getFirst(), now);
            }
        } else if (!resolved.isEmpty() && !resolved.contains(current) && redirected == null) {
            cause = PathCause.MOVED;
            redirect(resolved.getFirst(), now);
        } else {
            cause = unresolved ? PathCause.NAME : PathCause.NO_HANDSHAKE;
            InetSocketAddress next = candidates.get((candidates.indexOf(current) + 1) % candidates.size());
            if (next.equals(current)) {
                handshake(now);
            } else {
                redirect(next, now);
            }
        }
        if (!resolving) {
            resolving = true;
            actions.add(new Resolve());
        }
    }

    private List<InetSocketAddress> candidates() {
        List<InetSocketAddress> all = new ArrayList<>(resolved);
        InetSocketAddress good = lastGood;
        if (good != null && !all.contains(good)) {
            all.add(good);
        }
        return all;
    }

    private void handshake(long now) {
        forcedAt = now;
        actions.add(new Handshake());
    }

    private void redirect(InetSocketAddress to, long now) {
        forcedAt = now;
        redirected = to;
        endpoint = to;
        actions.add(new Redirect(to));
    }

    /// 1, 2, 3, 4 s and a fifth more or less; where several places are tried in turn, all of them within that
    /// time.
    private long delay() {
        long most = Math.max(MOST_DELAY / Math.max(1, candidates().size()), SECOND);
        long delay = Math.min(most, attempts * SECOND);
        return delay * 4 / 5 + random.nextLong(delay * 2 / 5 + 1);
    }
}
