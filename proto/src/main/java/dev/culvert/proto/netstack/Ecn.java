package dev.culvert.proto.netstack;

import dev.culvert.proto.inet.TcpHeader;

/// Explicit congestion notification of one connection (RFC 3168 §6.1): whether both ends have agreed to it, what must
/// still be said of marks to the peer, and what of our own reductions.
final class Ecn {
    /// The two bits of the IP header (§5): capable, as we send it, and marked.
    static final int CAPABLE = 2;

    static final int MARKED = 3;

    private static final int BITS = TcpHeader.ECE | TcpHeader.CWR;

    /// We offer it, until a SYN of ours had to go again: some hosts and boxes drop what they do not know (§6.1.1.1).
    private boolean offered = true;
    /// The peer has: then its data may bear the mark.
    private boolean peerCapable;
    /// A mark has arrived, and the peer has not said yet that it heard of it (§6.1.3).
    private boolean echoing;
    /// The window has been reduced, and the peer does not know (§6.1.2).
    private boolean reductionUntold;

    /// What goes into the flags of our SYN, or of our answer to one.
    int offer(boolean answer) {
        if (answer) {
            return isAgreed() ? TcpHeader.ECE : 0;
        }
        return offered ? BITS : 0;
    }

    /// A SYN went unanswered: the next one is without.
    void withdraw() {
        offered = false;
    }

    /// Takes what the peer's SYN says. With ACK both bits mean that somebody has only reflected ours.
    void negotiate(Segment syn) {
        peerCapable = (syn.flags & BITS) == (syn.isAck() ? TcpHeader.ECE : BITS);
    }

    /// The peer's SYN has come once more.
    void negotiateAgain(Segment syn) {
        if ((syn.flags & BITS) != BITS) {
            offered = false;
        }
    }

    /// Whether our data may be marked.
    boolean isAgreed() {
        return offered && peerCapable;
    }

    /// An acceptable segment has arrived. True if it is marked and the peer should hear of it at once.
    boolean received(Segment segment) {
        if (segment.dataLength == 0) {
            return false;
        }
        boolean before = echoing && (segment.flags & TcpHeader.CWR) == 0;
        echoing = before || (peerCapable && segment.isMarked);
        return echoing && !before;
    }

    /// Whether the peer tells of marks on what we sent.
    boolean isEchoed(Segment segment) {
        return isAgreed() && !segment.isSyn() && (segment.flags & TcpHeader.ECE) != 0;
    }

    void reduced() {
        reductionUntold = true;
    }

    /// Whether the peer is still to hear of a reduction: until then it echoes, whatever is marked.
    boolean isReductionUntold() {
        return reductionUntold && isAgreed();
    }

    /// What goes into the flags of a segment; CWR on new data alone.
    int flags(boolean newData) {
        int flags = echoing ? TcpHeader.ECE : 0;
        if (newData && reductionUntold && isAgreed()) {
            reductionUntold = false;
            flags |= TcpHeader.CWR;
        }
        return flags;
    }
}
