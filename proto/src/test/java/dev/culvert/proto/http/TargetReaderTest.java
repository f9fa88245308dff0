package dev.culvert.proto.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Reference: attacks.md RT-04 and RT-05, RFC 3986 §5.2.4.
final class TargetReaderTest {
    private static final Pattern ESCAPE = Pattern.compile("%([0-9a-fA-F]{2})");
    private static final Pattern DOTS_WITH_PARAMETER = Pattern.compile("/\\.{1,2};");
    private static final String UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

    private final TargetReader reader = new TargetReader();

    @ParameterizedTest(name = "RT-04 {0}")
    @CsvSource({
        "/pub/../admin, /admin",
        "/pub/%2e%2e/admin, /admin",
        "/pub/.%2E/admin, /admin",
        "/pub;/../admin, /admin",
        "//admin, /admin",
        "///a////b//, /a/b/",
        "/a/./b, /a/b",
        "/a/b/., /a/b/",
        "/a/b/.., /a/",
        "/.., /",
        "/., /",
        "/../../etc/passwd, /etc/passwd",
        "/a//../b, /b",
        "/a/b/../../../../c, /c",
        "/%61%2D%5f%7e, /a-_~",
        "/%c3%a4, /%C3%A4",
        "/a%2fb, /a%2Fb",
        "/a/..b/.c/d../..., /a/..b/.c/d../...",
        "/.well-known/acme-challenge/x, /.well-known/acme-challenge/x",
        "/a/../?x=/../y, /?x=/../y",
        "/a?b=//c/%2e%2e, /a?b=//c/%2e%2e",
        "/?, /?",
        "/a;x=../b, /a;x=../b",
    })
    void read_path_becomesNormal(String target, String normal) {
        assertThat(reader.read(target, "GET")).isNull();
        assertThat(reader.forward).isEqualTo(normal);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/a/b?c=%zz", "/a%20b/%C3%A4/", "/.well-known/x", "/a%2F", "/~x/-._"})
    void read_normalPath_isTheSameString(String target) {
        assertThat(reader.read(target, "GET")).isNull();
        assertThat(reader.forward).isSameAs(target);
    }

    @Test
    void read_randomPaths_agreeWithTheOracleAndStayFixed() {
        long seed = 404;
        Random random = new Random(seed);
        String[] pieces = {"/", "/", ".", "..", "%2e", "%2E", "a", "bc", "%61", "%2f", "%c3", "~", "-", ";", "?", "%25"
        };
        for (int i = 0; i < 20_000; i++) {
            StringBuilder target = new StringBuilder("/");
            for (int n = random.nextInt(10); n > 0; n--) {
                target.append(pieces[random.nextInt(pieces.length)]);
            }
            String text = target.toString();
            RequestFault fault = reader.read(text, "GET");
            if (oracleRefuses(text)) {
                assertThat(fault).as("seed %d: %s", seed, text).isEqualTo(RequestFault.TARGET_AMBIGUOUS);
                continue;
            }
            assertThat(fault).as("seed %d: %s", seed, text).isNull();
            String normal = reader.forward;
            assertThat(normal).as("seed %d: %s", seed, text).isEqualTo(oracle(text));
            assertThat(reader.read(normal, "GET")).isNull();
            assertThat(reader.forward).as("seed %d: %s", seed, text).isSameAs(normal);
        }
    }

    private static String decoded(String text) {
        Matcher escapes = ESCAPE.matcher(path(text));
        return escapes.replaceAll(escape -> {
            char c = (char) Integer.parseInt(escape.group(1), 16);
            String kept = String.valueOf(c);
            return UNRESERVED.contains(kept) ? kept : escape.group().toUpperCase(Locale.ROOT);
        });
    }

    private static boolean oracleRefuses(String text) {
        return DOTS_WITH_PARAMETER.matcher(decoded(text)).find();
    }

    private static String oracle(String text) {
        String[] segments = decoded(text).substring(1).split("/", -1);
        Deque<String> kept = new ArrayDeque<>();
        for (int i = 0; i < segments.length; i++) {
            String segment = segments[i];
            boolean last = i == segments.length - 1;
            if (segment.equals("..")) {
                kept.pollLast();
            } else if (!segment.isEmpty() && !segment.equals(".")) {
                kept.add(segment);
                continue;
            }
            if (last) {
                kept.add("");
            }
        }
        return "/" + String.join("/", kept) + text.substring(path(text).length());
    }

    private static String path(String text) {
        int query = text.indexOf('?');
        return query < 0 ? text : text.substring(0, query);
    }
}
