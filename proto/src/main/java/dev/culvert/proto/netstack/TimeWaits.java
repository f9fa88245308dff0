package dev.culvert.proto.netstack;

import static dev.culvert.proto.netstack.Timers.NEVER;

import org.jspecify.annotations.Nullable;

/// What is kept of connections in TIME-WAIT once their application has left them: enough to acknowledge the peer's FIN
/// again and to tell old segments from a new connection (RFC 9293 §3.10.7.4), a twentieth of a socket.
///
/// A service of many short connections has thousands of them. Bounded; the oldest makes room.
final class TimeWaits {
    /// 2 MSL, shortened: a tunnel has one path, and PAWS and monotonic ISNs guard what comes after.
    static final long LENGTH = 10_000_000_000L;

    private static final long CHALLENGE_INTERVAL = 100_000_000L;

    private final int most;
    private final Counters drops;
    private @Nullable Remains[] buckets = new Remains[16];
    private @Nullable Remains oldest;
    private @Nullable Remains newest;
    private int size;

    TimeWaits(int most, Counters drops) {
        this.most = most;
        this.drops = drops;
    }

    /// What is left of one connection.
    static final class Remains {
        private final long localHigh;
        private final long localLow;
        private final long remoteHigh;
        private final long remoteLow;
        private final int ports;
        private final int hash;
        final int sndNxt;
        final int rcvNxt;
        final int window;
        final boolean timestamps;
        final int timestampOffset;
        final int tsRecent;
        private long deadline;
        private long nextChallengeAt;
        private @Nullable Remains nextInBucket;
        private @Nullable Remains older;
        private @Nullable Remains newer;

        Remains(TcpSocket socket) {
            localHigh = socket.localHigh;
            localLow = socket.localLow;
            remoteHigh = socket.remoteHigh;
            remoteLow = socket.remoteLow;
            ports = socket.ports;
            hash = socket.hash;
            sndNxt = socket.sender.sndMax;
            rcvNxt = socket.receiver.rcvNxt;
            window = socket.receiver.offerWindow(socket.receiver.windowShift);
            timestamps = socket.receiver.timestamps;
            timestampOffset = socket.sender.timestampOffset;
            tsRecent = socket.receiver.tsRecent;
        }

        private boolean isOf(Tuple who) {
            return ports == who.ports
                    && remoteLow == who.remoteLow
                    && localLow == who.localLow
                    && remoteHigh == who.remoteHigh
                    && localHigh == who.localHigh;
        }
    }

    int size() {
        return size;
    }

    /// The earliest deadline; [Timers#NEVER] if there is none.
    long next() {
        Remains first = oldest;
        return first == null ? NEVER : first.deadline;
    }

    /// @param hash of `who`, as [Demux] makes it
    @Nullable
    Remains find(Tuple who, int hash) {
        Remains found = buckets[hash & buckets.length - 1];
        while (found != null && !(found.hash == hash && found.isOf(who))) {
            found = found.nextInBucket;
        }
        return found;
    }

    /// Keeps what is left of a socket, which [Demux] has given its hash.
    void add(TcpSocket socket, long now) {
        Remains first = oldest;
        if (size >= most && first != null) {
            remove(first);
        }
        if (size >= buckets.length) {
            grow();
        }
        Remains added = new Remains(socket);
        int bucket = added.hash & buckets.length - 1;
        added.nextInBucket = buckets[bucket];
        buckets[bucket] = added;
        size++;
        append(added, now);
    }

    private void grow() {
        buckets = new Remains[buckets.length * 2];
        for (Remains kept = oldest; kept != null; kept = kept.newer) {
            int bucket = kept.hash & buckets.length - 1;
            kept.nextInBucket = buckets[bucket];
            buckets[bucket] = kept;
        }
    }

    /// Takes a segment of the connection whose end this is. True if it is to be acknowledged: the peer has not heard
    /// that its FIN arrived, or is somewhere else altogether (RFC 5961; RFC 1337 for RST).
    boolean handle(Remains who, Segment segment, long now) {
        if (segment.isRst()) {
            drops.count(Drop.TIME_WAIT_RESET);
            return false;
        }
        if (who.timestamps && !segment.options.hasTimestamps) {
            drops.count(Drop.MISSING_TIMESTAMP);
            return false;
        }
        if (segment.isFin() || segment.dataLength > 0) {
            drops.count(Drop.OUT_OF_WINDOW);
            if (segment.isFin()) {
                unlink(who);
                append(who, now);
            }
            return true;
        }
        if (!segment.isSyn() && segment.seq == who.rcvNxt && SeqNum.atMost(segment.ack, who.sndNxt)) {
            return false;
        }
        drops.count(segment.isSyn() ? Drop.UNEXPECTED_SYN : Drop.OUT_OF_WINDOW);
        if (now < who.nextChallengeAt) {
            return false;
        }
        who.nextChallengeAt = now + CHALLENGE_INTERVAL;
        return true;
    }

    void handleTimeout(long now) {
        while (next() <= now) {
            remove(oldest);
        }
    }

    void remove(@Nullable Remains gone) {
        if (gone == null) {
            return;
        }
        unlink(gone);
        size--;
        int bucket = gone.hash & buckets.length - 1;
        Remains before = buckets[bucket];
        if (before == gone) {
            buckets[bucket] = gone.nextInBucket;
            return;
        }
        while (before != null && before.nextInBucket != gone) {
            before = before.nextInBucket;
        }
        if (before != null) {
            before.nextInBucket = gone.nextInBucket;
        }
    }

    /// All last equally long, so that the newest is the last to go.
    private void append(Remains added, long now) {
        added.deadline = now + LENGTH;
        added.older = newest;
        added.newer = null;
        if (newest == null) {
            oldest = added;
        } else {
            newest.newer = added;
        }
        newest = added;
    }

    private void unlink(Remains gone) {
        if (gone.older == null) {
            oldest = gone.newer;
        } else {
            gone.older.newer = gone.newer;
        }
        if (gone.newer == null) {
            newest = gone.older;
        } else {
            gone.newer.older = gone.older;
        }
    }
}
