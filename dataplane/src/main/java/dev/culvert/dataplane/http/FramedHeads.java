package dev.culvert.dataplane.http;

import dev.culvert.proto.http.HeaderNames;
import dev.culvert.proto.http.Nominations;
import dev.culvert.proto.http.ResponseRules;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.util.Iterator;
import java.util.Map;

/// Response heads for a visitor of HTTP/2, written anew from what was parsed and judged.
final class FramedHeads {
    private static final AsciiString OK = AsciiString.cached("200");

    private FramedHeads() {}

    static Http2Headers response(HttpResponse response, Heads.ResponseView view, ResponseRules.Final verdict) {
        Http2Headers out = copy(response.status().codeAsText(), view, false);
        if (verdict.length() >= 0) {
            out.add(HttpHeaderNames.CONTENT_LENGTH, Long.toString(verdict.length()));
        }
        return out;
    }

    static Http2Headers interim(HttpResponse response, Heads.ResponseView view) {
        return copy(response.status().codeAsText(), view, false);
    }

    /// The answer to extended CONNECT (RFC 8441 §5): what a 101 proves in HTTP/1.1 needs no proof here.
    static Http2Headers switched(Heads.ResponseView view) {
        Http2Headers out = copy(OK, view, true);
        out.remove(HttpHeaderNames.SEC_WEBSOCKET_ACCEPT);
        return out;
    }

    /// A whole response of the gateway's own.
    static Http2Headers answer(HttpResponse response) {
        Http2Headers out = new DefaultHttp2Headers(false, 8);
        out.status(response.status().codeAsText());
        addAll(response.headers(), out);
        return out;
    }

    static Http2Headers trailers(HttpHeaders trailers) {
        Http2Headers out = new DefaultHttp2Headers(false, 8);
        addAll(trailers, out);
        return out;
    }

    private static void addAll(HttpHeaders from, Http2Headers to) {
        Iterator<Map.Entry<CharSequence, CharSequence>> entries = from.iteratorCharSequence();
        while (entries.hasNext()) {
            Map.Entry<CharSequence, CharSequence> entry = entries.next();
            to.add(lowerCase(entry.getKey()), entry.getValue());
        }
    }

    private static Http2Headers copy(AsciiString status, Heads.ResponseView view, boolean webSocket) {
        Http2Headers out = new DefaultHttp2Headers(false, Math.max(8, view.count() + 2));
        out.status(status);
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
