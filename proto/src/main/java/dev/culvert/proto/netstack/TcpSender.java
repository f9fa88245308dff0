package dev.culvert.proto.netstack;

import static dev.culvert.proto.netstack.Timers.NEVER;

/// The sending half of a connection: send queue, window, what goes next, and its timers. [LossRecovery] knows what is
/// lost and how much may be in the network; one rule sends: while there is room, first what is lost, then what is
/// new.
final class TcpSender {
    /// How long retransmissions of one byte may go unanswered (R2 of RFC 9293 §3.8.3 is at least 100 s).
    static final long GIVE_UP = 120_000_000_000L;
    /// So that a SYN is tried for three minutes (R2 of RFC 9293 §3.8.3).
    static final int SYN_RETRIES = 7;
    /// The answer to one, whose sender tries again by itself.
    static final int SYN_ACK_RETRIES = 5;

    private static final int UNANSWERED_PROBES = 8;

    /// What the timer is for: retransmission (RFC 6298), the tail loss probe and the reordering window (RFC 8985
    /// §8), the zero-window probe (RFC 9293 §3.8.6.1).
    private enum Timer {
        RETRANSMIT,
        TAIL_LOSS,
        REORDER,
        PERSIST
    }

    final ByteRing ring;
    private final PagePool pool;
    private final int largestBuffer;
    final RttEstimator rtt = new RttEstimator();
    final LossRecovery recovery = new LossRecovery();
    final SendWindow window = new SendWindow();
    private final SentSegments sent = recovery.sent;

    int iss;
    int sndUna;
    int sndMax;
    /// Payload of a full segment: less the timestamps, not less SACK blocks.
    int mss = 536;
    /// What turns milliseconds into the timestamps of this connection.
    int timestampOffset;

    int synRetries = SYN_RETRIES;
    boolean synPending;
    private long synSentAt = Delivery.NONE;
    boolean finQueued;
    private boolean finSent;
    private boolean congestionLimited;

    long deadline = NEVER;
    private Timer timer = Timer.RETRANSMIT;
    private long retransmitAt = NEVER;
    private long reorderAt = NEVER;
    private boolean tailProbing;
    private int probes;
    boolean probePending;
    private boolean overrideSilly;
    private long stalledSince;
    /// How long data may stay unacknowledged before the connection fails (RFC 9293 §3.9.1, "user timeout").
    long userTimeout = GIVE_UP;
    /// Nobody waits for the outcome: then a window that stays closed is no reason to keep the connection.
    boolean abandoned;

    private long lastSentAt;

    private int planSlot = SentSegments.NONE;
    int planSeq;
    int planLength;
    boolean planFin;
    boolean planPush;

    TcpSender(PagePool pool, int limit) {
        this.ring = new ByteRing(pool, Math.min(limit, PagePool.FIRST_LIMIT));
        this.pool = pool;
        this.largestBuffer = limit;
    }

    void open(int initialSeq, int offset) {
        iss = initialSeq;
        sndUna = iss;
        sndMax = iss;
        timestampOffset = offset;
        recovery.open(iss);
        synPending = true;
    }

    /// Opens where SYN was sent before and nothing was kept of it.
    void openAnswered(int initialSeq, int offset) {
        open(initialSeq, offset);
        synPending = false;
        sndMax = iss + 1;
    }

    boolean isSynAcked() {
        return sndUna != iss;
    }

    /// Whether a SYN has been sent, alone or with ACK.
    boolean isSynSent() {
        return sndMax != iss;
    }

    /// Whether the plan is of what was never sent.
    boolean isPlanNew() {
        return planSlot == SentSegments.NONE;
    }

    /// Bytes and flags sent and not acknowledged.
    int flight() {
        return sndMax - sndUna;
    }

    boolean isFinAcked() {
        return finSent && sndUna == sndMax;
    }

    /// How often the timer has fired since anything was last acknowledged.
    int backoff() {
        return rtt.backoff();
    }

    /// Bytes of the first segment that is out, or 0.
    int firstLength() {
        return sent.isEmpty() ? 0 : sent.end(sent.first()) - sent.start(sent.first());
    }

    /// The millisecond clock of this connection's timestamps.
    int stamp(long now) {
        return (int) (now / 1_000_000) + timestampOffset;
    }

    /// The sequence number after the last byte in the queue: that of FIN.
    private int dataEnd() {
        return sndUna + ring.size();
    }

    /// Whether an acknowledgment number is one that a peer may send: not of the future, and not older than the
    /// widest window ago (RFC 5961 §5.2).
    boolean isAcceptableAck(int ack) {
        return SeqNum.atMost(ack, sndMax) && SeqNum.atLeast(ack, sndUna - window.widest());
    }

    /// Takes an acceptable acknowledgment.
    void handleAck(Segment segment, long now) {
        probes = 0;
        boolean windowChanged = updateWindow(segment);
        int acked = segment.ack - sndUna;
        boolean duplicate = acked == 0 && flight() > 0 && segment.length() == 0 && !windowChanged;
        recovery.begin(segment, timestampOffset, sndUna, sndMax, mss, now);
        if (acked > 0) {
            advance(segment, acked, now);
        }
        measure(segment, acked, now);
        long wait = recovery.acknowledged(segment, Math.max(acked, 0), duplicate, sndUna, sndMax, mss, rtt.srtt(), now);
        reorderAt = wait > 0 ? now + wait : NEVER;
        if (recovery.ecn.isEchoed(segment)) {
            recovery.markEchoed(sndUna, sndMax, now);
        }
        if (timer != Timer.PERSIST) {
            armTimer(now);
        }
    }

    private boolean updateWindow(Segment segment) {
        boolean changed = window.update(segment, sndUna);
        if (changed && timer == Timer.PERSIST && window.size() > 0) {
            timer = Timer.RETRANSMIT;
            rtt.resetBackoff();
        }
        return changed;
    }

    private void advance(Segment segment, int acked, long now) {
        boolean synAcked = !isSynAcked();
        int data = Math.min(acked - (synAcked ? 1 : 0), ring.size());
        ring.discard(data);
        sndUna = segment.ack;
        sent.acknowledge(sndUna, recovery.delivery, now);
        if (synAcked) {
            measureSyn(now);
        } else if (recovery.state() != LossRecovery.State.RECOVERY
                && congestionLimited
                && !recovery.ecn.isEchoed(segment)) {
            recovery.congestion.acknowledged(acked, rtt.srtt(), now);
            growBuffer();
        }
        rtt.resetBackoff();
        timer = Timer.RETRANSMIT;
        stalledSince = now;
        retransmitAt = flight() > 0 ? retransmitTime(now) : NEVER;
    }

    private void growBuffer() {
        int wanted = Math.min(largestBuffer, 2 * Math.min(recovery.congestion.window(), 1 << 29));
        if (wanted > ring.limit() && !pool.isHalfUsed()) {
            ring.limit(wanted);
        }
    }

    private void measureSyn(long now) {
        if (synSentAt != Delivery.NONE) {
            rtt.sample(now - synSentAt);
            recovery.rack.roundTrip(now - synSentAt, now);
        }
    }

    /// Nothing is timed that was sent again (Karn; RFC 6298 §3). Where all was, the echoed timestamp still tells
    /// (RFC 7323 §4.1), at the millisecond it counts in.
    private void measure(Segment segment, int acked, long now) {
        Delivery delivery = recovery.delivery;
        if (delivery.firstSentAt != Delivery.NONE) {
            rtt.sample(now - delivery.firstSentAt);
            recovery.congestion.roundTrip(sndUna, sndMax, now - delivery.lastSentAt);
        } else if (acked > 0 && segment.options.hasTimestamps && segment.options.timestampEcho != 0) {
            int elapsed = stamp(now) - segment.options.timestampEcho;
            if (elapsed >= 0 && elapsed < 60_000) {
                rtt.sample(Math.max(1, elapsed) * 1_000_000L);
            }
        }
    }

    /// Decides what to send next, with at most `mss - optionBytes` of new payload, into the `plan` fields; false for
    /// nothing.
    boolean plan(int optionBytes, long now) {
        if (!isSynAcked()) {
            return false;
        }
        int limit = mss - optionBytes;
        if (tailProbing) {
            tailProbing = false;
            planProbe(limit);
            return true;
        }
        int lost = recovery.nextLost();
        if (lost == SentSegments.NONE) {
            return planNew(limit, now);
        }
        if (recovery.isForward() && !recovery.mustResend()) {
            // F-RTO: what is new tells best whether the timeout was real (RFC 5682 §3, step 2b).
            if (planNew(limit, now)) {
                return true;
            }
            if (congestionLimited) {
                return false;
            }
            recovery.endForward();
        }
        congestionLimited = !recovery.mustResend() && recovery.room() <= 0;
        if (congestionLimited) {
            return false;
        }
        planAgain(lost);
        return true;
    }

    private void planAgain(int slot) {
        int end = sent.end(slot);
        int dataEnd = SeqNum.min(end, dataEnd());
        planSlot = slot;
        planSeq = sent.start(slot);
        planLength = dataEnd - planSeq;
        planFin = SeqNum.after(end, dataEnd);
        planPush = end == sndMax && planLength > 0;
    }

    /// One segment beyond what congestion control permits: new, or else the last one again (RFC 8985 §7.3).
    private void planProbe(int limit) {
        int unsent = finSent ? 0 : dataEnd() - sndMax;
        int length = Math.min(unsent, limit);
        int last = sent.lastUnreported();
        if (length > 0 && length <= sndUna + window.size() - sndMax && sent.count() < SentSegments.MOST) {
            planSegment(length, unsent);
            recovery.probe.sent(sndMax + length + (planFin ? 1 : 0), false);
        } else {
            planAgain(last == SentSegments.NONE ? sent.first() : last);
            recovery.probe.sent(sndMax, true);
        }
        recovery.probes++;
    }

    private void planSegment(int length, int unsent) {
        planSlot = SentSegments.NONE;
        planSeq = sndMax;
        planLength = length;
        planPush = length > 0 && length == unsent;
        planFin = finQueued && !finSent && length == unsent && sndUna + window.size() - sndMax > length;
    }

    private boolean planNew(int limit, long now) {
        int unsent = finSent ? 0 : dataEnd() - sndMax;
        boolean fin = finQueued && !finSent;
        if (unsent == 0 && !fin) {
            congestionLimited = false;
            return false;
        }
        if (flight() == 0 && now - lastSentAt > rtt.rto()) {
            recovery.congestion.restartAfterIdle(now);
        }
        int length = Math.min(unsent, limit);
        int room = sndUna + window.size() - sndMax;
        if (room < Math.max(length, 1)) {
            // Sender's silly window avoidance (RFC 9293 §3.8.6.2.1): half of the widest window, or the override
            // timer.
            if (room <= 0 || (room < window.widest() / 2 && !overrideSilly)) {
                waitForWindow(now);
                return false;
            }
            length = room;
        }
        int inNetwork = recovery.pipe();
        if ((length > recovery.room() && inNetwork > 0) || sent.count() == SentSegments.MOST) {
            congestionLimited = true;
            return false;
        }
        planSegment(length, unsent);
        return true;
    }

    private void waitForWindow(long now) {
        congestionLimited = false;
        if (flight() == 0 && deadline == NEVER) {
            timer = Timer.PERSIST;
            stalledSince = now;
            deadline = now + rtt.rto();
        }
    }

    /// The planned segment was built.
    void sent(long now) {
        if (planSlot != SentSegments.NONE) {
            boolean first = planSeq == sndUna;
            recovery.resent(planSlot, stamp(now), now);
            retransmitAt = first ? retransmitTime(now) : retransmitAt;
        } else {
            int end = planSeq + planLength + (planFin ? 1 : 0);
            sent.add(planSeq, end, now);
            sndMax = end;
            finSent |= planFin;
            overrideSilly = false;
        }
        recovery.sent(planLength);
        startTimer(now);
    }

    /// SYN, alone or with ACK, was built.
    void synSent(long now) {
        synPending = false;
        synSentAt = sndMax == iss ? now : Delivery.NONE;
        sndMax = iss + 1;
        startTimer(now);
    }

    private void startTimer(long now) {
        lastSentAt = now;
        if (retransmitAt == NEVER || timer == Timer.PERSIST) {
            timer = Timer.RETRANSMIT;
            stalledSince = now;
            retransmitAt = retransmitTime(now);
        }
        armTimer(now);
    }

    private long retransmitTime(long now) {
        return Math.max(now, Math.min(now + rtt.rto(), stalledSince + patience()));
    }

    /// A SYN is tried for longer than data, unless somebody has said how long.
    private long patience() {
        return isSynAcked() || userTimeout != GIVE_UP ? userTimeout : NEVER / 2;
    }

    private void armTimer(long now) {
        timer = Timer.RETRANSMIT;
        deadline = flight() > 0 ? retransmitAt : NEVER;
        if (sent.isEmpty()) {
            return;
        }
        if (reorderAt != NEVER) {
            timer = Timer.REORDER;
            deadline = Math.min(retransmitAt, reorderAt);
        } else if (mayProbe()) {
            timer = Timer.TAIL_LOSS;
            deadline = Math.min(retransmitAt, now + TailLossProbe.timeout(rtt.srtt(), sent.count() == 1));
        }
    }

    /// RFC 8985 §7.2.
    private boolean mayProbe() {
        return recovery.sackPermitted
                && recovery.state() == LossRecovery.State.OPEN
                && sent.sackedCount() == 0
                && rtt.backoff() == 0
                && !recovery.probe.isOut();
    }

    /// Whether something waits for a window that is shut, or so small that a sender avoids it.
    boolean isStalled() {
        return window.size() < Math.min(mss, window.widest() / 2) && SeqNum.before(sndMax, dataEnd());
    }

    /// How long the peer has taken nothing, in nanoseconds; only if it is stalled.
    long stalledFor(long now) {
        return now - stalledSince;
    }

    /// Whether the timer was due and the connection is now given up.
    boolean handleTimeout(long now) {
        if (deadline > now) {
            return false;
        }
        return switch (timer) {
            case PERSIST -> probe(now);
            case RETRANSMIT -> retransmit(now);
            case TAIL_LOSS -> probeTail(now);
            case REORDER -> reorder(now);
        };
    }

    private boolean probeTail(long now) {
        tailProbing = true;
        retransmitAt = retransmitTime(now);
        timer = Timer.RETRANSMIT;
        deadline = retransmitAt;
        return now - stalledSince >= userTimeout;
    }

    private boolean reorder(long now) {
        if (now >= retransmitAt) {
            return retransmit(now);
        }
        long wait = recovery.reorderTimeout(sndUna, sndMax, rtt.srtt(), now);
        reorderAt = wait > 0 ? now + wait : NEVER;
        armTimer(now);
        return false;
    }

    /// RFC 9293 §3.8.6.1. The probe lies just before the window and is empty: whoever gets it answers with
    /// acknowledgment and window, and there is no byte to account for.
    private boolean probe(long now) {
        if (probes >= UNANSWERED_PROBES || (abandoned && now - stalledSince >= GIVE_UP)) {
            return true;
        }
        probes++;
        overrideSilly = window.size() > 0;
        probePending = window.size() == 0;
        rtt.backOff();
        deadline = now + rtt.rto();
        return false;
    }

    private boolean retransmit(long now) {
        boolean synLost = !isSynAcked();
        if (now - stalledSince >= patience() || (synLost && rtt.backoff() >= synRetries)) {
            return true;
        }
        synPending = synLost;
        if (!synLost) {
            recovery.timedOut(rtt.backoff() > 0, sndUna, sndMax, rtt.srtt(), now);
        }
        reorderAt = NEVER;
        rtt.backOff();
        retransmitAt = retransmitTime(now);
        deadline = retransmitAt;
        timer = Timer.RETRANSMIT;
        return false;
    }

    /// The path takes segments with `payload` bytes. If these are fewer than before, what is out was too large
    /// for it and goes again (RFC 1191 §6.4); that is no congestion.
    void resizeSegment(int payload) {
        if (payload == mss) {
            return;
        }
        boolean smaller = payload < mss;
        mss = payload;
        recovery.congestion.segmentSize(payload);
        if (smaller && flight() > payload && !sent.isEmpty()) {
            recovery.resize(payload, sndMax);
        }
    }

    void release() {
        ring.clear();
        sent.clear();
        deadline = NEVER;
        probePending = false;
    }
}
