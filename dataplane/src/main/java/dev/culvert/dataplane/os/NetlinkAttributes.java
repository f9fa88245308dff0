package dev.culvert.dataplane.os;

import java.nio.ByteBuffer;

/// Attributes of a netlink message, one after the other; what is cut short or runs over its end is the end.
///
/// ```
/// while (attributes.next()) { switch (attributes.type()) { … attributes.value() … } }
/// ```
final class NetlinkAttributes {
    private static final int HEADER = 4;
    private static final int TYPE = 0x3fff;

    private final ByteBuffer bytes;
    private int following;
    private int type;
    private int start;
    private int end;

    /// @param bytes from position to limit, in the machine's order
    NetlinkAttributes(ByteBuffer bytes) {
        this.bytes = bytes;
        this.following = bytes.position();
    }

    /// Goes to the next one, if there is one.
    boolean next() {
        if (bytes.limit() - following < HEADER) {
            return false;
        }
        int length = Short.toUnsignedInt(bytes.getShort(following));
        if (length < HEADER || length > bytes.limit() - following) {
            return false;
        }
        type = bytes.getShort(following + 2) & TYPE;
        start = following + HEADER;
        end = following + length;
        following += (length + 3) & -4;
        return true;
    }

    int type() {
        return type;
    }

    /// How many bytes the value has.
    int length() {
        return end - start;
    }

    /// The value, in the machine's order.
    ByteBuffer value() {
        return bytes.slice(start, end - start).order(bytes.order());
    }

    /// What stands within the value.
    NetlinkAttributes nested() {
        return new NetlinkAttributes(value());
    }
}
