package dev.culvert.dataplane.http;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.nio.charset.StandardCharsets;

/// Whole responses of the gateway's own.
final class Answers {
    private static final int RETRY_SECONDS = 5;

    private Answers() {}

    /// A status and its phrase.
    static FullHttpResponse of(int status) {
        HttpResponseStatus code = HttpResponseStatus.valueOf(status);
        FullHttpResponse response = text(status, code.code() + " " + code.reasonPhrase() + "\n");
        if (status == 503) {
            response.headers().set(HttpHeaderNames.RETRY_AFTER, RETRY_SECONDS);
        }
        return response;
    }

    static FullHttpResponse redirect(int status, String location) {
        FullHttpResponse response = of(status);
        response.headers().set(HttpHeaderNames.LOCATION, location);
        return response;
    }

    static FullHttpResponse text(int status, String text) {
        FullHttpResponse response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1,
                HttpResponseStatus.valueOf(status),
                Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII));
        response.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, "text/plain; charset=us-ascii")
                .set(HttpHeaderNames.CONTENT_LENGTH, response.content().readableBytes());
        return response;
    }
}
