package dev.culvert.dataplane.http;

import dev.culvert.proto.http.HeaderNames;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.util.AsciiString;
import io.netty.util.ReferenceCountUtil;
import java.util.Iterator;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One stream of a connection to a target, as the exchange sees every upstream: messages of HTTP/1.1 in, frames out,
/// and
/// back.
final class Http2StreamCodec extends ChannelDuplexHandler {
    private final AsciiString scheme;
    // Written with what follows, for the end of the stream may stand on it.
    private @Nullable Http2Headers head;
    private boolean responseSeen;

    Http2StreamCodec(AsciiString scheme) {
        this.scheme = scheme;
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        if (message instanceof HttpRequest request) {
            head = headers(request);
        }
        if (message instanceof HttpContent content) {
            body(ctx, content, promise);
        } else if (message instanceof HttpRequest) {
            promise.setSuccess();
        } else {
            ctx.write(message, promise);
        }
    }

    private void body(ChannelHandlerContext ctx, HttpContent content, ChannelPromise promise) {
        boolean last = content instanceof LastHttpContent;
        ByteBuf bytes = content.content();
        Http2Headers pending = head;
        head = null;
        if (pending != null && last && !bytes.isReadable()) {
            bytes.release();
            ctx.write(new DefaultHttp2HeadersFrame(pending, true), promise);
            return;
        }
        if (pending != null) {
            ctx.write(new DefaultHttp2HeadersFrame(pending, false));
        }
        ctx.write(new DefaultHttp2DataFrame(bytes, last), promise);
    }

    @Override
    public void flush(ChannelHandlerContext ctx) {
        Http2Headers pending = head;
        if (pending != null) {
            head = null;
            ctx.write(new DefaultHttp2HeadersFrame(pending, false));
        }
        ctx.flush();
    }

    /// What toTarget has made, without what frames say themselves (RFC 9113 §8.2.2, §8.3.1).
    private Http2Headers headers(HttpRequest request) {
        Http2Headers out = new DefaultHttp2Headers(false, request.headers().size() + 4);
        out.method(request.method().asciiName()).scheme(scheme).path(request.uri());
        Iterator<Map.Entry<CharSequence, CharSequence>> entries =
                request.headers().iteratorCharSequence();
        while (entries.hasNext()) {
            Map.Entry<CharSequence, CharSequence> entry = entries.next();
            CharSequence name = entry.getKey();
            if (HttpHeaderNames.HOST.contentEqualsIgnoreCase(name)) {
                out.authority(entry.getValue());
            } else if (HttpHeaderNames.TE.contentEqualsIgnoreCase(name)) {
                out.set(HttpHeaderNames.TE, HttpHeaderValues.TRAILERS);
            } else if (!HeaderNames.isHopByHop(name)) {
                out.add(AsciiString.of(name).toLowerCase(), entry.getValue());
            }
        }
        return out;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        switch (message) {
            case Http2HeadersFrame frame -> head(ctx, frame);
            case Http2DataFrame frame ->
                ctx.fireChannelRead(
                        frame.isEndStream()
                                ? new DefaultLastHttpContent(frame.content())
                                : new DefaultHttpContent(frame.content()));
            default -> ReferenceCountUtil.release(message);
        }
    }

    private void head(ChannelHandlerContext ctx, Http2HeadersFrame frame) {
        if (responseSeen) {
            LastHttpContent last = new DefaultLastHttpContent();
            addTo(last.trailingHeaders(), frame.headers());
            ctx.fireChannelRead(last);
            return;
        }
        HttpResponseStatus status =
                HttpResponseStatus.parseLine(String.valueOf(frame.headers().status()));
        HttpResponse response = new DefaultHttpResponse(
                HttpVersion.HTTP_1_1,
                status,
                DefaultHttpHeadersFactory.headersFactory().withValidation(false));
        addTo(response.headers(), frame.headers());
        boolean interim = status.code() < 200;
        responseSeen = !interim;
        ctx.fireChannelRead(response);
        if (interim || frame.isEndStream()) {
            ctx.fireChannelRead(LastHttpContent.EMPTY_LAST_CONTENT);
        }
    }

    private static void addTo(HttpHeaders out, Http2Headers fields) {
        for (Map.Entry<CharSequence, CharSequence> field : fields) {
            if (!Http2Headers.PseudoHeaderName.hasPseudoHeaderFormat(field.getKey())) {
                out.add(field.getKey(), field.getValue());
            }
        }
    }
}
