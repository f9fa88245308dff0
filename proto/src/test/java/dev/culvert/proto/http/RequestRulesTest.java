package dev.culvert.proto.http;

import static dev.culvert.proto.http.testing.Heads.framed;
import static dev.culvert.proto.http.testing.Heads.get;
import static dev.culvert.proto.http.testing.Heads.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.culvert.proto.http.RequestRules.Accepted;
import dev.culvert.proto.http.RequestRules.Refused;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Reference: attacks.md §1 to §3 and §5; the first column of each table is its row there.
final class RequestRulesTest {
    private static final String POST = "POST / HTTP/1.1";
    private static final String HOST = "Host: example.com";

    private final RequestRules rules = new RequestRules(RequestPolicy.DEFAULT);
    private final RequestRules guarded = new RequestRules(RequestPolicy.DEFAULT.withGuard());

    static Stream<Arguments> refused() {
        return Stream.of(framing(), fields(), hosts(), lines()).flatMap(rows -> rows);
    }

    private static Stream<Arguments> framing() {
        return Stream.of(
                row("H1-01 CL.TE", RequestFault.LENGTH_AND_ENCODING, "Content-Length: 5", "Transfer-Encoding: chunked"),
                row("H1-01 TE.CL", RequestFault.LENGTH_AND_ENCODING, "Transfer-Encoding: chunked", "Content-Length: 5"),
                row(
                        "H1-01 two CL and TE",
                        RequestFault.LENGTH_AND_ENCODING,
                        "Content-Length: 5",
                        "Content-Length: 6",
                        "Transfer-Encoding: chunked"),
                row("H1-02 xchunked", RequestFault.ENCODING_MALFORMED, "Transfer-Encoding: xchunked"),
                row("H1-02 ,chunked", RequestFault.ENCODING_MALFORMED, "Transfer-Encoding: ,chunked"),
                row("H1-02 chunked,", RequestFault.ENCODING_MALFORMED, "Transfer-Encoding: chunked,"),
                row("H1-02 chunked,identity", RequestFault.ENCODING_MALFORMED, "Transfer-Encoding: chunked,identity"),
                row("H1-02 gzip,chunked", RequestFault.ENCODING_MALFORMED, "Transfer-Encoding: gzip,chunked"),
                row("H1-02 identity", RequestFault.ENCODING_MALFORMED, "Transfer-Encoding: identity"),
                row("H1-02 \\xa0chunked", RequestFault.ENCODING_MALFORMED, "Transfer-Encoding: \u00a0chunked"),
                row("H1-02 quoted", RequestFault.ENCODING_MALFORMED, "Transfer-Encoding: \"chunked\""),
                row("H1-02 with a parameter", RequestFault.ENCODING_MALFORMED, "Transfer-Encoding: chunked;a=b"),
                row("H1-02 tab", RequestFault.ENCODING_MALFORMED, "Transfer-Encoding: \tchunked"),
                row("H1-02 empty", RequestFault.ENCODING_MALFORMED, "Transfer-Encoding:"),
                row(
                        "H1-02 twice",
                        RequestFault.ENCODING_REPEATED,
                        "Transfer-Encoding: chunked",
                        "transfer-encoding: chunked"),
                arguments(
                        "H1-03 TE in 1.0",
                        request("POST / HTTP/1.0", HOST, "Transfer-Encoding: chunked"),
                        RequestFault.ENCODING_IN_1_0),
                row("H1-04 +1", RequestFault.LENGTH_MALFORMED, "Content-Length: +1"),
                row("H1-04 -1", RequestFault.LENGTH_MALFORMED, "Content-Length: -1"),
                row("H1-04 0x10", RequestFault.LENGTH_MALFORMED, "Content-Length: 0x10"),
                row("H1-04 1_0", RequestFault.LENGTH_MALFORMED, "Content-Length: 1_0"),
                row("H1-04 empty", RequestFault.LENGTH_MALFORMED, "Content-Length:"),
                row("H1-04 1Z", RequestFault.LENGTH_MALFORMED, "Content-Length: 1Z"),
                row("H1-04 2^63", RequestFault.LENGTH_MALFORMED, "Content-Length: 9223372036854775808"),
                row("H1-04 2^64+5", RequestFault.LENGTH_MALFORMED, "Content-Length: 18446744073709551621"),
                row("H1-04 list", RequestFault.LENGTH_MALFORMED, "Content-Length: 1, 1"),
                row("H1-04 tab", RequestFault.LENGTH_MALFORMED, "Content-Length: \t1"),
                row("H1-04 different", RequestFault.LENGTH_REPEATED, "Content-Length: 1", "Content-Length: 2"),
                row("H1-04 identical", RequestFault.LENGTH_REPEATED, "Content-Length: 1", "content-length: 1"),
                row("H1-16 unknown", RequestFault.EXPECTATION, "Expect: 200-ok"),
                row("H1-16 list", RequestFault.EXPECTATION, "Expect: 100-continue, x"),
                row("H1-16 twice", RequestFault.EXPECTATION, "Expect: 100-continue", "Expect: 100-continue"));
    }

    private static Stream<Arguments> fields() {
        String[] hundred = new String[100];
        Arrays.fill(hundred, "a: b");
        return Stream.of(
                row("H1-07 obs-fold", RequestFault.FIELD_VALUE, "Transfer-Encoding: chunked\r\n x"),
                row("H1-07 obs-fold with LF", RequestFault.FIELD_VALUE, "a: b\n c"),
                row("H1-08 bare LF", RequestFault.FIELD_VALUE, "a: b\nX: y"),
                row("H1-08 bare CR", RequestFault.FIELD_VALUE, "a: b\rc"),
                row("H1-08 NUL", RequestFault.FIELD_VALUE, "a: b\0c"),
                row("H1-08 CTL", RequestFault.FIELD_VALUE, "a: b\u0001"),
                row("H1-08 DEL", RequestFault.FIELD_VALUE, "a: b\u007f"),
                row("H1-08 beyond a byte", RequestFault.FIELD_VALUE, "a: \u010a"),
                row("H1-08 space before colon", RequestFault.FIELD_NAME, "Transfer-Encoding : chunked"),
                row("H1-08 empty name", RequestFault.FIELD_NAME, ": x"),
                row("H1-08 space before name", RequestFault.FIELD_NAME, " a: b"),
                row("H1-08 no token", RequestFault.FIELD_NAME, "a(b): c"),
                row("H1-08 NUL in a name", RequestFault.FIELD_NAME, "a\0: c"),
                row("H1-08 non-ASCII name", RequestFault.FIELD_NAME, "\u00e4: c"),
                row("H1-08 LF in a name", RequestFault.FIELD_NAME, "a\nb: c"),
                row("H1-15 101 fields", RequestFault.FIELDS_TOO_MANY, hundred),
                row("H1-15 over 32 KiB", RequestFault.FIELDS_TOO_LONG, "a: " + "x".repeat(32 * 1024)),
                row("HD-08 Authorization twice", RequestFault.FIELD_REPEATED, "Authorization: a", "authorization: a"),
                row("HD-08 Content-Type twice", RequestFault.FIELD_REPEATED, "Content-Type: a", "Content-Type: b"),
                row("HD-03 17 nominations", RequestFault.NOMINATIONS, "Connection: " + "x,".repeat(17)));
    }

    private static Stream<Arguments> hosts() {
        return Stream.of(
                arguments("H1-12 none in 1.1", request("GET / HTTP/1.1"), RequestFault.HOST_MISSING),
                arguments(
                        "H1-12 none, absolute target",
                        request("GET http://example.com/ HTTP/1.1"),
                        RequestFault.HOST_MISSING),
                row("H1-12 twice", RequestFault.HOST_REPEATED, "host: example.com"),
                host("H1-12 empty", ""),
                host("H1-12 userinfo", "user@example.com"),
                host("H1-12 userinfo with password", "user:pw@example.com"),
                host("H1-12 path", "example.com/admin"),
                host("H1-12 query", "example.com?x"),
                host("H1-12 comma", "example.com,evil.com"),
                host("H1-12 space", "example.com evil.com"),
                host("H1-12 scheme", "http://example.com"),
                host("H1-12 escape", "ex%61mple.com"),
                host("H1-12 non-ASCII", "ex\u00e4mple.com"),
                host("H1-12 empty port", "example.com:"),
                host("H1-12 port 0", "example.com:0"),
                host("H1-12 port 65536", "example.com:65536"),
                host("H1-12 port +80", "example.com:+80"),
                host("H1-12 port 080", "example.com:080"),
                host("H1-12 two ports", "example.com:80:80"),
                host("H1-12 two trailing dots", "example.com.."),
                host("H1-12 only a dot", "."),
                host("H1-12 only a port", ":80"),
                host("H1-12 empty label", "a..b"),
                host("H1-12 bare IPv6", "::1"),
                host("H1-12 unclosed bracket", "[::1"),
                host("H1-12 junk behind bracket", "[::1]x"),
                host("H1-12 zone", "[fe80::1%25eth0]"),
                host("H1-12 IPvFuture", "[v1.x]"),
                host("H1-12 IPv4 in brackets", "[1.2.3.4]"),
                arguments("H1-12 absolute, other host", get("http://other.example/"), RequestFault.HOST_MISMATCH),
                arguments("H1-12 absolute, other port", get("http://example.com:81/"), RequestFault.HOST_MISMATCH),
                arguments("H1-12 absolute, userinfo", get("http://u@example.com/"), RequestFault.HOST_MALFORMED),
                arguments("H1-12 absolute, no host", get("http:///x"), RequestFault.HOST_MALFORMED));
    }

    private static Stream<Arguments> lines() {
        return Stream.of(
                arguments("H1-13 #", get("/a#b"), RequestFault.TARGET_CHARACTER),
                arguments("H1-13 backslash", get("/pub\\..\\admin"), RequestFault.TARGET_CHARACTER),
                arguments("H1-13 raw non-ASCII", get("/\u00e4"), RequestFault.TARGET_CHARACTER),
                arguments("H1-13 CTL", get("/a\u0001"), RequestFault.TARGET_CHARACTER),
                arguments("H1-13 DEL", get("/a\u007f"), RequestFault.TARGET_CHARACTER),
                arguments("H1-13 space", get("/a b"), RequestFault.TARGET_CHARACTER),
                arguments("H1-13 CTL in the query", get("/?\r"), RequestFault.TARGET_CHARACTER),
                arguments("H1-13 empty", get(""), RequestFault.TARGET_CHARACTER),
                arguments("H1-13 %00", get("/a%00"), RequestFault.TARGET_ESCAPE),
                arguments("RT-04 % at the end", get("/a%"), RequestFault.TARGET_ESCAPE),
                arguments("RT-04 half an escape", get("/a%4"), RequestFault.TARGET_ESCAPE),
                arguments("RT-04 no hex", get("/a%4g"), RequestFault.TARGET_ESCAPE),
                arguments("RT-04 sign in an escape", get("/a%+1"), RequestFault.TARGET_ESCAPE),
                arguments("RT-04 escape into the query", get("/a%?41"), RequestFault.TARGET_ESCAPE),
                arguments("RT-04 escaped escape", get("/%2%65"), RequestFault.TARGET_ESCAPE),
                arguments("RT-04 ..;", get("/pub/..;/admin"), RequestFault.TARGET_AMBIGUOUS),
                arguments("RT-04 ..;x", get("/pub/..;x=1/admin"), RequestFault.TARGET_AMBIGUOUS),
                arguments("RT-04 .;", get("/pub/.;/admin"), RequestFault.TARGET_AMBIGUOUS),
                arguments("RT-04 %2e%2E;", get("/pub/%2e%2E;/admin"), RequestFault.TARGET_AMBIGUOUS),
                arguments("H1-12 no slash", get("admin"), RequestFault.TARGET_FORM),
                arguments("H1-12 authority-form", get("example.com:443"), RequestFault.TARGET_FORM),
                arguments("H1-12 other scheme", get("file:///etc/passwd"), RequestFault.TARGET_FORM),
                arguments("H1-12 * with GET", get("*"), RequestFault.TARGET_FORM),
                arguments("H1-14 CONNECT", request("CONNECT a:1 HTTP/1.1", HOST), RequestFault.METHOD_CONNECT),
                arguments("H1-14 connect", request("connect a:1 HTTP/1.1", HOST), RequestFault.METHOD_CONNECT),
                arguments("H1-14 TRACE", request("TRACE / HTTP/1.1", HOST), RequestFault.METHOD_TRACE),
                arguments("H1-14 TRACK", request("TRACK / HTTP/1.1", HOST), RequestFault.METHOD_TRACE),
                arguments("H1-14 HTTP/1.2", request("GET / HTTP/1.2", HOST), RequestFault.VERSION_UNSUPPORTED),
                arguments("H1-14 HTTP/2.0", request("PRI * HTTP/2.0", HOST), RequestFault.VERSION_UNSUPPORTED),
                arguments("H1-14 HTTP/0.9", request("GET / HTTP/0.9", HOST), RequestFault.VERSION_MALFORMED),
                arguments(
                        "H1-14 huge version",
                        request("GET / HTTP/2147483647.255", HOST),
                        RequestFault.VERSION_MALFORMED),
                arguments("H1-08 method", request("G(T / HTTP/1.1", HOST), RequestFault.METHOD_MALFORMED),
                arguments("H1-08 CTL before GET", request("\u0001GET / HTTP/1.1", HOST), RequestFault.METHOD_MALFORMED),
                arguments("H1-08 no method", request(" / HTTP/1.1", HOST), RequestFault.METHOD_MALFORMED),
                arguments(
                        "H1-15 long method",
                        request("A".repeat(33) + " / HTTP/1.1", HOST),
                        RequestFault.METHOD_MALFORMED),
                arguments("H1-15 target", get("/" + "a".repeat(8192)), RequestFault.TARGET_TOO_LONG),
                arguments("H1-12 no authority", framed("/", false, null), RequestFault.HOST_MISSING),
                arguments("WS-05 protocol", framed("/", true, "ip", HOST), RequestFault.PROTOCOL_UNSUPPORTED));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void refused(String row, RequestHead head, RequestFault reason) {
        assertThat(rules.check(head)).isEqualTo(new Refused(reason));
    }

    @Test
    void refused_rows_coverEveryFault() {
        Set<RequestFault> covered = EnumSet.of(RequestFault.FIELD_UNDERSCORE);
        refused().forEach(row -> covered.add((RequestFault) row.get()[2]));
        assertThat(covered).containsExactlyInAnyOrder(RequestFault.values());
    }

    private Accepted accepted(RequestHead head) {
        return (Accepted) rules.check(head);
    }

    @Test
    void framed_bodyWithoutLength_isChunkedForServersOfHttp11() {
        assertThat(accepted(framed("/", true, null, HOST)).framing()).isEqualTo(Framing.CHUNKED);
        assertThat(accepted(framed("/", false, null, HOST)).framing()).isEqualTo(Framing.NONE);
        Accepted known = accepted(framed("/", true, null, HOST, "content-length: 5"));
        assertThat(known.framing()).isEqualTo(Framing.LENGTH);
        assertThat(known.length()).isEqualTo(5);
    }

    @Test
    void framed_extendedConnect_isAWebSocketOfVersion13() {
        Accepted asked = accepted(framed("/", true, "websocket", HOST, "sec-websocket-version: 13"));
        assertThat(asked.upgradeWebSocket()).isTrue();
        assertThat(asked.framing()).isEqualTo(Framing.NONE);
        assertThat(accepted(framed("/", true, "websocket", HOST, "sec-websocket-version: 8"))
                        .upgradeWebSocket())
                .isFalse();
    }

    @Test
    void refused_status_isThatOfTheReason() {
        assertThat(new Refused(RequestFault.TARGET_TOO_LONG).status()).isEqualTo(414);
        assertThat(new Refused(RequestFault.FIELDS_TOO_MANY).status()).isEqualTo(431);
        assertThat(new Refused(RequestFault.FIELDS_TOO_LONG).status()).isEqualTo(431);
        assertThat(new Refused(RequestFault.METHOD_CONNECT).status()).isEqualTo(405);
        assertThat(new Refused(RequestFault.METHOD_TRACE).status()).isEqualTo(405);
        assertThat(new Refused(RequestFault.VERSION_UNSUPPORTED).status()).isEqualTo(505);
        assertThat(new Refused(RequestFault.EXPECTATION).status()).isEqualTo(417);
        assertThat(new Refused(RequestFault.LENGTH_AND_ENCODING).status()).isEqualTo(400);
    }

    @Test
    void check_plainGet_passesWithTheSameTarget() {
        RequestHead head = get("/photos/2026?album=1%2f2", "Accept: */*");
        Accepted accepted = accept(head);
        assertThat(accepted)
                .isEqualTo(new Accepted(
                        "example.com", -1, "/photos/2026?album=1%2f2", false, Framing.NONE, -1, false, false, true));
        assertThat(accepted.target()).isSameAs(head.target());
    }

    @Test
    void check_lengthWithLeadingZero_isDecimal() {
        // H1-05
        Accepted accepted = accept(request(POST, HOST, "Content-Length: 010"));
        assertThat(accepted.framing()).isEqualTo(Framing.LENGTH);
        assertThat(accepted.length()).isEqualTo(10);
    }

    @Test
    void check_getWithLength_hasABody() {
        // H1-06
        assertThat(accept(get("/", "Content-Length: 44")).framing()).isEqualTo(Framing.LENGTH);
    }

    @Test
    void check_chunked_inAnyCase() {
        Accepted accepted = accept(request(POST, HOST, "transfer-encoding: Chunked", "Expect: 100-Continue"));
        assertThat(accepted.framing()).isEqualTo(Framing.CHUNKED);
        assertThat(accepted.length()).isEqualTo(-1);
        assertThat(accepted.expectContinue()).isTrue();
    }

    @Test
    void check_limits_areInclusive() {
        String[] lines = new String[99];
        Arrays.fill(lines, "a: b");
        accept(get("/" + "a".repeat(8191), lines));
        int rest = 32 * 1024 - "Host".length() - "example.com".length() - 4 - "a".length() - 4;
        accept(get("/", "a: " + "x".repeat(rest)));
        assertThat(rules.check(get("/", "a: " + "x".repeat(rest + 1))))
                .isEqualTo(new Refused(RequestFault.FIELDS_TOO_LONG));
        accept(get("/", "Connection: " + "x,".repeat(16) + "close"));
    }

    @ParameterizedTest
    @CsvSource({
        "example.com, example.com, -1",
        "EXAMPLE.Com:8443, example.com, 8443",
        "example.com., example.com, -1",
        "example.com.:80, example.com, 80",
        "my_host, my_host, -1",
        "192.0.2.1:65535, 192.0.2.1, 65535",
        "[2001:DB8:0::1], [2001:db8::1], -1",
        "[::1]:8080, [::1], 8080",
    })
    void check_host_isNormalised(String value, String host, int port) {
        Accepted accepted = accept(request("GET / HTTP/1.1", "Host: " + value));
        assertThat(accepted.host()).isEqualTo(host);
        assertThat(accepted.port()).isEqualTo(port);
    }

    @ParameterizedTest
    @CsvSource({
        "http://example.com, /",
        "http://example.com/, /",
        "HTTP://EXAMPLE.com./a?b, /a?b",
        "http://example.com:80/a/../b, /b",
        "https://example.com?q, /?q",
    })
    void check_absoluteTarget_equalToHost_becomesOriginForm(String target, String forward) {
        assertThat(accept(get(target)).target()).isEqualTo(forward);
    }

    @Test
    void check_http10_mayLackAHost() {
        assertThat(accept(request("GET / HTTP/1.0")).host()).isEmpty();
        assertThat(accept(request("GET http://a:81/ HTTP/1.0")).host()).isEqualTo("a");
        assertThat(accept(request("GET http://a:81/ HTTP/1.0")).port()).isEqualTo(81);
    }

    @Test
    void check_optionsAsterisk_passes() {
        assertThat(accept(request("OPTIONS * HTTP/1.1", HOST)).target()).isEqualTo("*");
    }

    @Test
    void check_webDav_passes() {
        accept(request("PROPFIND /dav/ HTTP/1.1", HOST, "Depth: 1"));
        accept(request("MOVE /dav/a HTTP/1.1", HOST, "Destination: https://example.com/dav/b"));
        accept(request("VERSION-CONTROL /dav/a HTTP/1.1", HOST));
    }

    @ParameterizedTest
    @CsvSource({
        "1.1, Accept: x, true",
        "1.1, Connection: close, false",
        "1.1, 'Connection: x, CLOSE ', false",
        "1.1, Connection: closed, true",
        "1.0, Accept: x, false",
        "1.0, Connection: Keep-Alive, true",
        "1.0, 'Connection: keep-alive, close', false",
    })
    void check_keepAlive_followsVersionAndConnection(String version, String line, boolean expected) {
        assertThat(accept(request("GET / HTTP/" + version, HOST, line)).keepAlive())
                .isEqualTo(expected);
    }

    @Test
    void check_http10Expect_isIgnored() {
        assertThat(accept(request("POST / HTTP/1.0", HOST, "Expect: 100-continue"))
                        .expectContinue())
                .isFalse();
    }

    @ParameterizedTest(name = "HD-02 {0}")
    @ValueSource(strings = {"X_Forwarded_For: 1.2.3.4", "my_field: x"})
    void check_underscore_passesUnlessThePolicyRefusesIt(String line) {
        accept(get("/", line));
        RequestRules strict = new RequestRules(RequestPolicy.DEFAULT.withoutUnderscores());
        assertThat(strict.check(get("/", line))).isEqualTo(new Refused(RequestFault.FIELD_UNDERSCORE));
        assertThat(strict.check(get("/", "My-Field: a_b"))).isInstanceOf(Accepted.class);
    }

    @ParameterizedTest(name = "RT-04 {0}")
    @ValueSource(
            strings = {
                "/pub%2f..%2fadmin",
                "/a%5Cb",
                "/a%3bb",
                "/%252e%252e/",
                "/a%3fb",
                "/a%23b",
                "/a%0d%0aSet-Cookie",
                "/%7F",
                "/?x=%00"
            })
    void check_ambiguousEscape_isToldAndRefusedWhenGuarded(String target) {
        Accepted accepted = accept(get(target));
        assertThat(accepted.ambiguous()).isTrue();
        assertThat(guarded.check(get(target))).isEqualTo(new Refused(RequestFault.TARGET_AMBIGUOUS));
        // What it does is kept: only its spelling becomes canonical.
        assertThat(accepted.target()).isEqualToIgnoringCase(target);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/a%20b", "/%C3%A4", "/a?b=%2F%5C%3B%25", "/a?100%", "/a;v=1/b", "/a%2Bb"})
    void check_harmlessEscape_passesGuarded(String target) {
        RequestHead head = get(target);
        assertThat(guarded.check(head))
                .isInstanceOfSatisfying(
                        Accepted.class, a -> assertThat(a.target()).isSameAs(head.target()));
    }

    private static final String UPGRADE = "Upgrade: WebSocket";
    private static final String CONNECTION = "Connection: keep-alive, Upgrade";
    private static final String KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    private static final String VERSION = "Sec-WebSocket-Version: 13";

    @Test
    void check_exactHandshake_upgrades() {
        assertThat(accept(get("/ws", UPGRADE, CONNECTION, KEY, VERSION)).upgradeWebSocket())
                .isTrue();
    }

    static Stream<Arguments> noHandshake() {
        return Stream.of(
                arguments("WS-01 h2c", get("/", "Upgrade: h2c", "Connection: Upgrade, HTTP2-Settings", KEY, VERSION)),
                arguments("WS-01 list", get("/", "Upgrade: websocket, h2c", CONNECTION, KEY, VERSION)),
                arguments("WS-02 two Upgrades", get("/", UPGRADE, "Upgrade: h2c", CONNECTION, KEY, VERSION)),
                arguments("WS-02 no Connection", get("/", UPGRADE, KEY, VERSION)),
                arguments("WS-02 Connection: close", get("/", UPGRADE, "Connection: close", KEY, VERSION)),
                arguments("WS-02 no key", get("/", UPGRADE, CONNECTION, VERSION)),
                arguments("WS-02 short key", get("/", UPGRADE, CONNECTION, "Sec-WebSocket-Key: AAAA==", VERSION)),
                arguments(
                        "WS-02 key is no base64",
                        get("/", UPGRADE, CONNECTION, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZ!==", VERSION)),
                arguments("WS-02 two keys", get("/", UPGRADE, CONNECTION, KEY, KEY, VERSION)),
                arguments("WS-02 no version", get("/", UPGRADE, CONNECTION, KEY)),
                arguments("WS-02 version 777", get("/", UPGRADE, CONNECTION, KEY, "Sec-WebSocket-Version: 777")),
                arguments("WS-02 version 013", get("/", UPGRADE, CONNECTION, KEY, "Sec-WebSocket-Version: 013")),
                arguments("WS-02 POST", request(POST, HOST, UPGRADE, CONNECTION, KEY, VERSION)),
                arguments("WS-02 get", request("get / HTTP/1.1", HOST, UPGRADE, CONNECTION, KEY, VERSION)),
                arguments("WS-02 HTTP/1.0", request("GET / HTTP/1.0", HOST, UPGRADE, CONNECTION, KEY, VERSION)),
                arguments("WS-02 body", get("/", UPGRADE, CONNECTION, KEY, VERSION, "Content-Length: 1")),
                arguments(
                        "WS-02 chunked body",
                        get("/", UPGRADE, CONNECTION, KEY, VERSION, "Transfer-Encoding: chunked")),
                arguments("HD-09 fields alone", get("/", KEY, VERSION)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void noHandshake(String row, RequestHead head) {
        assertThat(accept(head).upgradeWebSocket()).isFalse();
    }

    @Test
    void check_afterARefusal_startsAfresh() {
        rules.check(request(POST, HOST, "Content-Length: 5", "Transfer-Encoding: chunked", "Connection: close"));
        rules.check(get("http://other/%2f"));
        assertThat(rules.check(get("/")))
                .isEqualTo(new Accepted("example.com", -1, "/", false, Framing.NONE, -1, false, false, true));
    }

    @Test
    void policy_limitsBelowOne_throws() {
        assertThatThrownBy(() -> new RequestPolicy(false, false, 0, 1, 1)).isInstanceOf(IllegalArgumentException.class);
    }

    private Accepted accept(RequestHead head) {
        return (Accepted) rules.check(head);
    }

    private static Arguments row(String name, RequestFault reason, String... lines) {
        String[] all = new String[lines.length + 1];
        all[0] = HOST;
        System.arraycopy(lines, 0, all, 1, lines.length);
        return arguments(name, request(POST, all), reason);
    }

    private static Arguments host(String name, String value) {
        return arguments(name, request("GET / HTTP/1.1", "Host: " + value), RequestFault.HOST_MALFORMED);
    }
}
