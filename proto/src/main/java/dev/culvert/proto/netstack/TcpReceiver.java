package dev.culvert.proto.netstack;

import static dev.culvert.proto.netstack.Timers.NEVER;

import org.jspecify.annotations.Nullable;

/// The receiving half of a connection: which segments are acceptable, where their bytes go, what window to offer
/// and when to acknowledge (RFC 9293 §3.8.6, §3.10.7.4; RFC 5681 §4.2; RFC 7323 §4.3, §5).
///
/// Bytes out of order lie in the ring at once; [Reassembly] keeps their ranges until the gap closes.
final class TcpReceiver {
    static final long DELAYED_ACK = 40_000_000L;
    /// A sender in slow start needs every acknowledgment; after these many segments they are halved.
    private static final int QUICK_ACKS = 16;
    /// A timestamp older than this no longer says anything (RFC 7323 §5.5).
    private static final long TIMESTAMP_EXPIRY = 24L * 24 * 3600 * 1_000_000_000L;

    /// What has been overtaken is older than what filled the gap before it, and is nobody's old duplicate: those are a
    /// whole round of the sequence numbers behind, 4 GiB, for which a peer takes far longer than so many ticks (a
    /// millisecond at most peers).
    private static final int REORDERING_TICKS = 100;

    private static final int MAX_OWED_DUPLICATES = 8;

    final ByteRing ring;
    private final ReceiveTuning tuning;
    final Reassembly reassembly = new Reassembly();
    private final PagePool pool;

    int irs;
    int rcvNxt;
    /// The right edge of the widest window ever offered.
    private int rcvAdv;

    int windowShift;
    boolean finReceived;
    private boolean finKnown;
    private int finSeq;

    boolean timestamps;
    int tsRecent;
    private long tsRecentAt;
    private int lastAckSent;

    /// What has arrived twice and is not reported yet (D-SACK, RFC 2883); nothing if both are equal.
    private int duplicateStart;

    private int duplicateEnd;

    private boolean ackNow;
    private int duplicatesOwed;
    long ackDeadline = NEVER;
    private int quickAcks = QUICK_ACKS;
    private int pending;
    /// The largest segment seen: what a full segment of this peer looks like.
    private int peerSegment = 536;

    TcpReceiver(PagePool pool, int limit) {
        this.pool = pool;
        this.ring = new ByteRing(pool, Math.min(limit, PagePool.FIRST_LIMIT));
        this.tuning = new ReceiveTuning(limit);
        this.windowShift = windowShift(limit);
    }

    /// The least shift with which a window of so many bytes can be said (RFC 7323 §2.2).
    static int windowShift(int limit) {
        int shift = 0;
        while (limit >>> shift > 0xffff) {
            shift++;
        }
        return shift;
    }

    /// Starts after the peer's SYN.
    void open(Segment syn, boolean useTimestamps, long now) {
        irs = syn.seq;
        rcvNxt = irs + 1;
        rcvAdv = rcvNxt;
        lastAckSent = rcvNxt;
        timestamps = useTimestamps;
        if (useTimestamps) {
            tsRecent = syn.options.timestampValue;
            tsRecentAt = now;
        }
    }

    /// Whether any part of the segment lies in the window; a bare acknowledgment also at its right edge, where a
    /// sender that has filled the window stands.
    boolean isAcceptable(Segment segment) {
        int length = segment.length();
        if (length == 0) {
            return SeqNum.atLeast(segment.seq, rcvNxt) && SeqNum.atMost(segment.seq, rcvAdv);
        }
        return SeqNum.before(segment.seq, rcvAdv) && SeqNum.after(segment.end(), rcvNxt);
    }

    /// PAWS (RFC 7323 §5.3): whether the segment's timestamp is older than the last one in order, by more than packets
    /// overtake each other.
    boolean isOldTimestamp(Segment segment, long now) {
        return timestamps
                && segment.options.hasTimestamps
                && SeqNum.before(segment.options.timestampValue, tsRecent - REORDERING_TICKS)
                && now - tsRecentAt < TIMESTAMP_EXPIRY;
    }

    /// Keeps the timestamp to echo (RFC 7323 §4.3) of an acceptable segment.
    void noteTimestamp(Segment segment, long now) {
        if (timestamps
                && segment.options.hasTimestamps
                && SeqNum.atMost(segment.seq, lastAckSent)
                && SeqNum.atLeast(segment.options.timestampValue, tsRecent)) {
            tsRecent = segment.options.timestampValue;
            tsRecentAt = now;
        }
    }

    /// Takes data and FIN of an acceptable segment. Returns why its data was not kept, or null.
    @Nullable
    Drop receive(Segment segment, int clock, long srtt, long now) {
        if (timestamps && segment.options.hasTimestamps && segment.seq == rcvNxt) {
            tuning.roundTrip(clock - segment.options.timestampEcho);
        }
        tuning.arrived(ring, pool, peerSegment, srtt, now);
        trim(segment);
        boolean gapBefore = !reassembly.isEmpty();
        int length = segment.dataLength;
        int offset = segment.seq - rcvNxt;
        if (length > 0) {
            peerSegment = Math.max(peerSegment, length);
            noteDuplicate(segment.seq, SeqNum.min(segment.seq + length, reassembly.endOfRangeWith(segment.seq)));
            if (!ring.place(ring.end() + offset, segment.bytes, segment.data, length)) {
                return Drop.OUT_OF_MEMORY;
            }
            if (offset > 0 && !reassembly.add(segment.seq, segment.seq + length, ring.pages())) {
                return Drop.REASSEMBLY_FULL;
            }
        }
        if (segment.isFin() && !finKnown) {
            finKnown = true;
            finSeq = segment.seq + length;
        }
        int before = rcvNxt;
        if (offset == 0) {
            advance(length);
        }
        scheduleAck(length, gapBefore || offset > 0 || finReceived, rcvNxt == before, now);
        return null;
    }

    private void trim(Segment segment) {
        if (SeqNum.before(segment.seq, rcvNxt)) {
            noteDuplicate(segment.seq, rcvNxt);
            segment.trimFront(Math.min(segment.dataLength, rcvNxt - segment.seq));
        }
        int edge = finKnown ? SeqNum.min(finSeq, rcvAdv) : rcvAdv;
        int room = Math.max(0, edge - segment.seq);
        if (segment.dataLength > room) {
            segment.trimTo(room);
        }
    }

    /// A segment out of the window holds what had arrived before, if it lies below it.
    void noteOldData(Segment segment) {
        int end = segment.seq + segment.dataLength;
        if (SeqNum.atMost(end, rcvNxt) && rcvNxt - segment.seq <= ring.limit()) {
            noteDuplicate(segment.seq, end);
        }
    }

    /// These bytes had arrived before.
    private void noteDuplicate(int start, int end) {
        if (SeqNum.before(start, end)) {
            duplicateStart = start;
            duplicateEnd = end;
        }
    }

    /// Whether there is something for SACK blocks to say.
    boolean hasReport() {
        return !reassembly.isEmpty() || duplicateStart != duplicateEnd;
    }

    /// Fills in up to `most` SACK blocks: a duplicate, then what has arrived out of order, the most recently changed
    /// first; returns how many.
    int report(int[] starts, int[] ends, int most) {
        int n = 0;
        if (duplicateStart != duplicateEnd) {
            starts[0] = duplicateStart;
            ends[0] = duplicateEnd;
            n = 1;
        }
        return reassembly.blocks(starts, ends, n, most);
    }

    /// The report was sent.
    void reported() {
        duplicateStart = duplicateEnd;
    }

    private void advance(int length) {
        int next = reassembly.advance(rcvNxt + length);
        ring.extend(next - rcvNxt);
        rcvNxt = next;
        if (finKnown && rcvNxt == finSeq && !finReceived) {
            finReceived = true;
            rcvNxt++;
            rcvAdv = SeqNum.max(rcvAdv, rcvNxt);
        }
    }

    private void scheduleAck(int length, boolean atOnce, boolean outOfOrder, long now) {
        pending += length;
        if (atOnce || pending > peerSegment || quickAcks > 0) {
            quickAcks = Math.max(0, quickAcks - 1);
            ackNow = true;
            if (outOfOrder) {
                duplicatesOwed = Math.min(duplicatesOwed + 1, MAX_OWED_DUPLICATES);
            }
        } else if (length > 0 && ackDeadline == NEVER) {
            ackDeadline = now + DELAYED_ACK;
        }
    }

    /// An acknowledgment must go out with the next poll.
    void acknowledgeNow() {
        ackNow = true;
    }

    void handleTimeout(long now) {
        if (ackDeadline <= now) {
            ackNow = true;
            ackDeadline = NEVER;
        }
    }

    boolean isAckDue() {
        return ackNow;
    }

    /// Whether the reader has freed so much that the sender should hear of it: the window would at least double
    /// (RFC 9293 §3.8.6.2.2 keeps smaller steps to ourselves).
    boolean isWindowUpdateDue() {
        int offered = rcvAdv - rcvNxt;
        int edge = rightEdge();
        return !finReceived && edge != rcvAdv && edge - rcvNxt >= 2L * offered;
    }

    /// What to put in the window field for a shift: the window from `rcvNxt`, never taking back what was offered
    /// but for the rounding that RFC 7323 §2.4 permits. Notes it as sent.
    int offerWindow(int shift) {
        int edge = rightEdge();
        int field = Math.min((edge - rcvNxt) >>> shift, 0xffff);
        rcvAdv = SeqNum.max(rcvAdv, rcvNxt + (field << shift));
        return field;
    }

    private int rightEdge() {
        int room = Math.max(0, ring.free());
        if (pool.isTight()) {
            room = Math.min(room, ring.assured());
        }
        int edge = rcvNxt + room;
        int least = Math.min(ring.limit() / 2, peerSegment);
        return edge - rcvAdv >= least ? edge : rcvAdv;
    }

    /// An acknowledgment of `rcvNxt` was built. A peer without SACK counts duplicates, so as many are owed as
    /// segments came out of order (RFC 5681 §3.2); with SACK one tells it all.
    void acknowledged(boolean sack) {
        duplicatesOwed = sack ? 0 : Math.max(0, duplicatesOwed - 1);
        ackNow = duplicatesOwed > 0;
        ackDeadline = NEVER;
        pending = 0;
        lastAckSent = rcvNxt;
    }

    /// Nothing will arrive any more: only what is in order can still be read.
    void end() {
        ring.dropBehindEnd();
        reassembly.clear();
    }

    /// Gives all memory back.
    void release() {
        ring.clear();
        reassembly.clear();
    }
}
