package dev.culvert.proto.http;

import dev.culvert.proto.text.Decimal;
import org.jspecify.annotations.Nullable;

/// The verdict on an upstream server's response head. One per event loop: it keeps scratch space.
public final class ResponseRules {
    /// Servers send more than clients do: policies, cookies.
    private static final int MAX_FIELDS = 200;

    private static final int MAX_FIELD_BYTES = 64 * 1024;
    private static final int MAX_INTERIM = 8;

    private final FieldScan fields = new FieldScan();

    /// Rules with scratch space of their own.
    public ResponseRules() {}

    /// Judges one response, interim ones included.
    ///
    /// @param toHead whether the request was HEAD
    /// @param webSocketKey the key that was forwarded with a WebSocket handshake, else null
    /// @param interim how many interim responses came before this one for the same request
    public Verdict check(ResponseHead head, boolean toHead, @Nullable CharSequence webSocketKey, int interim) {
        ResponseFault fault = judgeHead(head);
        if (fault == null) {
            fault = judgeFraming(head);
        }
        if (fault != null) {
            return new Refused(fault);
        }
        int status = head.status();
        if (status == 101) {
            return judgeSwitch(head, webSocketKey);
        }
        if (status < 200) {
            return interim < MAX_INTERIM ? Interim.INSTANCE : new Refused(ResponseFault.INTERIM_FLOOD);
        }
        return end(head, toHead);
    }

    private @Nullable ResponseFault judgeHead(ResponseHead head) {
        if (head.majorVersion() != 1 || head.minorVersion() < 0 || head.minorVersion() > 1) {
            return ResponseFault.VERSION;
        }
        if (head.status() < 100 || head.status() > 599) {
            return ResponseFault.STATUS;
        }
        FieldScan.Defect defect = fields.scan(head, MAX_FIELDS, MAX_FIELD_BYTES);
        if (defect == null) {
            return null;
        }
        return switch (defect) {
            case TOO_MANY -> ResponseFault.FIELDS_TOO_MANY;
            case TOO_LONG -> ResponseFault.FIELDS_TOO_LONG;
            case NAME -> ResponseFault.FIELD_NAME;
            case VALUE -> ResponseFault.FIELD_VALUE;
            case NOMINATIONS -> ResponseFault.NOMINATIONS;
        };
    }

    private @Nullable ResponseFault judgeFraming(ResponseHead head) {
        boolean encoded = fields.transferEncoding != FieldScan.ABSENT;
        if (encoded && fields.contentLength != FieldScan.ABSENT) {
            return ResponseFault.LENGTH_AND_ENCODING;
        }
        if (encoded && !isChunked(head)) {
            return ResponseFault.ENCODING;
        }
        if (fields.contentLength == FieldScan.REPEATED) {
            return ResponseFault.LENGTH_REPEATED;
        }
        long length = contentLength(head);
        if (fields.contentLength >= 0 && length < 0) {
            return ResponseFault.LENGTH_MALFORMED;
        }
        // RFC 9112 §6.1 and RFC 9110 §8.6 forbid both; "Content-Length: 0" promises nothing and is widespread.
        boolean bodiless = head.status() < 200 || head.status() == 204;
        return bodiless && (encoded || length > 0) ? ResponseFault.BODY_FORBIDDEN : null;
    }

    private boolean isChunked(ResponseHead head) {
        return fields.transferEncoding >= 0
                && head.minorVersion() == 1
                && Ascii.equalsLower(head.value(fields.transferEncoding), "chunked");
    }

    private Verdict judgeSwitch(ResponseHead head, @Nullable CharSequence webSocketKey) {
        if (webSocketKey == null) {
            return new Refused(ResponseFault.SWITCH_UNASKED);
        }
        boolean valid = head.minorVersion() == 1
                && fields.upgrade >= 0
                && fields.connectionUpgrade
                && fields.webSocketAccept >= 0
                && Ascii.equalsLower(head.value(fields.upgrade), "websocket")
                && WebSocketHandshake.accept(webSocketKey).contentEquals(head.value(fields.webSocketAccept));
        return valid ? Switching.INSTANCE : new Refused(ResponseFault.SWITCH_MALFORMED);
    }

    private Final end(ResponseHead head, boolean toHead) {
        long length = contentLength(head);
        Framing framing = Framing.UNTIL_CLOSE;
        if (toHead || head.status() == 204 || head.status() == 304) {
            framing = Framing.NONE;
        } else if (fields.transferEncoding >= 0) {
            framing = Framing.CHUNKED;
        } else if (length >= 0) {
            framing = Framing.LENGTH;
        }
        boolean reusable = !fields.close && (head.minorVersion() == 1 || fields.keepAlive);
        return new Final(framing, length, reusable && framing != Framing.UNTIL_CLOSE);
    }

    private long contentLength(ResponseHead head) {
        if (fields.contentLength < 0) {
            return Decimal.NONE;
        }
        CharSequence value = head.value(fields.contentLength);
        return Decimal.read(value, 0, value.length(), Long.MAX_VALUE);
    }

    /// What becomes of a response.
    public sealed interface Verdict {}

    /// The response to the request.
    ///
    /// @param framing of its body; NONE for HEAD, 204 and 304: what the server sends behind the head
    ///     belongs to nothing
    /// @param length the value of Content-Length, or -1; with NONE it tells what GET would have brought
    /// @param keepAlive whether the upstream connection may be used again once the body has ended
    public record Final(Framing framing, long length, boolean keepAlive) implements Verdict {}

    /// An interim response (100, 103 and the like): pass it on, the response is still to come.
    public record Interim() implements Verdict {
        static final Interim INSTANCE = new Interim();
    }

    /// The server has switched to WebSocket as it was asked to.
    public record Switching() implements Verdict {
        static final Switching INSTANCE = new Switching();
    }

    /// Answer 502 and close the upstream connection.
    public record Refused(ResponseFault reason) implements Verdict {}
}
