package dev.culvert.dataplane.http;

import dev.culvert.proto.http.HeaderNames;
import dev.culvert.proto.http.Nominations;
import dev.culvert.proto.http.ResponseRules;
import io.netty.handler.codec.Headers;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.util.AsciiString;
import java.util.Iterator;
import java.util.Map;

/// Response heads for a visitor of HTTP/2 or HTTP/3, written anew from what was parsed and judged, into the field
/// sections of its version.
final class FramedHeads {
    private static final AsciiString STATUS = AsciiString.cached(":status");
    private static final AsciiString OK = AsciiString.cached("200");

    private FramedHeads() {}

    static <H extends Headers<CharSequence, CharSequence, H>> H response(
            H out, HttpResponse response, Heads.ResponseView view, ResponseRules.Final verdict) {
        copy(out, response.status().codeAsText(), view, false);
        if (verdict.length() >= 0) {
            out.add(HttpHeaderNames.CONTENT_LENGTH, Long.toString(verdict.length()));
        }
        return out;
    }

    static <H extends Headers<CharSequence, CharSequence, H>> H interim(
            H out, HttpResponse response, Heads.ResponseView view) {
        return copy(out, response.status().codeAsText(), view, false);
    }

    /// The answer to extended CONNECT (RFC 8441 §5): what a 101 proves in HTTP/1.1 needs no proof here.
    static <H extends Headers<CharSequence, CharSequence, H>> H switched(H out, Heads.ResponseView view) {
        copy(out, OK, view, true);
        out.remove(HttpHeaderNames.SEC_WEBSOCKET_ACCEPT);
        return out;
    }

    /// A whole response of the gateway's own.
    static <H extends Headers<CharSequence, CharSequence, H>> H answer(H out, HttpResponse response) {
        out.add(STATUS, response.status().codeAsText());
        addAll(response.headers(), out);
        return out;
    }

    static <H extends Headers<CharSequence, CharSequence, H>> H trailers(H out, HttpHeaders trailers) {
        addAll(trailers, out);
        return out;
    }

    private static void addAll(HttpHeaders from, Headers<CharSequence, CharSequence, ?> to) {
        Iterator<Map.Entry<CharSequence, CharSequence>> entries = from.iteratorCharSequence();
        while (entries.hasNext()) {
            Map.Entry<CharSequence, CharSequence> entry = entries.next();
            to.add(lowerCase(entry.getKey()), entry.getValue());
        }
    }

    private static <H extends Headers<CharSequence, CharSequence, H>> H copy(
            H out, AsciiString status, Heads.ResponseView view, boolean webSocket) {
        out.add(STATUS, status);
        Nominations nominated = Nominations.of(view);
        for (int i = 0; i < view.count(); i++) {
            CharSequence name = view.name(i);
            if (HeaderNames.isHopByHop(name)
                    || Heads.isFraming(name)
                    || (HeaderNames.isWebSocket(name) ? !webSocket : nominated.contains(name))) {
                continue;
            }
            out.add(lowerCase(name), view.value(i));
        }
        return out;
    }

    private static CharSequence lowerCase(CharSequence name) {
        return AsciiString.of(name).toLowerCase();
    }
}
