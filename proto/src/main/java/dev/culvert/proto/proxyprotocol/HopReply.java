package dev.culvert.proto.proxyprotocol;

import java.nio.ByteBuffer;

/// A site's answer to a [HopRequest]: 8 bytes, namely a magic number of 6, a version and a [HopCode].
public record HopReply(HopCode code) {
    /// Bytes on the wire.
    public static final int LENGTH = 8;

    private static final int VERSION = 1;
    // Its first byte is no ASCII: no protocol whose server speaks first begins with it.
    private static final byte[] MAGIC = {(byte) 0xc7, 'H', 'O', 'P', '\r', '\n'};

    /// Writes the reply.
    ///
    /// @param out with [#LENGTH] bytes remaining
    public void write(ByteBuffer out) {
        out.put(MAGIC).put((byte) VERSION).put((byte) code.number());
    }

    /// Reads a reply from `in`'s position on; what is behind its [#LENGTH] bytes belongs to the connection.
    ///
    /// @param in all bytes so far; neither kept nor changed
    public static Result parse(ByteBuffer in) {
        int start = in.position();
        for (int i = 0; i < Math.min(in.remaining(), MAGIC.length); i++) {
            if (in.get(start + i) != MAGIC[i]) {
                return new Malformed(HopFault.REPLY_MAGIC);
            }
        }
        if (in.remaining() < LENGTH) {
            return NeedMore.INSTANCE;
        }
        if (in.get(start + MAGIC.length) != VERSION) {
            return new Malformed(HopFault.REPLY_VERSION);
        }
        HopCode code = HopCode.of(in.get(start + LENGTH - 1));
        return code == null ? new Malformed(HopFault.REPLY_CODE) : new Accepted(new HopReply(code));
    }

    /// The answer to all bytes so far.
    public sealed interface Result {}

    /// Fewer than [#LENGTH] bytes.
    public record NeedMore() implements Result {
        static final NeedMore INSTANCE = new NeedMore();
    }

    /// A reply.
    public record Accepted(HopReply reply) implements Result {}

    /// Not a site's words: close, and take the target for unreachable.
    public record Malformed(HopFault reason) implements Result {}
}
