package dev.culvert.proto.netstack;

/// Finds out that a reduction was for nothing: the peer acknowledges what was sent before the retransmission
/// (Eifel, RFC 3522), or has received every retransmission twice (D-SACK, RFC 3708).
final class Undo {
    private boolean active;
    private int from;
    /// Segments sent again and not yet reported as duplicates.
    private int outstanding;

    private boolean resent;
    private int firstStamp;

    /// The window has been reduced, with this much acknowledged.
    void begin(int sndUna) {
        active = true;
        from = sndUna;
        outstanding = 0;
        resent = false;
    }

    void end() {
        active = false;
    }

    /// A segment was sent again, with this timestamp.
    void resent(int stamp) {
        if (active) {
            firstStamp = resent ? firstStamp : stamp;
            resent = true;
            outstanding++;
        }
    }

    /// The peer says that it has received these segments, from `seq` on, once more.
    void duplicated(int seq, int segments) {
        if (active && SeqNum.atLeast(seq, from)) {
            outstanding = Math.max(0, outstanding - segments);
        }
    }

    boolean wereAllDuplicates() {
        return active && resent && outstanding == 0;
    }

    /// Whether an acknowledgment of something new echoes what left before anything was sent again.
    boolean isOfEarlier(TcpOptions options) {
        return active && resent && options.hasTimestamps && SeqNum.before(options.timestampEcho, firstStamp);
    }
}
