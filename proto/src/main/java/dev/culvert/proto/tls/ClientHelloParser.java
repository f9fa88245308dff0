package dev.culvert.proto.tls;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Takes the bytes of a connection as they come, in pieces of any size and over any records, until they are a whole
/// ClientHello. Each byte is looked at once; what is not understood is a fault, never a hello without a name.
///
/// One per connection, owned by its loop. Keeps the message alone: whoever passes the connection on keeps its bytes.
public final class ClientHelloParser {
    /// The longest handshake message that is taken, without its header. A post-quantum hello has some 1,900 bytes.
    public static final int MAX_MESSAGE = 16 * 1024;

    private static final int MAX_RECORDS = 64;
    private static final int MAX_RECORD = 1 << 14;
    private static final int RECORD_HEADER = 5;
    private static final int MESSAGE_HEADER = 4;
    private static final int HANDSHAKE = 22;
    private static final int CLIENT_HELLO = 1;
    private static final int FIRST_CAPACITY = 2048;

    private final byte[] header = new byte[RECORD_HEADER];
    private int headerLength;
    private int recordLeft;
    private int records;
    private byte[] message = new byte[0];
    private int messageLength;
    private @Nullable HelloVerdict decided;

    /// For one connection.
    public ClientHelloParser() {}

    /// Takes all that `in` has until the message is whole; what then follows is left in it.
    ///
    /// @return the same verdict for ever once it is not [HelloVerdict.NeedMore]
    public HelloVerdict handleBytes(ByteBuffer in) {
        HelloVerdict verdict = decided;
        while (verdict == null && in.hasRemaining()) {
            verdict = recordLeft == 0 ? readHeader(in) : readFragment(in);
        }
        decided = verdict;
        return verdict == null ? HelloVerdict.NeedMore.INSTANCE : verdict;
    }

    private @Nullable HelloVerdict readHeader(ByteBuffer in) {
        byte next = in.get();
        header[headerLength++] = next;
        if (headerLength == 1 && next != HANDSHAKE) {
            return fault(records == 0 && next >= 'A' && next <= 'Z' ? HelloFault.PLAIN_HTTP : HelloFault.NOT_TLS);
        }
        // The minor version says nothing (RFC 8446 §5.1: ignored for all purposes).
        if (headerLength == 2 && next != 3) {
            return fault(HelloFault.RECORD_VERSION);
        }
        if (headerLength < RECORD_HEADER) {
            return null;
        }
        headerLength = 0;
        recordLeft = (header[3] & 0xff) << 8 | (header[4] & 0xff);
        if (recordLeft == 0 || recordLeft > MAX_RECORD) {
            return fault(HelloFault.RECORD_LENGTH);
        }
        return ++records > MAX_RECORDS ? fault(HelloFault.TOO_MANY_RECORDS) : null;
    }

    private @Nullable HelloVerdict readFragment(ByteBuffer in) {
        int wanted = messageLength < MESSAGE_HEADER ? MESSAGE_HEADER - messageLength : end() - messageLength;
        int taken = Math.min(Math.min(wanted, recordLeft), in.remaining());
        if (messageLength + taken > message.length) {
            message = Arrays.copyOf(message, capacity(messageLength + taken));
        }
        in.get(message, messageLength, taken);
        messageLength += taken;
        recordLeft -= taken;
        if (message[0] != CLIENT_HELLO) {
            return fault(HelloFault.NOT_CLIENT_HELLO);
        }
        if (messageLength < MESSAGE_HEADER || messageLength < end()) {
            return messageLength >= MESSAGE_HEADER && end() > MAX_MESSAGE + MESSAGE_HEADER
                    ? fault(HelloFault.TOO_LONG)
                    : null;
        }
        return recordLeft > 0
                ? fault(HelloFault.TRAILING_BYTES)
                : new ClientHelloBody(message, MESSAGE_HEADER, messageLength).read();
    }

    /// Grows as bytes come: a claimed length alone reserves nothing.
    private int capacity(int needed) {
        return Math.max(FIRST_CAPACITY, Math.min(needed * 2, MAX_MESSAGE + MESSAGE_HEADER));
    }

    private int end() {
        return MESSAGE_HEADER + ((message[1] & 0xff) << 16 | (message[2] & 0xff) << 8 | (message[3] & 0xff));
    }

    private static HelloVerdict fault(HelloFault fault) {
        return new HelloVerdict.Malformed(fault);
    }
}
