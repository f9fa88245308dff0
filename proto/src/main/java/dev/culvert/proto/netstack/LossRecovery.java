package dev.culvert.proto.netstack;

/// What a sender does about loss: finds it by RACK (RFC 8985), without SACK by duplicates (RFC 6582), or by the
/// timer; reduces the window once for it (RFC 5681, RFC 9937); and takes that back if it was for nothing (RFC 3708,
/// RFC 3522, RFC 5682).
final class LossRecovery {
    /// Nothing is lost; fast recovery, until `recover`; slow start after a timeout or with a smaller MTU, until
    /// then as well.
    enum State {
        OPEN,
        RECOVERY,
        LOSS
    }

    private static final int DUPLICATE_THRESHOLD = 3;

    final Rack rack = new Rack();
    final SentSegments sent = new SentSegments(rack);
    final Delivery delivery = new Delivery();
    final TailLossProbe probe = new TailLossProbe();
    private final RateReduction reduction = new RateReduction();
    private final Undo undo = new Undo();
    final Ecn ecn = new Ecn();
    CongestionControl congestion = new Cubic(536);
    boolean sackPermitted;

    private State state = State.OPEN;
    private int recover;
    private int dupAcks;
    private int renoSacked;
    private boolean resendNow;
    private long reducedAt;
    private int lostAgainSeen;
    /// Where the window ends that has been reduced for a mark; only then it is not reduced for what it lost as well.
    private int markedUntil;

    private boolean marked;
    /// The end of what bears the news of a reduction (CWR): until it is acknowledged, the peer echoes what it has seen
    /// before.
    private int toldUntil;

    private boolean told;
    /// After a timeout, until an acknowledgment tells whether it was spurious: what is new goes first (F-RTO).
    private boolean forward;

    long resentSegments;
    long timeouts;
    long probes;
    long undone;
    long marks;

    void open(int iss) {
        recover = iss;
    }

    State state() {
        return state;
    }

    /// The first lost segment to send again, or [SentSegments#NONE].
    int nextLost() {
        return sent.firstLost();
    }

    /// Whether the next lost segment goes out whatever the window says: the first of each recovery does.
    boolean mustResend() {
        return resendNow;
    }

    /// Whether new data goes before what is lost.
    boolean isForward() {
        return forward;
    }

    /// Nothing new is there, or no more may be sent.
    void endForward() {
        forward = false;
    }

    /// Bytes estimated to be in the network (RFC 6675 §4).
    int pipe() {
        return Math.max(0, sent.inNetwork() - renoSacked);
    }

    /// What congestion control lets go out now.
    int room() {
        return state == State.RECOVERY ? reduction.budget() : congestion.window() - pipe();
    }

    /// An acknowledgment arrives: takes what it reports beyond its number.
    ///
    /// @param offset what turns milliseconds into our timestamps
    void begin(Segment segment, int offset, int sndUna, int sndMax, int mss, long now) {
        delivery.begin(recover);
        rack.begin(segment.options, offset);
        if (!sackPermitted) {
            return;
        }
        TcpOptions options = segment.options;
        for (int i = 0; i < options.sackCount; i++) {
            int start = options.sackStarts[i];
            int end = options.sackEnds[i];
            if (i == 0 && options.isDuplicateReport(segment.ack)) {
                noteDuplicate(start, end, mss, sndMax);
            } else if (SeqNum.after(start, segment.ack)
                    && SeqNum.atLeast(start, sndUna)
                    && SeqNum.before(start, end)
                    && SeqNum.atMost(end, sndMax)) {
                sent.report(start, end, delivery, now);
            }
        }
    }

    private void noteDuplicate(int start, int end, int mss, int sndMax) {
        if (SeqNum.atLeast(start, end) || SeqNum.after(end, sndMax)) {
            return;
        }
        delivery.duplicated = end - start;
        undo.duplicated(start, (end - start + mss - 1) / mss);
        probe.duplicated(end);
    }

    /// The acknowledgment has been taken. Returns in how many nanoseconds to look for loss again, or 0.
    ///
    /// @param acked how far it has moved `sndUna`
    /// @param duplicate whether it says nothing but that something arrived
    long acknowledged(
            Segment segment, int acked, boolean duplicate, int sndUna, int sndMax, int mss, long srtt, long now) {
        if (delivery.duplicated > 0) {
            rack.duplicateReported(sndUna, sndMax);
        }
        boolean frto = state == State.LOSS && forward && acked > 0 && delivery.original;
        if (frto || undo.wereAllDuplicates() || (acked > 0 && undo.isOfEarlier(segment.options))) {
            takeBack();
        } else if (acked == 0 && (duplicate || delivery.bytes > 0)) {
            // Something above arrives, and nothing below: the timeout was real (RFC 5682 §3, step 3a).
            forward = false;
        }
        int lostBefore = sent.lostBytes();
        if (acked > 0) {
            advance(acked, sndUna, mss);
        } else if (duplicate && !sackPermitted) {
            countDuplicate(mss);
        }
        long wait = sackPermitted ? rack.detect(sent, state != State.OPEN, srtt, now) : 0;
        if (probe.hasRepaired(segment.ack, duplicate) && state == State.OPEN) {
            congestion.lossDetected(sent.inNetwork(), now);
            ecn.reduced();
        }
        react(sndUna, sndMax, srtt, now);
        if (state == State.RECOVERY) {
            boolean safe = acked > 0 && sent.lostBytes() <= lostBefore;
            int delivered = delivery.bytes + (duplicate && !sackPermitted ? mss : 0);
            reduction.delivered(delivered, pipe(), congestion.window(), safe, mss);
        }
        return wait;
    }

    /// Time has passed in which late segments might have arrived. Returns in how many nanoseconds to look again,
    /// or 0.
    long reorderTimeout(int sndUna, int sndMax, long srtt, long now) {
        int before = sent.lostBytes();
        long wait = rack.detect(sent, state != State.OPEN, srtt, now);
        react(sndUna, sndMax, srtt, now);
        resendNow |= sent.lostBytes() > before;
        return wait;
    }

    private void react(int sndUna, int sndMax, long srtt, long now) {
        boolean again = sent.lostAgain() != lostAgainSeen;
        lostAgainSeen = sent.lostAgain();
        if (state == State.OPEN && sent.lostBytes() > 0) {
            undo.begin(sndUna);
            state = State.RECOVERY;
            recover = sndMax;
            probe.cancel();
            if (isReducedForMark(sndUna)) {
                undo.end();
                startReduction(now);
            } else {
                reduce(now);
            }
        } else if (state == State.RECOVERY && again && now - reducedAt > srtt) {
            // A lost retransmission is a second sign of congestion (RFC 5681 §4.3).
            reduce(now);
        }
    }

    private void reduce(long now) {
        congestion.lossDetected(flight(), now);
        ecn.reduced();
        startReduction(now);
    }

    private void startReduction(long now) {
        reduction.start(flight());
        reducedAt = now;
        resendNow = true;
    }

    private int flight() {
        return sent.inNetwork() + sent.sackedBytes() + sent.lostBytes();
    }

    private boolean isReducedForMark(int sndUna) {
        return marked && SeqNum.before(sndUna, markedUntil);
    }

    /// The peer tells of a mark: as good a sign of congestion as a loss, and like it taken once for each window (RFC
    /// 3168 §6.1.2). What is being repaired has been reduced already, and then it was not for nothing.
    void markEchoed(int sndUna, int sndMax, long now) {
        if (state != State.OPEN) {
            undo.end();
            forward = false;
        } else if (!isReducedForMark(sndUna) && !told && !ecn.isReductionUntold()) {
            marks++;
            marked = true;
            markedUntil = sndMax;
            congestion.lossDetected(flight(), now);
            ecn.reduced();
        }
    }

    /// What ends here bears the news of a reduction.
    void reductionTold(int end) {
        told = true;
        toldUntil = end;
    }

    private void advance(int acked, int sndUna, int mss) {
        dupAcks = 0;
        marked = isReducedForMark(sndUna);
        told = told && SeqNum.before(sndUna, toldUntil);
        if (SeqNum.atLeast(sndUna, recover)) {
            if (state == State.RECOVERY) {
                congestion.recovered(sent.inNetwork());
            }
            if (state != State.OPEN) {
                state = State.OPEN;
                rack.recovered();
            }
            forward = false;
            resendNow = false;
            renoSacked = 0;
        } else if (state == State.RECOVERY && !sackPermitted) {
            // A partial acknowledgment: the next segment is lost as well (RFC 6582 §3.2, step 3).
            renoSacked = Math.max(0, renoSacked - Math.max(0, acked - mss));
            sent.markFirstLost();
            resendNow = true;
        } else {
            renoSacked = 0;
        }
    }

    private void countDuplicate(int mss) {
        if (state == State.LOSS) {
            return;
        }
        dupAcks++;
        renoSacked = Math.min(renoSacked + mss, Math.max(0, sent.inNetwork() + sent.lostBytes() - mss));
        if (dupAcks == DUPLICATE_THRESHOLD && state == State.OPEN) {
            sent.markFirstLost();
        }
    }

    private void takeBack() {
        undone++;
        congestion.undo();
        undo.end();
        sent.unmarkLost();
        rack.reordered();
        probe.cancel();
        state = State.OPEN;
        forward = false;
        resendNow = false;
        renoSacked = 0;
    }

    /// Everything that was sent and is due has stayed unanswered for too long.
    ///
    /// @param backedOff whether the timer had fired before since anything was acknowledged
    void timedOut(boolean backedOff, int sndUna, int sndMax, long srtt, long now) {
        timeouts++;
        boolean first = state == State.OPEN && sent.sackedBytes() == 0;
        congestion.timedOut(sndMax - sndUna, state == State.LOSS, now);
        ecn.reduced();
        if (state != State.LOSS) {
            undo.begin(sndUna);
        }
        if (backedOff || (!sent.isEmpty() && sent.isSacked(sent.first()))) {
            // The peer may have discarded what it reported (RFC 2018 §8).
            sent.forgetReports();
        }
        sent.markLostSentUntil(sackPermitted ? rack.overdueBefore(sent, srtt, now) : Long.MAX_VALUE);
        sent.markFirstLost();
        forward = sackPermitted && first;
        lose(sndMax);
    }

    private void lose(int sndMax) {
        state = State.LOSS;
        recover = sndMax;
        lostAgainSeen = sent.lostAgain();
        resendNow = true;
        dupAcks = 0;
        renoSacked = 0;
        probe.cancel();
    }

    /// The path takes less than was sent: all of it goes again, in segments of `size`, and that is no congestion
    /// (RFC 1191 §6.4).
    void resize(int size, int sndMax) {
        sent.recut(size);
        undo.end();
        forward = false;
        lose(sndMax);
    }

    /// A lost segment has left once more.
    void resent(int slot, int stamp, long now) {
        sent.resent(slot, now);
        undo.resent(stamp);
        resentSegments++;
        resendNow = false;
    }

    /// What was sent in fast recovery counts against what may be sent.
    void sent(int bytes) {
        if (state == State.RECOVERY) {
            reduction.sent(bytes);
        }
    }
}
