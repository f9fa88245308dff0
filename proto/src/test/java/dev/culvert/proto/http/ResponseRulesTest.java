package dev.culvert.proto.http;

import static dev.culvert.proto.http.testing.Heads.response;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.culvert.proto.http.ResponseRules.Final;
import dev.culvert.proto.http.ResponseRules.Interim;
import dev.culvert.proto.http.ResponseRules.Refused;
import dev.culvert.proto.http.ResponseRules.Switching;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Reference: attacks.md H1-18 and WS-02.
final class ResponseRulesTest {
    // The example of RFC 6455 §1.3.
    private static final String KEY = "dGhlIHNhbXBsZSBub25jZQ==";
    private static final String ACCEPT = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

    private final ResponseRules rules = new ResponseRules();

    static Stream<Arguments> refused() {
        String[] many = new String[201];
        Arrays.fill(many, "a: b");
        return Stream.of(
                arguments(
                        "CL twice",
                        response(200, "Content-Length: 1", "Content-Length: 2"),
                        ResponseFault.LENGTH_REPEATED),
                arguments(
                        "CL twice, identical",
                        response(200, "Content-Length: 1", "Content-Length: 1"),
                        ResponseFault.LENGTH_REPEATED),
                arguments("CL list", response(200, "Content-Length: 1, 1"), ResponseFault.LENGTH_MALFORMED),
                arguments("CL +5", response(200, "Content-Length: +5"), ResponseFault.LENGTH_MALFORMED),
                arguments("CL +5 on 304", response(304, "Content-Length: +5"), ResponseFault.LENGTH_MALFORMED),
                arguments(
                        "TE and CL",
                        response(200, "Transfer-Encoding: chunked", "Content-Length: 1"),
                        ResponseFault.LENGTH_AND_ENCODING),
                arguments("TE gzip", response(200, "Transfer-Encoding: gzip"), ResponseFault.ENCODING),
                arguments(
                        "TE twice",
                        response(200, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
                        ResponseFault.ENCODING),
                arguments("TE in 1.0", response(1, 0, 200, "Transfer-Encoding: chunked"), ResponseFault.ENCODING),
                arguments("204 with TE", response(204, "Transfer-Encoding: chunked"), ResponseFault.BODY_FORBIDDEN),
                arguments("204 with CL", response(204, "Content-Length: 1"), ResponseFault.BODY_FORBIDDEN),
                arguments("103 with CL", response(103, "Content-Length: 1"), ResponseFault.BODY_FORBIDDEN),
                arguments(
                        "101 unasked",
                        response(101, "Upgrade: websocket", "Connection: Upgrade", ACCEPT),
                        ResponseFault.SWITCH_UNASKED),
                arguments("header injection", response(200, "a: b\r\nSet-Cookie: c"), ResponseFault.FIELD_VALUE),
                arguments("NUL", response(200, "a: \0"), ResponseFault.FIELD_VALUE),
                arguments("name", response(200, "a b: c"), ResponseFault.FIELD_NAME),
                arguments("too many fields", response(200, many), ResponseFault.FIELDS_TOO_MANY),
                arguments("too long", response(200, "a: " + "x".repeat(65_536)), ResponseFault.FIELDS_TOO_LONG),
                arguments("nominations", response(200, "Connection: " + "x,".repeat(17)), ResponseFault.NOMINATIONS),
                arguments("status 99", response(99), ResponseFault.STATUS),
                arguments("status 600", response(600), ResponseFault.STATUS),
                arguments("HTTP/2.0", response(2, 0, 200), ResponseFault.VERSION),
                arguments("HTTP/1.2", response(1, 2, 200), ResponseFault.VERSION));
    }

    @ParameterizedTest(name = "H1-18 {0}")
    @MethodSource
    void refused(String row, ResponseHead head, ResponseFault reason) {
        assertThat(rules.check(head, false, null, 0)).isEqualTo(new Refused(reason));
    }

    @Test
    void refused_rows_coverEveryFault() {
        Set<ResponseFault> covered = EnumSet.of(ResponseFault.SWITCH_MALFORMED, ResponseFault.INTERIM_FLOOD);
        refused().forEach(row -> covered.add((ResponseFault) row.get()[2]));
        assertThat(covered).containsExactlyInAnyOrder(ResponseFault.values());
    }

    static Stream<Arguments> framed() {
        return Stream.of(
                arguments("CL", response(200, "Content-Length: 5"), new Final(Framing.LENGTH, 5, true)),
                arguments("CL 0", response(200, "Content-Length: 0"), new Final(Framing.LENGTH, 0, true)),
                arguments("chunked", response(200, "Transfer-Encoding: Chunked"), new Final(Framing.CHUNKED, -1, true)),
                arguments("neither", response(200), new Final(Framing.UNTIL_CLOSE, -1, false)),
                arguments(
                        "CL and close",
                        response(200, "Content-Length: 5", "Connection: close"),
                        new Final(Framing.LENGTH, 5, false)),
                arguments("CL in 1.0", response(1, 0, 200, "Content-Length: 5"), new Final(Framing.LENGTH, 5, false)),
                arguments(
                        "CL in 1.0 with keep-alive",
                        response(1, 0, 200, "Content-Length: 5", "Connection: keep-alive"),
                        new Final(Framing.LENGTH, 5, true)),
                arguments("204", response(204), new Final(Framing.NONE, -1, true)),
                arguments("204 with CL 0", response(204, "Content-Length: 0"), new Final(Framing.NONE, 0, true)),
                arguments("304 with CL", response(304, "Content-Length: 5"), new Final(Framing.NONE, 5, true)),
                arguments(
                        "304 with TE", response(304, "Transfer-Encoding: chunked"), new Final(Framing.NONE, -1, true)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void framed(String row, ResponseHead head, Final expected) {
        assertThat(rules.check(head, false, null, 0)).isEqualTo(expected);
    }

    @Test
    void check_head_hasNoBodyWhateverItSays() {
        assertThat(rules.check(response(200, "Content-Length: 5"), true, null, 0))
                .isEqualTo(new Final(Framing.NONE, 5, true));
        assertThat(rules.check(response(200, "Transfer-Encoding: chunked"), true, null, 0))
                .isEqualTo(new Final(Framing.NONE, -1, true));
        assertThat(rules.check(response(200), true, null, 0)).isEqualTo(new Final(Framing.NONE, -1, true));
    }

    @Test
    void check_interim_passesEightTimes() {
        ResponseHead earlyHints = response(103, "Link: </style.css>; rel=preload");
        assertThat(rules.check(earlyHints, false, null, 0)).isEqualTo(new Interim());
        assertThat(rules.check(response(100), false, null, 7)).isEqualTo(new Interim());
        assertThat(rules.check(earlyHints, false, null, 8)).isEqualTo(new Refused(ResponseFault.INTERIM_FLOOD));
        assertThat(rules.check(response(204), false, null, 8)).isInstanceOf(Final.class);
    }

    @Test
    void check_switchWithTheRightAccept_switches() {
        ResponseHead head = response(101, "upgrade: WebSocket", "connection: upgrade", ACCEPT);
        assertThat(rules.check(head, false, KEY, 0)).isEqualTo(new Switching());
    }

    static Stream<Arguments> badSwitch() {
        String upgrade = "Upgrade: websocket";
        String connection = "Connection: Upgrade";
        return Stream.of(
                arguments("no Accept", response(101, upgrade, connection)),
                arguments("wrong Accept", response(101, upgrade, connection, "Sec-WebSocket-Accept: x")),
                arguments("two Accepts", response(101, upgrade, connection, ACCEPT, ACCEPT)),
                arguments("no Upgrade", response(101, connection, ACCEPT)),
                arguments("h2c", response(101, "Upgrade: h2c", connection, ACCEPT)),
                arguments("no Connection", response(101, upgrade, ACCEPT)),
                arguments("HTTP/1.0", response(1, 0, 101, upgrade, connection, ACCEPT)));
    }

    @ParameterizedTest(name = "WS-02 {0}")
    @MethodSource
    void badSwitch(String row, ResponseHead head) {
        assertThat(rules.check(head, false, KEY, 0)).isEqualTo(new Refused(ResponseFault.SWITCH_MALFORMED));
    }

    @Test
    void check_otherStatusToAHandshake_isAnOrdinaryResponse() {
        assertThat(rules.check(response(200, "Content-Length: 5", "Upgrade: websocket"), false, KEY, 0))
                .isEqualTo(new Final(Framing.LENGTH, 5, true));
    }
}
