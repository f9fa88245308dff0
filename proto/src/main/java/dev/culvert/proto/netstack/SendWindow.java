package dev.culvert.proto.netstack;

/// The window that the peer offers (RFC 9293 §3.10.7.4, fifth step; RFC 7323 §2).
final class SendWindow {
    private int size;
    private int widest;
    private int lastSeq;
    private int lastAck;
    int peerShift;

    /// The window of a segment with SYN, which is never scaled (RFC 7323 §2.2).
    void open(Segment syn) {
        size = syn.window;
        widest = size;
        lastSeq = syn.seq;
        lastAck = syn.ack;
    }

    /// Takes the window of an acceptable segment, unless an older one was overtaken; whether it has changed.
    ///
    /// What acknowledges more is never old, whatever its number: a peer that sends lost data again says the
    /// latest about its window with it. RFC 9293's own comparison would keep the former size there, and move
    /// it on beyond any edge that the peer has named.
    boolean update(Segment segment, int sndUna) {
        boolean newer = SeqNum.before(sndUna, segment.ack)
                || SeqNum.before(lastSeq, segment.seq)
                || (lastSeq == segment.seq && SeqNum.atMost(lastAck, segment.ack));
        if (!newer || SeqNum.before(segment.ack, sndUna)) {
            return false;
        }
        int offered = segment.isSyn() ? segment.window : segment.window << peerShift;
        boolean changed = offered != size;
        size = offered;
        widest = Math.max(widest, offered);
        lastSeq = segment.seq;
        lastAck = segment.ack;
        return changed;
    }

    int size() {
        return size;
    }

    /// The widest ever offered, at least 1.
    int widest() {
        return Math.max(widest, 1);
    }
}
