package dev.culvert.dataplane.http;

import dev.culvert.proto.http.Framing;
import dev.culvert.proto.http.HeaderNames;
import dev.culvert.proto.http.Nominations;
import dev.culvert.proto.http.RequestRules;
import dev.culvert.proto.http.ResponseHead;
import dev.culvert.proto.http.ResponseRules;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import java.util.Iterator;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Heads written anew: what a target and a visitor get is made from what was parsed and judged, never copied as bytes.
final class Heads {
    private Heads() {}

    /// A response for the rules.
    static final class ResponseView implements ResponseHead {
        private final HttpResponse response;
        private final CharSequence[] fields;

        ResponseView(HttpResponse response) {
            this.response = response;
            HttpHeaders headers = response.headers();
            fields = new CharSequence[2 * headers.size()];
            Iterator<Map.Entry<CharSequence, CharSequence>> entries = headers.iteratorCharSequence();
            for (int i = 0; entries.hasNext(); i += 2) {
                Map.Entry<CharSequence, CharSequence> entry = entries.next();
                fields[i] = entry.getKey();
                fields[i + 1] = entry.getValue();
            }
        }

        @Override
        public int status() {
            return response.status().code();
        }

        @Override
        public int majorVersion() {
            return response.protocolVersion().majorVersion();
        }

        @Override
        public int minorVersion() {
            return response.protocolVersion().minorVersion();
        }

        @Override
        public int count() {
            return fields.length / 2;
        }

        @Override
        public CharSequence name(int index) {
            return fields[2 * index];
        }

        @Override
        public CharSequence value(int index) {
            return fields[2 * index + 1];
        }
    }

    /// The request as the target gets it.
    static HttpRequest toTarget(Request request, RequestRules.Accepted verdict, ForwardedHeaders forwarded) {
        HttpRequest out =
                new DefaultHttpRequest(HttpVersion.HTTP_1_1, request.verb(), verdict.target(), HttpCodecs.JUDGED);
        HttpHeaders headers = out.headers();
        Nominations nominated = Nominations.of(request);
        for (int i = 0; i < request.count(); i++) {
            CharSequence name = request.name(i);
            boolean webSocket = HeaderNames.isWebSocket(name);
            if (HeaderNames.isHopByHop(name)
                    || HeaderNames.isManaged(name)
                    || isFraming(name)
                    || (webSocket && !verdict.upgradeWebSocket())
                    || (!webSocket && nominated.contains(name))) {
                continue;
            }
            headers.add(name, request.value(i));
        }
        switch (verdict.framing()) {
            case LENGTH -> headers.set(HttpHeaderNames.CONTENT_LENGTH, verdict.length());
            case CHUNKED -> headers.set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
            case NONE, UNTIL_CLOSE -> {}
        }
        if (verdict.upgradeWebSocket()) {
            headers.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE);
            headers.set(HttpHeaderNames.UPGRADE, HttpHeaderValues.WEBSOCKET);
        }
        forwarded.apply(headers);
        return out;
    }

    static boolean isFraming(CharSequence name) {
        return HttpHeaderNames.CONTENT_LENGTH.contentEqualsIgnoreCase(name)
                || HttpHeaderNames.TRANSFER_ENCODING.contentEqualsIgnoreCase(name);
    }

    /// An interim response as the visitor gets it.
    static HttpResponse interimToVisitor(HttpResponse response, ResponseView view) {
        return copy(response, view, false);
    }

    /// The response that switches to WebSocket.
    static HttpResponse switchingToVisitor(HttpResponse response, ResponseView view) {
        HttpResponse out = copy(response, view, true);
        out.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE);
        out.headers().set(HttpHeaderNames.UPGRADE, HttpHeaderValues.WEBSOCKET);
        return out;
    }

    /// The response as the visitor gets it.
    ///
    /// @param http10 whether the visitor cannot take chunks
    /// @param keepAlive whether its connection may serve another request
    static HttpResponse toVisitor(
            HttpResponse response, ResponseView view, ResponseRules.Final verdict, boolean http10, boolean keepAlive) {
        HttpResponse out = copy(response, view, false);
        HttpHeaders headers = out.headers();
        if (verdict.length() >= 0) {
            headers.set(HttpHeaderNames.CONTENT_LENGTH, verdict.length());
        } else if (verdict.framing() != Framing.NONE && !http10) {
            headers.set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
        }
        if (!keepAlive) {
            headers.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        } else if (http10) {
            headers.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.KEEP_ALIVE);
        }
        return out;
    }

    private static HttpResponse copy(HttpResponse response, ResponseView view, boolean webSocket) {
        HttpResponse out = new DefaultHttpResponse(HttpVersion.HTTP_1_1, response.status(), HttpCodecs.JUDGED);
        Nominations nominated = Nominations.of(view);
        for (int i = 0; i < view.count(); i++) {
            CharSequence name = view.name(i);
            if (HeaderNames.isHopByHop(name)
                    || isFraming(name)
                    || (HeaderNames.isWebSocket(name) ? !webSocket : nominated.contains(name))) {
                continue;
            }
            out.headers().add(name, view.value(i));
        }
        return out;
    }

    /// A response and its last piece as one message, which is encoded and written in one go. Takes the piece over.
    static FullHttpResponse whole(HttpResponse head, LastHttpContent last) {
        return new DefaultFullHttpResponse(
                head.protocolVersion(), head.status(), last.content(), head.headers(), last.trailingHeaders());
    }

    /// The same for a request.
    static FullHttpRequest whole(HttpRequest head, LastHttpContent last) {
        return new DefaultFullHttpRequest(
                head.protocolVersion(),
                head.method(),
                head.uri(),
                last.content(),
                head.headers(),
                last.trailingHeaders(),
                false);
    }

    /// Trailers are dropped unless a route lists them (attacks.md H1-11).
    static HttpContent withoutTrailers(HttpContent content) {
        return content instanceof LastHttpContent last ? withoutTrailers(last) : content;
    }

    static LastHttpContent withoutTrailers(LastHttpContent last) {
        return last.trailingHeaders().isEmpty() ? last : new DefaultLastHttpContent(last.content());
    }

    static boolean wantsTrailers(Request request) {
        CharSequence te = request.first(HttpHeaderNames.TE);
        return te != null && HttpHeaderValues.TRAILERS.contentEqualsIgnoreCase(te);
    }

    /// The trailers of a response as the visitor gets them: to who said that it wants them, and only what may stand
    /// there.
    /// Null if there are none.
    static @Nullable HttpHeaders trailers(Request request, LastHttpContent last) {
        HttpHeaders said = last.trailingHeaders();
        if (said.isEmpty() || !wantsTrailers(request)) {
            return null;
        }
        HttpHeaders out = DefaultHttpHeadersFactory.trailersFactory()
                .withValidation(false)
                .newHeaders();
        Iterator<Map.Entry<CharSequence, CharSequence>> entries = said.iteratorCharSequence();
        while (entries.hasNext()) {
            Map.Entry<CharSequence, CharSequence> entry = entries.next();
            if (HeaderNames.mayTrail(entry.getKey(), entry.getValue())) {
                out.add(entry.getKey(), entry.getValue());
            }
        }
        return out.isEmpty() ? null : out;
    }

    /// What to answer where the codec itself gave up.
    static int statusOf(Throwable cause) {
        return switch (cause) {
            case TooLongHttpLineException _ -> 414;
            case TooLongHttpHeaderException _ -> 431;
            default -> 400;
        };
    }
}
