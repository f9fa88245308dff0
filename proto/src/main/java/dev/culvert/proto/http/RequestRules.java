package dev.culvert.proto.http;

import dev.culvert.proto.text.Decimal;
import org.jspecify.annotations.Nullable;

/// The verdict on a request head, before anything is routed. One per event loop: it keeps scratch space.
public final class RequestRules {
    private static final int MAX_METHOD = 32;

    private final RequestPolicy policy;
    private final FieldScan fields = new FieldScan();
    private final TargetReader target = new TargetReader();

    public RequestRules(RequestPolicy policy) {
        this.policy = policy;
    }

    /// Judges one request. Cost: one pass over its chars.
    public Verdict check(RequestHead head) {
        RequestFault fault = judgeLine(head);
        if (fault == null) {
            fault = judgeFields(head);
        }
        if (fault == null) {
            fault = judgeFraming(head);
        }
        if (fault != null) {
            return new Refused(fault);
        }
        Authority authority = null;
        if (fields.host >= 0) {
            String host = head.value(fields.host).toString();
            authority = Authority.read(host, 0, host.length());
            fault = authority == null ? RequestFault.HOST_MALFORMED : judgeTarget(head, authority);
        } else {
            fault = judgeTarget(head, null);
            authority = target.authority;
        }
        if (fault != null) {
            return new Refused(fault);
        }
        return accept(head, authority);
    }

    private @Nullable RequestFault judgeLine(RequestHead head) {
        int major = head.majorVersion();
        if (major < 1 || major > 9 || head.minorVersion() < 0 || head.minorVersion() > 9) {
            return RequestFault.VERSION_MALFORMED;
        }
        if (head.isFramed() ? major < 2 || major > 3 : major != 1 || head.minorVersion() > 1) {
            return RequestFault.VERSION_UNSUPPORTED;
        }
        CharSequence method = head.method();
        if (method.length() > MAX_METHOD || !Ascii.isToken(method)) {
            return RequestFault.METHOD_MALFORMED;
        }
        // Methods are case-sensitive, but not to every server behind us.
        if (Ascii.equalsLower(method, "connect")) {
            return RequestFault.METHOD_CONNECT;
        }
        if (Ascii.equalsLower(method, "trace") || Ascii.equalsLower(method, "track")) {
            return RequestFault.METHOD_TRACE;
        }
        CharSequence protocol = head.protocol();
        if (protocol != null && !"websocket".contentEquals(protocol)) {
            return RequestFault.PROTOCOL_UNSUPPORTED;
        }
        return head.target().length() > policy.maxTarget() ? RequestFault.TARGET_TOO_LONG : null;
    }

    private @Nullable RequestFault judgeFields(RequestHead head) {
        FieldScan.Defect defect = fields.scan(head, policy.maxFields(), policy.maxFieldBytes());
        if (defect != null) {
            return switch (defect) {
                case TOO_MANY -> RequestFault.FIELDS_TOO_MANY;
                case TOO_LONG -> RequestFault.FIELDS_TOO_LONG;
                case NAME -> RequestFault.FIELD_NAME;
                case VALUE -> RequestFault.FIELD_VALUE;
                case NOMINATIONS -> RequestFault.NOMINATIONS;
            };
        }
        if (fields.underscore && policy.refuseUnderscores()) {
            return RequestFault.FIELD_UNDERSCORE;
        }
        if (fields.host == FieldScan.REPEATED) {
            return RequestFault.HOST_REPEATED;
        }
        if (fields.host == FieldScan.ABSENT && (head.isFramed() || head.minorVersion() == 1)) {
            return RequestFault.HOST_MISSING;
        }
        if (fields.authorization == FieldScan.REPEATED || fields.contentType == FieldScan.REPEATED) {
            return RequestFault.FIELD_REPEATED;
        }
        return null;
    }

    /// RFC 9112 §6.1 and §6.3, without the repairs that they allow.
    private @Nullable RequestFault judgeFraming(RequestHead head) {
        if (fields.transferEncoding != FieldScan.ABSENT) {
            if (fields.transferEncoding == FieldScan.REPEATED) {
                return RequestFault.ENCODING_REPEATED;
            }
            if (head.minorVersion() == 0) {
                return RequestFault.ENCODING_IN_1_0;
            }
            if (fields.contentLength != FieldScan.ABSENT) {
                return RequestFault.LENGTH_AND_ENCODING;
            }
            if (!Ascii.equalsLower(head.value(fields.transferEncoding), "chunked")) {
                return RequestFault.ENCODING_MALFORMED;
            }
        }
        if (fields.contentLength == FieldScan.REPEATED) {
            return RequestFault.LENGTH_REPEATED;
        }
        if (fields.contentLength >= 0 && contentLength(head) < 0) {
            return RequestFault.LENGTH_MALFORMED;
        }
        if (fields.expect != FieldScan.ABSENT && !isContinue(head)) {
            return RequestFault.EXPECTATION;
        }
        return null;
    }

    private boolean isContinue(RequestHead head) {
        return fields.expect >= 0 && Ascii.equalsLower(head.value(fields.expect), "100-continue");
    }

    /// @param host null without a Host field
    private @Nullable RequestFault judgeTarget(RequestHead head, @Nullable Authority host) {
        RequestFault fault = target.read(head.target(), head.method());
        if (fault != null) {
            return fault;
        }
        if (target.ambiguous && policy.guarded()) {
            return RequestFault.TARGET_AMBIGUOUS;
        }
        Authority absolute = target.authority;
        if (absolute == null || host == null) {
            return null;
        }
        boolean same = absolute.host().equals(host.host())
                && absolute.portOr(target.standardPort) == host.portOr(target.standardPort);
        return same ? null : RequestFault.HOST_MISMATCH;
    }

    private Accepted accept(RequestHead head, @Nullable Authority authority) {
        boolean http11 = head.isFramed() || head.minorVersion() == 1;
        long length = contentLength(head);
        Framing framing = Framing.NONE;
        boolean webSocket = isWebSocket(head);
        if (fields.transferEncoding >= 0) {
            framing = Framing.CHUNKED;
        } else if (length >= 0) {
            framing = Framing.LENGTH;
        } else if (head.bodyFollows() && head.protocol() == null) {
            // Ended by its stream; to a server of HTTP/1.1 that is a body in chunks.
            framing = Framing.CHUNKED;
        }
        return new Accepted(
                authority == null ? "" : authority.host(),
                authority == null ? -1 : authority.port(),
                target.forward,
                target.ambiguous,
                framing,
                length,
                http11 && fields.expect >= 0,
                http11 && framing != Framing.CHUNKED && length <= 0 && webSocket,
                !fields.close && (http11 || fields.keepAlive));
    }

    /// RFC 6455 §4.2.1. A request that asks for less exactly is an ordinary one, without its Upgrade.
    private boolean isWebSocket(RequestHead head) {
        if (head.isFramed()) {
            // RFC 8441 §5 leaves out Key, Accept and Upgrade, but not the version.
            return head.protocol() != null
                    && fields.webSocketVersion >= 0
                    && "13".contentEquals(head.value(fields.webSocketVersion));
        }
        return fields.upgrade >= 0
                && fields.connectionUpgrade
                && fields.webSocketKey >= 0
                && fields.webSocketVersion >= 0
                && Ascii.equalsLower(head.value(fields.upgrade), "websocket")
                && "GET".contentEquals(head.method())
                && "13".contentEquals(head.value(fields.webSocketVersion))
                && WebSocketHandshake.isKey(head.value(fields.webSocketKey));
    }

    private long contentLength(RequestHead head) {
        if (fields.contentLength < 0) {
            return Decimal.NONE;
        }
        CharSequence value = head.value(fields.contentLength);
        return Decimal.read(value, 0, value.length(), Long.MAX_VALUE);
    }

    /// What becomes of a request.
    public sealed interface Verdict {}

    /// The request means one thing; this is it.
    ///
    /// @param host as in [Authority#host]; empty for HTTP/1.0 without a Host
    /// @param port of the authority, or -1 if it names none
    /// @param target what to match and what to forward, in origin form (or `*`); the same string as came in if
    ///     that was in normal form
    /// @param ambiguous whether the target has an escape that servers read differently: `%2F %5C %3B %25 %3F
    ///     %23`, a control, or `%00` in the query; to be refused on routes with authentication or path rules
    /// @param framing NONE, LENGTH or CHUNKED
    /// @param length the value of Content-Length, or -1
    /// @param expectContinue whether the client waits for 100 (Continue)
    /// @param upgradeWebSocket whether this is a valid WebSocket handshake; if not, Upgrade and the fields of
    ///     [HeaderNames#isWebSocket] are not forwarded
    /// @param keepAlive whether the client's connection may serve another request
    public record Accepted(
            String host,
            int port,
            String target,
            boolean ambiguous,
            Framing framing,
            long length,
            boolean expectContinue,
            boolean upgradeWebSocket,
            boolean keepAlive)
            implements Verdict {}

    /// Answer with the status of the reason, and close.
    public record Refused(RequestFault reason) implements Verdict {
        public int status() {
            return reason.status();
        }
    }
}
