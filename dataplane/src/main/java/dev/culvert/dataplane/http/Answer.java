package dev.culvert.dataplane.http;

import dev.culvert.proto.http.ResponseRules;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// A response of the gateway's own. What is wrong behind it is for the operator alone: the visitor gets the status and
/// the id under which the log tells the rest.
final class Answer {
    private static final String PLAIN = "text/plain; charset=us-ascii";
    private static final String HTML = "text/html; charset=utf-8";
    private static final String MAINTENANCE = """
            <!doctype html>
            <meta charset=utf-8>
            <title>Maintenance</title>
            <h1>Back soon</h1>
            <p>This service is being worked on.</p>
            """;
    private static final int RETRY_SECONDS = 5;

    private final HttpResponse head;
    private final byte[] body;

    private Answer(HttpResponse head, byte[] body) {
        this.head = head;
        this.body = body;
    }

    /// @param type of the body; empty where there is none
    static Answer of(int status, String type, byte[] body) {
        HttpResponse head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(status));
        if (!type.isEmpty()) {
            head.headers().set(HttpHeaderNames.CONTENT_TYPE, type);
        }
        head.headers().set(HttpHeaderNames.CONTENT_LENGTH, body.length);
        if (status == 503) {
            head.headers().set(HttpHeaderNames.RETRY_AFTER, RETRY_SECONDS);
        }
        return new Answer(head, body);
    }

    static Answer of(int status, String requestId) {
        HttpResponseStatus code = HttpResponseStatus.valueOf(status);
        String text = code.code() + " " + code.reasonPhrase() + "\nrequest " + requestId + "\n";
        Answer answer = of(status, PLAIN, text.getBytes(StandardCharsets.US_ASCII));
        answer.headers().set(RequestId.FIELD, requestId);
        return answer;
    }

    static Answer redirect(int status, String location) {
        Answer answer = of(status, "", new byte[0]);
        answer.headers().set(HttpHeaderNames.LOCATION, location);
        return answer;
    }

    /// @param page of the service's own, or null
    static Answer maintenance(byte @Nullable [] page) {
        Answer answer = of(503, HTML, page == null ? MAINTENANCE.getBytes(StandardCharsets.UTF_8) : page);
        answer.headers().set(HttpHeaderNames.CACHE_CONTROL, "no-store").set(HttpHeaderNames.RETRY_AFTER, 60);
        return answer;
    }

    HttpHeaders headers() {
        return head.headers();
    }

    int status() {
        return head.status().code();
    }

    int length() {
        return body.length;
    }

    /// Sends all of it; the exchange is over.
    void send(HttpVisitor visitor, Request request) {
        boolean toHead = request.isHead();
        Heads.ResponseView view = new Heads.ResponseView(head);
        ResponseRules.Verdict verdict = new ResponseRules().check(view, toHead, null, 0);
        if (!(verdict instanceof ResponseRules.Final last)) {
            throw new IllegalStateException("an answer of our own: " + verdict);
        }
        visitor.head(head, view, last);
        visitor.end(
                toHead || body.length == 0
                        ? LastHttpContent.EMPTY_LAST_CONTENT
                        : new DefaultLastHttpContent(Unpooled.wrappedBuffer(body)));
    }
}
