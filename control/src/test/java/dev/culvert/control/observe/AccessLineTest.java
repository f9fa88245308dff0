package dev.culvert.control.observe;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.culvert.dataplane.Ended;
import dev.culvert.dataplane.Ended.How;
import dev.culvert.dataplane.Ended.Http;
import java.net.InetAddress;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class AccessLineTest {
    // 2026-11-21T13:24:24.500Z
    private static final long AT = 1_795_267_464_500L;
    private static final InetAddress VISITOR = InetAddress.ofLiteral("203.0.113.10");

    private final AccessLine line = new AccessLine();

    @Test
    void combined_request_isApachesFormat() {
        assertThat(combined(request("/a?token=s3cret", "https://x.test/?key=s3cret#f", "curl/8")))
                .isEqualTo("203.0.113.10 - - [21/Nov/2026:13:24:24 +0000] \"GET /a HTTP/1.1\" 200 512"
                        + " \"https://x.test/\" \"curl/8\"");
    }

    @Test
    void combined_absoluteFormWithPassword_showsThePathOnly() {
        assertThat(combined(request("http://user:s3cret@x.test/p?q", "", "")))
                .contains("\"GET /p HTTP/1.1\" 200 512 \"-\" \"-\"");
        assertThat(combined(request("http://user:s3cret@x.test", "", ""))).contains("\"GET / HTTP/1.1\"");
    }

    @Test
    void combined_hostileFields_cannotEndTheirQuotesOrTheLine() {
        String text = combined(request("/\"x\\", "", "a\" 200 1\r\n1.2.3.4 - - \u001b[31m\u00e9"));

        assertThat(text).contains("\"GET /\\\"x\\\\ HTTP/1.1\"", "\"a\\\" 200 1\\x0d\\x0a1.2.3.4 - - \\x1b[31m\\xe9\"");
        assertThat(text.lines()).hasSize(1);
    }

    @Test
    void combined_malformedHeadAndTcp_haveDashes() {
        Http nothing = new Http("", "", "", "", 400, "", "");

        assertThat(combined(ended(nothing))).contains("] \"-\" 400 512 ");
        assertThat(combined(ended(null))).contains("] \"TCP photos\" - 512 \"-\" \"-\"");
    }

    @Test
    void json_hostileRequest_isOneObjectOnOneLineWithoutSecrets() throws Exception {
        String hostile = "x\"\n\u001b\u2028\ud800{}";
        String text = json(request("/a?token=s3cret", "https://x.test/?key=s3cret", hostile));

        Map<String, Object> read = JSON.std.mapFrom(text);

        assertThat(text.lines()).hasSize(1);
        assertThat(text).doesNotContain("s3cret");
        assertThat(read)
                .containsEntry("time", "2026-11-21T13:24:24.500Z")
                .containsEntry("id", "id-1")
                .containsEntry("client", "203.0.113.10")
                .containsEntry("protocol", "http")
                .containsEntry("service", "photos")
                .containsEntry("site", "home")
                .containsEntry("host", "x.test")
                .containsEntry("method", "GET")
                .containsEntry("path", "/a")
                .containsEntry("status", 200)
                .containsEntry("received_bytes", 3)
                .containsEntry("sent_bytes", 512)
                .containsEntry("duration_ms", 12.034)
                .containsEntry("end", "visitor")
                .containsEntry("user_agent", hostile);
    }

    @Test
    void json_tcp_leavesOutWhatIsOfHttp() throws Exception {
        assertThat(JSON.std.mapFrom(json(ended(null))))
                .containsEntry("protocol", "tcp")
                .doesNotContainKeys("path", "status");
    }

    private static Ended request(String target, String referer, String userAgent) {
        return ended(new Http("GET", "x.test", target, "HTTP/1.1", 200, referer, userAgent));
    }

    private static Ended ended(@Nullable Http http) {
        return new Ended(AT, 12_034_567, VISITOR, "photos", "home", 3, 512, How.VISITOR, http);
    }

    private String combined(Ended ended) {
        StringBuilder out = new StringBuilder();
        line.combined(ended, out);
        return out.toString();
    }

    private String json(Ended ended) {
        StringBuilder out = new StringBuilder();
        line.json(ended, "id-1", out);
        return out.toString();
    }
}
