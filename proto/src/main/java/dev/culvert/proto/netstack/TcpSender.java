package dev.culvert.proto.netstack;

import static dev.culvert.proto.netstack.Timers.NEVER;

/// The sending half of a connection: send queue, window, retransmission and loss recovery.
///
/// Everything unacknowledged below `lostBelow` that the peer has not reported is lost; what of it lies below
/// `highRxt` has been sent again. Whoever finds out about loss only moves `lostBelow`: SACK (RFC 6675), three
/// duplicates or a partial acknowledgment without SACK (RFC 6582), the timer (RFC 6298), a smaller path MTU. What
/// is in the network, `pipe`, follows from the two marks, and one rule sends: while `pipe` is below the
/// congestion window, first what is lost, then what is new.
final class TcpSender {
    /// How long retransmissions of one byte may go unanswered (R2 of RFC 9293 §3.8.3 is at least 100 s).
    static final long GIVE_UP = 120_000_000_000L;
    static final int SYN_RETRIES = 5;
    private static final int DUPLICATE_THRESHOLD = 3;
    private static final int UNANSWERED_PROBES = 8;

    final ByteRing ring;
    final RttEstimator rtt = new RttEstimator();
    final SackScoreboard scoreboard = new SackScoreboard();
    private final RateReduction reduction = new RateReduction();
    CongestionControl congestion = new Cubic(536);

    int iss;
    int sndUna;
    int sndMax;
    private int sndWnd;
    private int sndWl1;
    private int sndWl2;
    private int maxWindow;
    int peerShift;
    /// Payload of a full segment: less the timestamps, not less SACK blocks.
    int mss = 536;

    boolean sackPermitted;
    boolean synPending;
    boolean finQueued;
    private boolean finSent;

    private int dupAcks;
    private boolean recovering;
    /// After a timeout or a smaller MTU, until `recover`: holes are filled, and no fast recovery begins.
    private boolean repairing;

    private int recover;
    private int lostBelow;
    private int highRxt;
    private boolean resendUna;
    private boolean unaResent;
    private int maxWhenResent;
    private int renoSacked;
    private boolean congestionLimited;

    long deadline = NEVER;
    private boolean persisting;
    private int probes;
    boolean probePending;
    private boolean overrideSilly;
    private long stalledSince;
    /// Nobody waits for the outcome: then a window that stays closed is no reason to keep the connection.
    boolean abandoned;

    private long lastSentAt;

    private boolean timing;
    private int timedSeq;
    private long timedAt;

    int planSeq;
    int planLength;
    boolean planFin;
    boolean planPush;

    TcpSender(PagePool pool, int limit) {
        this.ring = new ByteRing(pool, limit);
    }

    void open(int iss) {
        this.iss = iss;
        sndUna = iss;
        sndMax = iss;
        recover = iss;
        lostBelow = iss;
        highRxt = iss;
        synPending = true;
    }

    boolean isSynAcked() {
        return sndUna != iss;
    }

    /// Bytes and flags sent and not acknowledged.
    int flight() {
        return sndMax - sndUna;
    }

    boolean isFinAcked() {
        return finSent && sndUna == sndMax;
    }

    /// The sequence number after the last byte in the queue: that of FIN.
    private int dataEnd() {
        return sndUna + ring.size();
    }

    /// Whether an acknowledgment number is one that a peer may send: not of the future, and not older than the
    /// widest window ago (RFC 5961 §5.2).
    boolean isAcceptableAck(int ack) {
        return SeqNum.atMost(ack, sndMax) && SeqNum.atLeast(ack, sndUna - Math.max(maxWindow, 1));
    }

    /// The window of a segment with SYN, which is never scaled (RFC 7323 §2.2).
    void firstWindow(Segment syn) {
        sndWnd = syn.window;
        maxWindow = sndWnd;
        sndWl1 = syn.seq;
        sndWl2 = syn.ack;
    }

    /// Takes an acceptable acknowledgment.
    void handleAck(Segment segment, int clock, long now) {
        probes = 0;
        boolean windowChanged = updateWindow(segment);
        int arrivedBefore = arrivedOutOfOrder();
        int lostBefore = lostBelow;
        int reported = sackPermitted ? scoreboard.update(segment.options, sndUna, sndMax) : 0;
        int acked = segment.ack - sndUna;
        if (acked > 0) {
            advance(segment, acked, clock, now);
        } else if (acked == 0 && flight() > 0) {
            countDuplicate(segment, windowChanged, reported);
        }
        if (!scoreboard.isEmpty()) {
            lostBelow = SeqNum.max(lostBelow, scoreboard.lostBelow(sndUna, mss));
            detectLostRetransmission(now);
        }
        if (!recovering && !repairing && SeqNum.after(lostBelow, sndUna)) {
            enterRecovery(now);
        }
        if (recovering) {
            int delivered = Math.max(0, acked) + arrivedOutOfOrder() - arrivedBefore;
            boolean safe = acked > 0 && lostBelow == lostBefore;
            reduction.delivered(Math.max(0, delivered), pipe(), congestion.window(), safe, mss);
        }
    }

    /// Bytes beyond `sndUna` that have left the network: reported, or without SACK one segment for each
    /// duplicate.
    private int arrivedOutOfOrder() {
        return scoreboard.sacked(sndUna, sndMax) + renoSacked;
    }

    private boolean updateWindow(Segment segment) {
        boolean newer =
                SeqNum.before(sndWl1, segment.seq) || (sndWl1 == segment.seq && SeqNum.atMost(sndWl2, segment.ack));
        if (!newer || SeqNum.before(segment.ack, sndUna)) {
            return false;
        }
        int window = segment.isSyn() ? segment.window : segment.window << peerShift;
        boolean changed = window != sndWnd;
        sndWnd = window;
        maxWindow = Math.max(maxWindow, window);
        sndWl1 = segment.seq;
        sndWl2 = segment.ack;
        if (persisting && window > 0) {
            persisting = false;
            deadline = NEVER;
            rtt.resetBackoff();
        }
        return changed;
    }

    private void advance(Segment segment, int acked, int clock, long now) {
        boolean synAcked = !isSynAcked();
        int data = Math.min(acked - (synAcked ? 1 : 0), ring.size());
        measure(segment, clock, now);
        ring.discard(data);
        sndUna = segment.ack;
        scoreboard.acknowledge(sndUna);
        highRxt = SeqNum.max(highRxt, sndUna);
        lostBelow = SeqNum.max(lostBelow, sndUna);
        unaResent = false;
        resendUna = false;
        dupAcks = 0;
        if (recovering) {
            continueRecovery(acked);
        } else {
            renoSacked = 0;
            if (congestionLimited && !synAcked) {
                congestion.acknowledged(acked, rtt.srtt(), now);
            }
        }
        repairing = repairing && SeqNum.before(sndUna, recover);
        rtt.resetBackoff();
        persisting = false;
        stalledSince = now;
        deadline = flight() > 0 ? now + rtt.rto() : NEVER;
    }

    /// One segment is timed at a time, and none that was sent again (Karn; RFC 6298 §3). Where all were, the
    /// echoed timestamp still tells (RFC 7323 §4.1), at the millisecond it counts in.
    private void measure(Segment segment, int clock, long now) {
        if (timing) {
            if (SeqNum.atMost(timedSeq, segment.ack)) {
                rtt.sample(now - timedAt);
                timing = false;
            }
        } else if (segment.options.hasTimestamps && segment.options.timestampEcho != 0) {
            int elapsed = clock - segment.options.timestampEcho;
            if (elapsed >= 0 && elapsed < 60_000) {
                rtt.sample(Math.max(1, elapsed) * 1_000_000L);
            }
        }
    }

    private void countDuplicate(Segment segment, boolean windowChanged, int reported) {
        if (sackPermitted) {
            dupAcks += reported > 0 ? 1 : 0;
        } else if (segment.length() == 0 && !windowChanged && !repairing) {
            dupAcks++;
            renoSacked = Math.min(renoSacked + mss, Math.max(0, flight() - mss));
        }
        if (dupAcks >= DUPLICATE_THRESHOLD && !recovering && !repairing) {
            lostBelow = SeqNum.max(lostBelow, SeqNum.min(sndUna + mss, sndMax));
        }
    }

    private void enterRecovery(long now) {
        congestion.lossDetected(flight(), now);
        reduction.start(flight());
        recovering = true;
        recover = sndMax;
        highRxt = sndUna;
        resendUna = true;
        timing = false;
    }

    /// An acknowledgment in recovery ends it, or is partial: then, without SACK, the next segment is lost as well
    /// (RFC 6582 §3.2 step 3).
    private void continueRecovery(int acked) {
        if (SeqNum.atLeast(sndUna, recover)) {
            recovering = false;
            renoSacked = 0;
            lostBelow = sndUna;
        } else if (!sackPermitted) {
            renoSacked = Math.max(0, renoSacked - Math.max(0, acked - mss));
            lostBelow = SeqNum.max(lostBelow, SeqNum.min(sndUna + mss, sndMax));
            resendUna = true;
        }
    }

    /// The first hole was sent again, and data sent after that has arrived: so it is lost again.
    private void detectLostRetransmission(long now) {
        if (unaResent && SeqNum.after(scoreboard.highest(), maxWhenResent + (DUPLICATE_THRESHOLD - 1) * mss)) {
            unaResent = false;
            resendUna = true;
            if (recovering) {
                congestion.lossDetected(flight(), now);
                reduction.start(flight());
            }
        }
    }

    /// What is estimated to be in the network (RFC 6675 §4, `SetPipe`).
    private int pipe() {
        int flight = flight();
        if (SeqNum.after(lostBelow, sndUna)) {
            int from = SeqNum.max(highRxt, sndUna);
            if (SeqNum.before(from, lostBelow)) {
                flight -= lostBelow - from - scoreboard.sacked(from, lostBelow);
            }
        }
        return Math.max(0, flight - arrivedOutOfOrder());
    }

    /// What congestion control lets go out now.
    private int room() {
        return recovering ? reduction.budget() : congestion.window() - pipe();
    }

    /// Decides what to send next, with at most `mss - optionBytes` of payload, into the `plan` fields; false for
    /// nothing.
    boolean plan(int optionBytes, long now) {
        if (!isSynAcked()) {
            return false;
        }
        int limit = mss - optionBytes;
        if (resendUna && flight() > 0) {
            planAgain(sndUna, limit);
            return true;
        }
        if (SeqNum.before(highRxt, lostBelow)) {
            int seq = scoreboard.holeFrom(highRxt);
            if (SeqNum.before(seq, lostBelow)) {
                congestionLimited = room() <= 0;
                if (!congestionLimited) {
                    planAgain(seq, limit);
                }
                return !congestionLimited;
            }
        }
        return planNew(limit, now);
    }

    private void planAgain(int seq, int limit) {
        int end = SeqNum.min(seq + limit, scoreboard.holeEnd(seq, sndMax));
        int dataEnd = SeqNum.min(end, dataEnd());
        planSeq = seq;
        planLength = dataEnd - seq;
        planFin = SeqNum.after(end, dataEnd);
        planPush = end == sndMax;
    }

    private boolean planNew(int limit, long now) {
        int unsent = finSent ? 0 : dataEnd() - sndMax;
        boolean fin = finQueued && !finSent;
        if (unsent == 0 && !fin) {
            congestionLimited = false;
            return false;
        }
        if (flight() == 0 && now - lastSentAt > rtt.rto()) {
            congestion.restartAfterIdle(now);
        }
        int length = Math.min(unsent, limit);
        int room = sndUna + sndWnd - sndMax;
        if (room < Math.max(length, 1)) {
            // Sender's silly window avoidance (RFC 9293 §3.8.6.2.1): half of the widest window, or the override
            // timer.
            if (room <= 0 || (room < maxWindow / 2 && !overrideSilly)) {
                waitForWindow(now);
                return false;
            }
            length = room;
        }
        if (length > room() && pipe() > 0) {
            congestionLimited = true;
            return false;
        }
        planSeq = sndMax;
        planLength = length;
        planPush = length == unsent;
        planFin = fin && length == unsent && room > length;
        return true;
    }

    private void waitForWindow(long now) {
        congestionLimited = false;
        if (flight() == 0 && deadline == NEVER) {
            persisting = true;
            stalledSince = now;
            deadline = now + rtt.rto();
        }
    }

    /// The planned segment was built.
    void sent(long now) {
        int end = planSeq + planLength + (planFin ? 1 : 0);
        if (SeqNum.before(planSeq, sndMax)) {
            timing = false;
            if (planSeq == sndUna) {
                resendUna = false;
                unaResent = true;
                maxWhenResent = sndMax;
            }
            highRxt = SeqNum.max(highRxt, end);
        } else {
            startTiming(end, now);
            sndMax = end;
            finSent |= planFin;
            overrideSilly = false;
        }
        if (recovering) {
            reduction.sent(planLength);
        }
        startTimer(now);
    }

    /// SYN, alone or with ACK, was built.
    void synSent(long now) {
        synPending = false;
        if (sndMax == iss) {
            startTiming(iss + 1, now);
            sndMax = iss + 1;
        } else {
            timing = false;
        }
        startTimer(now);
    }

    private void startTiming(int end, long now) {
        if (!timing && !recovering && !repairing && scoreboard.isEmpty()) {
            timing = true;
            timedSeq = end;
            timedAt = now;
        }
    }

    private void startTimer(long now) {
        lastSentAt = now;
        if (deadline == NEVER || persisting) {
            persisting = false;
            stalledSince = now;
            deadline = now + rtt.rto();
        }
    }

    /// Whether the timer was due and the connection is now given up.
    boolean handleTimeout(long now) {
        if (deadline > now) {
            return false;
        }
        return persisting ? probe(now) : retransmit(now);
    }

    /// RFC 9293 §3.8.6.1. The probe lies just before the window and is empty: whoever gets it answers with
    /// acknowledgment and window, and there is no byte to account for.
    private boolean probe(long now) {
        if (probes >= UNANSWERED_PROBES || (abandoned && now - stalledSince >= GIVE_UP)) {
            return true;
        }
        probes++;
        overrideSilly = sndWnd > 0;
        probePending = sndWnd == 0;
        rtt.backOff();
        deadline = now + rtt.rto();
        return false;
    }

    private boolean retransmit(long now) {
        boolean synLost = !isSynAcked();
        if (synLost ? rtt.backoff() >= SYN_RETRIES : now - stalledSince >= GIVE_UP) {
            return true;
        }
        timing = false;
        synPending = synLost;
        if (!synLost) {
            congestion.timedOut(flight(), repairing, now);
            if (rtt.backoff() > 0) {
                // The peer may have discarded what it reported (RFC 2018 §8).
                scoreboard.clear();
            }
            repairAll();
        }
        rtt.backOff();
        deadline = now + rtt.rto();
        return false;
    }

    private void repairAll() {
        recovering = false;
        repairing = true;
        recover = sndMax;
        lostBelow = sndMax;
        highRxt = sndUna;
        resendUna = true;
        unaResent = false;
        dupAcks = 0;
        renoSacked = 0;
    }

    /// The path takes segments with `payload` bytes. If these are fewer than before, what is out was too large
    /// for it and goes again (RFC 1191 §6.4); that is no congestion.
    void resizeSegment(int payload) {
        if (payload == mss) {
            return;
        }
        boolean smaller = payload < mss;
        mss = payload;
        congestion.segmentSize(payload);
        if (smaller && flight() > payload && isSynAcked()) {
            repairAll();
        }
    }

    void release() {
        ring.clear();
        scoreboard.clear();
        deadline = NEVER;
        probePending = false;
    }
}
