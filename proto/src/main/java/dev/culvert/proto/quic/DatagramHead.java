package dev.culvert.proto.quic;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// Reads what stands in the clear at the beginning of a datagram that somebody has sent to a server of QUIC, and
/// whether
/// it is worth anybody's time. Used again for the next one; one owner.
public final class DatagramHead {
    /// Of connection ids that this side gives out (RFC 9000 §5.1).
    public static final int ID_LENGTH = 16;

    private static final int VERSION_1 = 1;
    private static final int LONG = 0x80;
    private static final int FIXED = 0x40;
    private static final int MIN_BYTES = 21;
    private static final int MIN_INITIAL = 1200;
    private static final int MIN_FIRST_ID = 8;
    private static final int MAX_ID = 20;
    private static final int ID_AT = 6;

    private Kind kind = Kind.CONNECTION;
    private boolean own;

    /// To be used again and again.
    public DatagramHead() {}

    /// What may come of it.
    public enum Kind {
        /// May begin a connection, or belong to one that began with an id of the visitor's own.
        INITIAL,
        /// Belongs to a connection.
        CONNECTION,
        /// Is answered by the versions that are spoken here.
        OTHER_VERSION
    }

    /// Whether a connection id is one that this side gave out.
    @FunctionalInterface
    public interface Own {
        /// @param at where [#ID_LENGTH] bytes of it begin
        boolean is(ByteBuffer datagram, int at);
    }

    /// @return why it is dropped; null where it goes on as [#kind]
    public @Nullable DatagramDrop read(ByteBuffer datagram, Own ours) {
        int at = datagram.position();
        int length = datagram.remaining();
        if (length < MIN_BYTES) {
            return DatagramDrop.TOO_SHORT;
        }
        int first = datagram.get(at);
        if ((first & LONG) == 0) {
            return (first & FIXED) == 0 ? DatagramDrop.NO_FIXED_BIT : connection(datagram, at + 1, ours);
        }
        int version = datagram.getInt(at + 1);
        int idLength = datagram.get(at + ID_AT - 1) & 0xff;
        if (version == 0) {
            return DatagramDrop.FROM_A_SERVER;
        }
        if (version != VERSION_1) {
            kind = Kind.OTHER_VERSION;
            return length < MIN_INITIAL || !hasIds(datagram, at, idLength) ? DatagramDrop.SMALL_OTHER_VERSION : null;
        }
        if ((first & FIXED) == 0) {
            return DatagramDrop.NO_FIXED_BIT;
        }
        if (idLength > MAX_ID || !hasIds(datagram, at, idLength)) {
            return DatagramDrop.MALFORMED;
        }
        return switch ((first >> 4) & 3) {
            case 0 -> initial(datagram, at + ID_AT, idLength, length, ours);
            case 3 -> DatagramDrop.FROM_A_SERVER;
            // 0-RTT, which is not spoken, or a handshake that has begun.
            default -> idLength == ID_LENGTH ? connection(datagram, at + ID_AT, ours) : DatagramDrop.UNKNOWN_CONNECTION;
        };
    }

    private @Nullable DatagramDrop initial(ByteBuffer datagram, int id, int idLength, int length, Own ours) {
        kind = Kind.INITIAL;
        own = idLength == ID_LENGTH && ours.is(datagram, id);
        if (length < MIN_INITIAL) {
            return DatagramDrop.SMALL_INITIAL;
        }
        return idLength < MIN_FIRST_ID ? DatagramDrop.SHORT_ID : null;
    }

    private @Nullable DatagramDrop connection(ByteBuffer datagram, int id, Own ours) {
        kind = Kind.CONNECTION;
        return ours.is(datagram, id) ? null : DatagramDrop.UNKNOWN_CONNECTION;
    }

    /// Whether both connection ids are there (RFC 8999 §5.1).
    private static boolean hasIds(ByteBuffer datagram, int at, int idLength) {
        int second = at + ID_AT + idLength;
        return second < datagram.limit()
                && second + 1 + (datagram.get(second) & 0xff) <= datagram.limit()
                && (datagram.getInt(at + 1) != VERSION_1 || (datagram.get(second) & 0xff) <= MAX_ID);
    }

    /// What it is, where it was not dropped.
    public Kind kind() {
        return kind;
    }

    /// Whether an Initial names a connection id of this side, and so is not the first of its visitor.
    public boolean isOwn() {
        return own;
    }
}
