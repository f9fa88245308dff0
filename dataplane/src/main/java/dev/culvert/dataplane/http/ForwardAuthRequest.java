package dev.culvert.dataplane.http;

import dev.culvert.model.ForwardAuth;
import dev.culvert.proto.http.HeaderNames;
import dev.culvert.proto.http.RequestRules;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import java.util.Map;

/// What a service that decides about requests is asked, and what of its answer goes on (attacks.md HD-06). The words
/// are those that Authelia, authentik and oauth2-proxy read.
final class ForwardAuthRequest {
    private ForwardAuthRequest() {}

    /// The visitor's request without its body, asked of the service that decides. Everything that a visitor says about
    /// itself is gone from it by then, and our own word in its place.
    ///
    /// @param head as [Heads#toTarget] makes it
    static HttpRequest of(
            HttpRequest head, ForwardAuth auth, Request request, RequestRules.Accepted verdict, boolean secure) {
        HttpHeaders headers = head.headers();
        headers.remove(HttpHeaderNames.CONTENT_LENGTH)
                .remove(HttpHeaderNames.TRANSFER_ENCODING)
                .remove(HttpHeaderNames.CONTENT_TYPE)
                .remove(HttpHeaderNames.CONTENT_ENCODING)
                .remove(HttpHeaderNames.EXPECT)
                .remove(HttpHeaderNames.CONNECTION)
                .remove(HttpHeaderNames.UPGRADE)
                .remove(HttpHeaderNames.RANGE);
        for (String name : headers.names()) {
            if (HeaderNames.isWebSocket(name)) {
                headers.remove(name);
            }
        }
        withoutCopies(headers, auth);
        String method = request.method().toString();
        headers.set("X-Forwarded-Method", method)
                .set("X-Forwarded-Uri", verdict.target())
                .set("X-Original-Method", method)
                .set(
                        "X-Original-URL",
                        (secure ? "https://" : "http://") + headers.get("X-Forwarded-Host", "") + verdict.target());
        head.setMethod(HttpMethod.GET);
        head.setUri(auth.path());
        return head;
    }

    /// Deletes what a visitor sends under the names by which the target believes the service that decides, however it
    /// spells them.
    static void withoutCopies(HttpHeaders headers, ForwardAuth auth) {
        for (String name : headers.names()) {
            if (auth.copyHeaders().stream().anyMatch(copied -> HeaderNames.isSameFolded(name, copied))) {
                headers.remove(name);
            }
        }
    }

    /// Puts the fields of the answer in their place.
    static void copy(HttpHeaders answer, HttpHeaders headers, ForwardAuth auth) {
        withoutCopies(headers, auth);
        for (String name : auth.copyHeaders()) {
            for (String value : answer.getAll(name)) {
                headers.add(name, value);
            }
        }
    }

    /// The answer to a visitor who is not let through: what the service says, as a login page or the way to it.
    static Answer refusal(HttpClient.Reply reply) {
        int status = reply.status() < 300 ? 403 : reply.status();
        Answer answer = Answer.of(status, "", reply.body());
        for (Map.Entry<String, String> field : reply.headers()) {
            String name = field.getKey();
            boolean framing = HttpHeaderNames.CONTENT_LENGTH.contentEqualsIgnoreCase(name)
                    || HttpHeaderNames.TRANSFER_ENCODING.contentEqualsIgnoreCase(name);
            if (!framing && !HeaderNames.isHopByHop(name) && !HeaderNames.isManaged(name)) {
                answer.headers().add(name, field.getValue());
            }
        }
        return answer;
    }
}
