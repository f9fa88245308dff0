package dev.culvert.proto.proxyprotocol;

import dev.culvert.proto.proxyprotocol.HopRequest.Announcement;
import dev.culvert.proto.proxyprotocol.HopRequest.Mode;
import dev.culvert.proto.proxyprotocol.HopRequest.Protocol;
import dev.culvert.proto.proxyprotocol.HopRequest.Target;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Reads [HopRequest]s, on the site. Same contract as [ProxyHeaderParser]: call with all bytes so far.
public final class HopRequestParser {
    /// Room for a target with the longest host, and for all that a gateway may have been told of the visitor.
    private static final int MAX_TLV_BYTES = HopRequest.MAX_TARGET + ProxyHeaderParser.DEFAULT_TLV_BYTES;

    private static final ProxyHeaderParser HEADER = ProxyHeaderParser.forHop(MAX_TLV_BYTES);

    private HopRequestParser() {}

    /// Reads a request from `in`'s position on; what is behind it belongs to the connection.
    ///
    /// @param in neither kept nor changed
    public static Result parse(ByteBuffer in) {
        return judge(HEADER.parse(in));
    }

    /// Reads the request at the head of one datagram, which must hold all of it.
    public static Result parseDatagram(ByteBuffer in) {
        return judge(HEADER.parseDatagram(in));
    }

    private static Result judge(ProxyHeaderParser.Result result) {
        return switch (result) {
            case ProxyHeaderParser.NeedMore _ -> NeedMore.INSTANCE;
            case ProxyHeaderParser.Malformed malformed -> new Malformed(HopFault.HEADER, malformed.reason());
            case ProxyHeaderParser.Accepted accepted -> judge(accepted.header(), accepted.consumed());
        };
    }

    private static Result judge(ProxyHeader header, int consumed) {
        Tlv target = null;
        for (Tlv tlv : header.tlvs()) {
            if (tlv.type() != HopRequest.TLV_TYPE) {
                continue;
            }
            if (target != null) {
                return refused(HopFault.SECOND_TARGET);
            }
            target = tlv;
        }
        if (target == null) {
            return refused(HopFault.NO_TARGET);
        }
        ByteBuffer value = target.value();
        // The version comes first, so that a later one may change all that follows.
        if (!value.hasRemaining() || value.get() != HopRequest.VERSION) {
            return refused(HopFault.REQUEST_VERSION);
        }
        if (value.remaining() < HopRequest.TLV_FIXED - 1) {
            return refused(HopFault.HOST);
        }
        return readTarget(value, header, consumed);
    }

    private static Result readTarget(ByteBuffer value, ProxyHeader header, int consumed) {
        int modes = value.get() & 0xff;
        Mode mode = Mode.of(modes & 0xf);
        Announcement announcement = Announcement.of(modes >> 4);
        int network = value.getInt();
        Protocol protocol = Protocol.of(value.get() & 0xff);
        int port = value.getShort() & 0xffff;
        String host = StandardCharsets.ISO_8859_1.decode(value).toString();
        if (mode == null || announcement == null || (mode == Mode.SHARED && announcement != Announcement.NONE)) {
            return refused(HopFault.MODE);
        }
        if (network < 0) {
            return refused(HopFault.NETWORK);
        }
        if (protocol == null) {
            return refused(HopFault.PROTOCOL);
        }
        if (port == 0) {
            return refused(HopFault.PORT);
        }
        if (Target.canonicalHost(host) == null) {
            return refused(HopFault.HOST);
        }
        Transport expected = mode == Mode.VISITOR ? protocol.transport : Transport.UNSPEC;
        if (header.command() != Command.PROXY || header.transport() != expected) {
            return refused(HopFault.FAMILY);
        }
        Target target = new Target(protocol, host, port);
        return new Accepted(
                new HopRequest(
                        mode, network, target, announcement, header.source(), header.destination(), header.tlvs()),
                consumed);
    }

    private static Malformed refused(HopFault reason) {
        return new Malformed(reason, null);
    }

    /// The answer to all bytes so far.
    public sealed interface Result {}

    /// The request is not complete.
    public record NeedMore() implements Result {
        static final NeedMore INSTANCE = new NeedMore();
    }

    /// A request.
    ///
    /// @param consumed its length in bytes
    public record Accepted(HopRequest request, int consumed) implements Result {}

    /// No request, whatever may follow: answer [HopCode#BAD_HEADER] and close.
    ///
    /// @param header with [HopFault#HEADER], what was wrong with the PROXY header; else null
    public record Malformed(HopFault reason, @Nullable ProxyFault header) implements Result {}
}
