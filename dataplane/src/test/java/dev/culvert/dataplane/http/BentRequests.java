package dev.culvert.dataplane.http;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/// Requests in frames that mean nothing, or two things (attacks.md §1, §2 and §4): what becomes of each by HTTP/2 and
/// by
/// HTTP/3. `reset` is a stream error, a number the status, `-` what no client of ours can say.
final class BentRequests {
    private static final String GET = ":method|GET|:scheme|http|:path|/|:authority|app.test";

    private static final List<String> ROWS = List.of(
            "H2-07 no method;reset;reset;:scheme|http|:path|/|:authority|app.test",
            "H2-07 no scheme;reset;reset;:method|GET|:path|/|:authority|app.test",
            "H2-07 no path;reset;reset;:method|GET|:scheme|http|:authority|app.test",
            "H2-07 empty path;reset;reset;:method|GET|:scheme|http|:path||:authority|app.test",
            "H2-07 path without a slash;reset;reset;:method|GET|:scheme|http|:path|a|:authority|app.test",
            "H2-07 absolute path;reset;reset;:method|GET|:scheme|http|:path|http://app.test/|:authority|app.test",
            "H2-07 two methods;reset;reset;:method|GET|:method|POST|:scheme|http|:path|/|:authority|app.test",
            "H2-07 two paths;reset;reset;:method|GET|:scheme|http|:path|/|:path|/b|:authority|app.test",
            "H2-07 two authorities;reset;reset;:method|GET|:scheme|http|:path|/|:authority|app.test|:authority|b",
            "H2-07 pseudo behind regular;reset;-;:method|GET|:scheme|http|x|y|:path|/|:authority|app.test",
            "H2-07 unknown pseudo;reset;reset;" + GET + "|:x|y",
            "H2-07 response pseudo;reset;reset;" + GET + "|:status|200",
            "H2-07 scheme;reset;reset;:method|GET|:scheme|javascript|:path|/|:authority|app.test",
            "H2-07 upper case;reset;reset;" + GET + "|X-A|b",
            "H2-07 space in a name;reset;400;" + GET + "|x a|b",
            "H2-07 CR LF in a value;reset;reset;" + GET + "|x|a\\r\\nb: c",
            "H2-07 NUL in a value;reset;reset;" + GET + "|x|a\\0b",
            "H2-07 LF in the path;reset;reset;:method|GET|:scheme|http|:path|/a\\nb|:authority|app.test",
            "H2-07 CR LF in the method;reset;reset;:method|GET / HTTP/1.1\\r\\nX: y|:scheme|http|:path|/|:authority|app.test",
            "H2-07 space in front of a value;reset;reset;" + GET + "|x| a",
            "H2-07 tab behind a value;reset;reset;" + GET + "|x|a\\t",
            "H2-07 connection;reset;reset;" + GET + "|connection|keep-alive",
            "H2-07 keep-alive;reset;reset;" + GET + "|keep-alive|5",
            "H2-07 proxy-connection;reset;reset;" + GET + "|proxy-connection|close",
            "H2-07 upgrade;reset;reset;" + GET + "|upgrade|h2c",
            "H2-07 transfer-encoding;reset;reset;" + GET + "|transfer-encoding|chunked",
            "H2-07 TE;reset;reset;" + GET + "|te|gzip",
            "H2-07 length of no body;reset;reset;" + GET + "|content-length|5",
            "H2-07 two lengths;reset;reset;" + GET + "|content-length|5|content-length|6",
            "H1-04 length with a sign;reset;reset;" + GET + "|content-length|+0",
            "H2-07 host beside authority;400;reset;" + GET + "|host|other.test",
            "H1-12 two hosts;400;400;:method|GET|:scheme|http|:path|/|host|app.test|host|app.test",
            "H1-12 no authority;400;reset;:method|GET|:scheme|http|:path|/",
            "H1-12 userinfo;400;400;:method|GET|:scheme|http|:path|/|:authority|a@app.test",
            "H1-13 fragment;400;400;:method|GET|:scheme|http|:path|/#x|:authority|app.test",
            "H1-13 backslash;400;400;:method|GET|:scheme|http|:path|/a\\\\b|:authority|app.test",
            "H1-14 TRACE;405;405;:method|TRACE|:scheme|http|:path|/|:authority|app.test",
            "H1-14 CONNECT;reset;reset;:method|CONNECT|:authority|app.test:80",
            "H2-08 other protocol;501;501;:method|CONNECT|:protocol|ip|:scheme|http|:path|/|:authority|app.test",
            "H1-16 other expectation;417;417;" + GET + "|expect|200-ok",
            "HD-08 two authorizations;400;400;" + GET + "|authorization|a|authorization|b",
            "unknown host;404;421;:method|GET|:scheme|http|:path|/|:authority|other.test");

    private BentRequests() {}

    static Stream<Arguments> http3() {
        return rows(2, "one.test");
    }

    /// Name, expected answer, and fields: names and values in turn.
    private static Stream<Arguments> rows(int expected, String host) {
        return ROWS.stream()
                .filter(row -> !row.split(";", 4)[expected].equals("-"))
                .map(row -> {
                    String[] columns = row.split(";", 4);
                    String text = columns[3]
                            .replace("app.test", host)
                            .replace("\\r", "\r")
                            .replace("\\n", "\n")
                            .replace("\\0", "\0")
                            .replace("\\t", "\t")
                            .replace("\\\\", "\\");
                    return Arguments.of(columns[0], columns[expected], Arrays.asList(text.split("\\|", -1)));
                });
    }
}
