package dev.culvert.proto.netstack;

/// What one acknowledgment says has arrived for the first time, by number or by SACK. One per connection, used
/// again for each acknowledgment.
final class Delivery {
    static final long NONE = -1;

    /// Bytes and flags that the peer has, and was not known to have.
    int bytes;
    /// Something that was sent only once, and before a point, is among it.
    boolean original;
    /// When the first and the last of what was sent only once left, or [#NONE].
    long firstSentAt;

    long lastSentAt;
    /// A block told of what had arrived before (D-SACK, RFC 2883), and how much.
    int duplicated;

    private int point;

    void begin(int pointOfInterest) {
        point = pointOfInterest;
        bytes = 0;
        original = false;
        firstSentAt = NONE;
        lastSentAt = NONE;
        duplicated = 0;
    }

    void add(int length, int end, long sentAt, boolean resent) {
        bytes += length;
        if (!resent) {
            original |= SeqNum.atMost(end, point);
            firstSentAt = firstSentAt == NONE ? sentAt : Math.min(firstSentAt, sentAt);
            lastSentAt = Math.max(lastSentAt, sentAt);
        }
    }
}
