package dev.culvert.proto.proxyprotocol;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// Reads PROXY headers of version 1 and 2. Immutable: one parser serves all connections of a listener.
///
/// The caller collects what arrives and calls [#parse] with a view of all of it after each arrival, until the answer
/// is not [NeedMore]; no call costs more than one pass over one header, and none looks behind it.
public final class ProxyHeaderParser {
    /// Bytes of TLVs taken unless told otherwise; a client certificate needs 1 to 2 KiB.
    public static final int DEFAULT_TLV_BYTES = 4096;

    /// The most that can be asked for.
    public static final int MAX_TLV_BYTES = 65_535;

    private final int maxTlvBytes;
    private final int keptCustom;

    public ProxyHeaderParser() {
        this(DEFAULT_TLV_BYTES);
    }

    /// @param maxTlvBytes 0..65535
    public ProxyHeaderParser(int maxTlvBytes) {
        this(maxTlvBytes, 0);
    }

    private ProxyHeaderParser(int maxTlvBytes, int keptCustom) {
        if (maxTlvBytes < 0 || maxTlvBytes > MAX_TLV_BYTES) {
            throw new IllegalArgumentException("maxTlvBytes: " + maxTlvBytes + " (expected: 0.." + MAX_TLV_BYTES + ")");
        }
        this.maxTlvBytes = maxTlvBytes;
        this.keptCustom = keptCustom;
    }

    /// A parser that keeps custom TLVs of these types, which are dropped otherwise.
    ///
    /// @param types of E0..EF; not E4, which is the hop's: a header that carries it is malformed
    public ProxyHeaderParser keepingCustom(int... types) {
        int kept = keptCustom;
        for (int type : types) {
            if (type < Tlv.FIRST_CUSTOM || type > Tlv.LAST_CUSTOM || type == HopRequest.TLV_TYPE) {
                throw new IllegalArgumentException("type: " + type + " (expected: e0..ef but e4)");
            }
            kept |= 1 << (type - Tlv.FIRST_CUSTOM);
        }
        return new ProxyHeaderParser(maxTlvBytes, kept);
    }

    /// The parser beneath [HopRequestParser]: the only one that lets E4 pass.
    static ProxyHeaderParser forHop(int maxTlvBytes) {
        return new ProxyHeaderParser(maxTlvBytes, 1 << (HopRequest.TLV_TYPE - Tlv.FIRST_CUSTOM));
    }

    /// Whether the bytes of `in` can still become a header: false as soon as one of them differs from both signatures.
    /// True for no bytes at all. Neither signature begins a TLS handshake or an HTTP request.
    public static boolean couldBeHeader(ByteBuffer in) {
        return Signature.mayBeLine(in) || Signature.mayBeBinary(in);
    }

    /// Reads a header from `in`'s position on.
    ///
    /// @param in all bytes so far, from the first of the connection; neither kept nor changed
    public Result parse(ByteBuffer in) {
        if (!in.hasRemaining()) {
            return NeedMore.INSTANCE;
        }
        if (Signature.mayBeBinary(in)) {
            // A duplicate is in network byte order, whatever the order of its original.
            ByteBuffer view = in.order() == ByteOrder.BIG_ENDIAN ? in : in.duplicate();
            return BinaryParser.parse(view, maxTlvBytes, keptCustom);
        }
        return Signature.mayBeLine(in) ? LineParser.parse(in) : new Malformed(ProxyFault.NO_SIGNATURE);
    }

    /// Whether a datagram begins as a header does; only version 2 describes UDP.
    public static boolean beginsDatagram(ByteBuffer in) {
        return in.remaining() >= Signature.BINARY_LENGTH && Signature.mayBeBinary(in);
    }

    /// Reads the header of one datagram, which must hold all of it.
    public Result parseDatagram(ByteBuffer in) {
        if (!beginsDatagram(in)) {
            return new Malformed(ProxyFault.NO_SIGNATURE);
        }
        Result result = parse(in);
        return result instanceof NeedMore ? new Malformed(ProxyFault.TRUNCATED) : result;
    }

    /// The answer to all bytes so far.
    public sealed interface Result {}

    /// The header is not complete.
    public record NeedMore() implements Result {
        static final NeedMore INSTANCE = new NeedMore();
    }

    /// A header.
    ///
    /// @param consumed its length in bytes; what follows belongs to the connection
    public record Accepted(ProxyHeader header, int consumed) implements Result {}

    /// No bytes that may follow can make this a header.
    public record Malformed(ProxyFault reason) implements Result {}
}
