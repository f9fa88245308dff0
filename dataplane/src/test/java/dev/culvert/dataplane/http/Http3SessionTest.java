package dev.culvert.dataplane.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.dataplane.testing.Http3Client;
import dev.culvert.dataplane.testing.Http3Client.Answer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What a visitor of HTTP/3 may expect, with a target of HTTP/1.1.
@Timeout(30)
class Http3SessionTest extends Http3Road {
    @Test
    void get_isForwardedInHttp11AndAnswered() throws Exception {
        answering(
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: X-Own\r\nX-Own: 1\r\nAlt-Svc: h3=\":1\"\r\n\r\nok");

        try (Http3Client visitor = visitor("one.test")) {
            Answer answer = visitor.open(
                            true,
                            ":method",
                            "GET",
                            ":scheme",
                            "https",
                            ":path",
                            "/a/./b?c",
                            ":authority",
                            "one.test",
                            "cookie",
                            "a=1",
                            "cookie",
                            "b=2",
                            "x-forwarded-for",
                            "203.0.113.66")
                    .answer();

            assertThat(answer.status()).isEqualTo("200");
            assertThat(answer.body()).isEqualTo("ok");
            assertThat(answer.fields().names())
                    .map(CharSequence::toString)
                    .containsExactlyInAnyOrder(":status", "content-length", "strict-transport-security", "alt-svc");
            assertThat(answer.fields().get("alt-svc")).hasToString("h3=\":443\"; ma=86400");
            assertThat(head())
                    .startsWith("GET /a/b?c HTTP/1.1\r\n")
                    .contains(
                            "host: one.test\r\n",
                            "cookie: a=1; b=2\r\n",
                            "X-Forwarded-For: 127.0.0.1\r\n",
                            "X-Forwarded-Proto: https\r\n")
                    .doesNotContain("203.0.113.66", "chunked");
        }
    }
}
