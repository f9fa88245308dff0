package dev.culvert.dataplane.udp;

import dev.culvert.proto.inet.AddressWords;
import dev.culvert.proto.netstack.UdpEndpoint;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The flows of one service: who has one, how many, for how long, and how much may go back. Pure and bounded; owned by
/// one loop. Nothing is allocated for a datagram of a flow that is known.
///
/// A flow is *proven* when its far end has sent something after it was answered. Strangers who send from addresses that
/// are not theirs never get so far, unless they guess when; so what is not proven gives way, and lives shortly.
public final class FlowTable<F extends Flow> {
    /// How long a flow may be silent that has proven nothing.
    public static final long UNPROVEN_IDLE = 10_000_000_000L;

    /// A visitor's own flow gives way to its next one after so much silence, and one that has proven nothing to a
    /// stranger's.
    private static final long RECENT = 1_000_000_000L;

    private Bounds bounds;
    private final long seed;
    private @Nullable Flow[] buckets = new @Nullable Flow[64];
    private @Nullable Visitor[] visitors = new @Nullable Visitor[64];
    private final Line unproven = new Line();
    private final Line proven = new Line();
    private int size;
    private int visitorCount;
    private @Nullable F victim;
    private boolean displaces;
    private long lastDisplaced;

    /// @param flows most flows
    /// @param perVisitor most of one IPv4 address or IPv6 /64
    /// @param idleNanos how long a proven flow may be silent
    /// @param replyLimit how many times the received bytes may go back to who has proven nothing; 0 for any number
    /// @param evictsProven whether the longest silent flow gives way even if it is proven
    public record Bounds(int flows, int perVisitor, long idleNanos, int replyLimit, boolean evictsProven) {}

    /// Whether there is room for one more flow.
    public enum Room {
        FREE,
        VISITOR_FULL,
        FULL
    }

    private static final class Visitor {
        final long unit;
        int count;

        @Nullable
        Flow first;

        @Nullable
        Visitor next;

        Visitor(long unit) {
            this.unit = unit;
        }
    }

    /// A list by age of the last datagram; the oldest stands first.
    private static final class Line {
        @Nullable
        Flow oldest;

        @Nullable
        Flow youngest;

        void add(Flow flow) {
            Flow before = youngest;
            flow.older = before;
            flow.younger = null;
            if (before == null) {
                oldest = flow;
            } else {
                before.younger = flow;
            }
            youngest = flow;
        }

        void remove(Flow flow) {
            Flow before = flow.older;
            Flow after = flow.younger;
            if (before == null) {
                oldest = after;
            } else {
                before.younger = after;
            }
            if (after == null) {
                youngest = before;
            } else {
                after.older = before;
            }
        }
    }

    /// @param seed secret random bits, so that strangers cannot choose addresses that share a bucket
    public FlowTable(Bounds bounds, long seed) {
        this.bounds = bounds;
        this.seed = seed;
    }

    /// Other bounds; who has too much keeps it until it ends.
    public void bounds(Bounds next) {
        bounds = next;
    }

    /// The flow that a datagram belongs to.
    ///
    /// @param localPort the port of ours that it came to
    @SuppressWarnings("unchecked") // only add() stores here, and it takes F
    public @Nullable F find(UdpEndpoint from, int localPort) {
        int hash = hash(from, localPort);
        Flow flow = buckets[hash & (buckets.length - 1)];
        while (flow != null) {
            if (flow.hash == hash && flow.localPort == localPort && flow.ends.equalsEnds(from)) {
                return (F) flow;
            }
            flow = flow.nextInBucket;
        }
        return null;
    }

    /// Whether a new flow may begin; with FREE, [#victim] may have to end before.
    @SuppressWarnings("unchecked") // only add() stores here, and it takes F
    public Room room(UdpEndpoint from, long now) {
        victim = null;
        displaces = false;
        Visitor visitor = visitor(unit(from));
        if (visitor != null && visitor.count >= bounds.perVisitor) {
            Flow oldest = longestSilent(visitor);
            boolean gives = oldest != null && (!oldest.proven || now - oldest.lastHeard >= RECENT);
            victim = gives ? (F) oldest : null;
            return gives ? Room.FREE : Room.VISITOR_FULL;
        }
        if (size >= bounds.flows) {
            Flow oldest = unproven.oldest;
            if (bounds.evictsProven) {
                oldest = oldest == null ? proven.oldest : oldest;
            } else if (oldest != null && !givesWay(oldest, now)) {
                oldest = null;
            }
            displaces = oldest != null;
            victim = (F) oldest;
            return oldest == null ? Room.FULL : Room.FREE;
        }
        return Room.FREE;
    }

    /// Forged addresses would end each other's flows, and every visitor's, before an answer could come; and the flows
    /// that came at once would all be replaced at once, each by a way to the target, while others wait.
    private boolean givesWay(Flow oldest, long now) {
        long since = now - lastDisplaced;
        boolean soon = since >= 0 && since < RECENT / bounds.flows;
        return !soon && now - oldest.lastHeard >= RECENT;
    }

    /// The flow that has to be removed before the next one is added, as [#room] has just found; null if none has.
    public @Nullable F victim() {
        return victim;
    }

    private static @Nullable Flow longestSilent(Visitor visitor) {
        Flow best = null;
        for (Flow flow = visitor.first; flow != null; flow = flow.nextOfVisitor) {
            if (best == null || flow.lastHeard - best.lastHeard < 0) {
                best = flow;
            }
        }
        return best;
    }

    public void add(F flow, long now) {
        if (displaces) {
            displaces = false;
            lastDisplaced = now;
        }
        flow.hash = hash(flow.ends, flow.localPort);
        if (size >= buckets.length) {
            grow();
        }
        int bucket = flow.hash & (buckets.length - 1);
        flow.nextInBucket = buckets[bucket];
        buckets[bucket] = flow;
        flow.entered = true;
        flow.lastHeard = now;
        unproven.add(flow);
        join(flow);
        size++;
    }

    /// A datagram of the far end has come.
    public void heard(F flow, int bytes, long now) {
        line(flow).remove(flow);
        if (flow.answered) {
            flow.proven = true;
        }
        flow.received += bytes;
        flow.lastHeard = now;
        line(flow).add(flow);
    }

    /// Whether so many bytes may go back now.
    public boolean mayAnswer(F flow, int bytes) {
        return flow.proven || bounds.replyLimit == 0 || flow.sent + bytes <= bounds.replyLimit * flow.received;
    }

    /// A datagram has gone back.
    public void answered(F flow, int bytes, long now) {
        flow.answered = true;
        flow.sent += bytes;
        flow.lastHeard = now;
        Line line = line(flow);
        line.remove(flow);
        line.add(flow);
    }

    private Line line(Flow flow) {
        return flow.proven ? proven : unproven;
    }

    /// A flow that has been silent for too long, to be removed; null if there is none.
    @SuppressWarnings("unchecked") // only add() stores here, and it takes F
    public @Nullable F pollExpired(long now) {
        Flow oldest = unproven.oldest;
        if (oldest != null && now - oldest.lastHeard >= Math.min(UNPROVEN_IDLE, bounds.idleNanos)) {
            return (F) oldest;
        }
        oldest = proven.oldest;
        return oldest != null && now - oldest.lastHeard >= bounds.idleNanos ? (F) oldest : null;
    }

    /// Takes a flow out; a second call does nothing.
    @SuppressWarnings("ReferenceEquality") // a flow is itself
    public void remove(F flow) {
        if (!flow.entered) {
            return;
        }
        flow.entered = false;
        line(flow).remove(flow);
        int bucket = flow.hash & (buckets.length - 1);
        Flow before = buckets[bucket];
        if (before == flow) {
            buckets[bucket] = flow.nextInBucket;
        } else {
            while (before != null && before.nextInBucket != flow) {
                before = before.nextInBucket;
            }
            if (before != null) {
                before.nextInBucket = flow.nextInBucket;
            }
        }
        leave(flow);
        size--;
    }

    public int size() {
        return size;
    }

    /// Every flow; the task may remove the one that it is given.
    @SuppressWarnings("unchecked") // only add() stores here, and it takes F
    public void forEach(Consumer<F> task) {
        for (Line line : new Line[] {unproven, proven}) {
            Flow flow = line.oldest;
            while (flow != null) {
                Flow next = flow.younger;
                task.accept((F) flow);
                flow = next;
            }
        }
    }

    private void grow() {
        @Nullable Flow[] before = buckets;
        buckets = new @Nullable Flow[before.length * 2];
        for (Flow first : before) {
            Flow flow = first;
            while (flow != null) {
                Flow next = flow.nextInBucket;
                int bucket = flow.hash & (buckets.length - 1);
                flow.nextInBucket = buckets[bucket];
                buckets[bucket] = flow;
                flow = next;
            }
        }
    }

    private void join(Flow flow) {
        Visitor visitor = visitor(flow.unit);
        if (visitor == null) {
            if (visitorCount >= visitors.length) {
                growVisitors();
            }
            visitor = new Visitor(flow.unit);
            int bucket = visitorBucket(flow.unit);
            visitor.next = visitors[bucket];
            visitors[bucket] = visitor;
            visitorCount++;
        }
        Flow first = visitor.first;
        flow.previousOfVisitor = null;
        flow.nextOfVisitor = first;
        if (first != null) {
            first.previousOfVisitor = flow;
        }
        visitor.first = flow;
        visitor.count++;
    }

    private void leave(Flow flow) {
        Visitor visitor = visitor(flow.unit);
        if (visitor == null) {
            return;
        }
        Flow before = flow.previousOfVisitor;
        Flow after = flow.nextOfVisitor;
        if (before == null) {
            visitor.first = after;
        } else {
            before.nextOfVisitor = after;
        }
        if (after != null) {
            after.previousOfVisitor = before;
        }
        if (--visitor.count == 0) {
            forget(visitor);
        }
    }

    private void forget(Visitor visitor) {
        int bucket = visitorBucket(visitor.unit);
        Visitor before = visitors[bucket];
        if (before == visitor) {
            visitors[bucket] = visitor.next;
        } else {
            while (before != null && before.next != visitor) {
                before = before.next;
            }
            if (before != null) {
                before.next = visitor.next;
            }
        }
        visitorCount--;
    }

    private void growVisitors() {
        @Nullable Visitor[] before = visitors;
        visitors = new @Nullable Visitor[before.length * 2];
        for (Visitor first : before) {
            Visitor visitor = first;
            while (visitor != null) {
                Visitor next = visitor.next;
                int bucket = visitorBucket(visitor.unit);
                visitor.next = visitors[bucket];
                visitors[bucket] = visitor;
                visitor = next;
            }
        }
    }

    private @Nullable Visitor visitor(long unit) {
        Visitor visitor = visitors[visitorBucket(unit)];
        while (visitor != null && visitor.unit != unit) {
            visitor = visitor.next;
        }
        return visitor;
    }

    private int visitorBucket(long unit) {
        return (int) (mix(unit ^ seed) >>> 32) & (visitors.length - 1);
    }

    /// What counts as one visitor: an IPv4 address, or the upper half of an IPv6 one.
    static long unit(UdpEndpoint ends) {
        return AddressWords.isIpv4(ends.remoteHigh(), ends.remoteLow()) ? ends.remoteLow() : ends.remoteHigh();
    }

    private int hash(UdpEndpoint ends, int localPort) {
        long mixed = mix(ends.remoteLow() ^ seed);
        mixed = mix(mixed ^ ends.remoteHigh());
        mixed = mix(mixed ^ ends.localLow() ^ ((long) ends.remotePort() << 48 | (long) localPort << 32));
        return (int) (mixed >>> 32);
    }

    /// The finaliser of SplitMix64 (Steele et al. 2014).
    private static long mix(long value) {
        long z = (value ^ (value >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }
}
