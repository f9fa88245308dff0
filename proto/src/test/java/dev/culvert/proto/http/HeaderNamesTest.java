package dev.culvert.proto.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.http.testing.Heads;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Reference: attacks.md §2 (HD-01 to HD-03, HD-09), §5 (WS-01), §1 (H1-11).
final class HeaderNamesTest {
    @ParameterizedTest(name = "HD-01 {0}")
    @ValueSource(
            strings = {
                "X-Forwarded-For",
                "X-Forwarded-Proto",
                "X-Forwarded-Host",
                "X-Forwarded-Port",
                "X-Forwarded-Prefix",
                "X-Forwarded-Uri",
                "X-Forwarded-Method",
                "X-Forwarded-Server",
                "X-Forwarded-Tls-Client-Cert",
                "X-Forwarded-Tls-Client-Cert-Info",
                "X-Forwarded-User",
                "X-Forwarded",
                "X-Real-IP",
                "Client-Cert",
                "Client-Cert-Chain",
                "X-Client-Cert-Subject",
                "X-SSL-Client-Verify",
                "SSL-Client-Cert",
                "Forwarded",
                "True-Client-IP",
                "CF-Connecting-IP",
                "CF-Connecting-IPv6",
                "X-Client-IP",
                "X-Cluster-Client-IP",
                "X-Original-URL",
                "X-Rewrite-URL",
                "Proxy",
                "Proxy-Authorization",
                "Proxy-Connection",
                "Proxy-Foo"
            })
    void isManaged_namesOfProxies_true(String name) {
        assertThat(HeaderNames.isManaged(name)).isTrue();
        assertThat(HeaderNames.isManagedAlias(name)).isFalse();
    }

    @ParameterizedTest(name = "HD-02 {0}")
    @ValueSource(
            strings = {
                "X_Forwarded_For",
                "x_forwarded_for",
                "X.Forwarded.For",
                "X-Forwarded_For",
                "X_Forwarded-For",
                "_X-Forwarded-For",
                "X-Forwarded-For_",
                "X__Forwarded..Proto",
                "X_Real.IP",
                "FORWARDED_",
                "True_Client_IP",
                "Cf.Connecting_Ip",
                "PROXY_AUTHORIZATION",
                "Proxy.",
                "X~Forwarded~For",
                "X!Real!Ip"
            })
    void isManagedAlias_otherSpellings_true(String name) {
        assertThat(HeaderNames.isManaged(name)).isTrue();
        assertThat(HeaderNames.isManagedAlias(name)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "-",
                "X",
                "X-Forward",
                "X-Forwarde",
                "Forward",
                "Forwarded-By",
                "Accept",
                "Host",
                "Cookie",
                "Proxying",
                "Proxyx",
                "True-Client",
                "CF-Ray",
                "X-Real",
                "X-Real-IP-2",
                "X-Requested-With",
                "Priority",
                "my_field"
            })
    void isManaged_others_false(String name) {
        assertThat(HeaderNames.isManaged(name)).isFalse();
        assertThat(HeaderNames.isManagedAlias(name)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Connection",
                "keep-alive",
                "TE",
                "Trailer",
                "Transfer-Encoding",
                "UPGRADE",
                "HTTP2-Settings",
                "Proxy-Connection",
                "Proxy-Authenticate",
                "Proxy-Authorization",
                "Proxy-Authentication-Info"
            })
    void isHopByHop_connectionFields_true(String name) {
        assertThat(HeaderNames.isHopByHop(name)).isTrue();
        assertThat(HeaderNames.isForbiddenInTrailers(name)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"Accept", "Content-Length", "Host", "Set-Cookie", "Upgraded", "ET", "Via"})
    void isHopByHop_others_false(String name) {
        assertThat(HeaderNames.isHopByHop(name)).isFalse();
    }

    @ParameterizedTest(name = "H1-11 {0}")
    @ValueSource(
            strings = {
                "Content-Length",
                "Transfer-Encoding",
                "Host",
                "Authorization",
                "X-Forwarded-For",
                "Cookie",
                "Set-Cookie",
                "x_forwarded_host",
                "Sec-Fetch-Site",
                "Access-Control-Allow-Origin",
                "Content-Type"
            })
    void isForbiddenInTrailers_framingRoutingSecurity_true(String name) {
        assertThat(HeaderNames.isForbiddenInTrailers(name)).isTrue();
    }

    @Test
    void isForbiddenInTrailers_whatTrailersAreFor_false() {
        assertThat(HeaderNames.isForbiddenInTrailers("Grpc-Status")).isFalse();
        assertThat(HeaderNames.isForbiddenInTrailers("Server-Timing")).isFalse();
        assertThat(HeaderNames.isForbiddenInTrailers("Digest")).isFalse();
    }

    @Test
    void isWebSocket_handshakeFields_true() {
        assertThat(HeaderNames.isWebSocket("sec-websocket-version")).isTrue();
        assertThat(HeaderNames.isWebSocket("Sec-WebSocket-Protocol")).isTrue();
        assertThat(HeaderNames.isWebSocket("Sec-Fetch-Mode")).isFalse();
    }

    @Test
    void nominations_ordinaryNames_areTaken() {
        Nominations nominations = Nominations.of(Heads.get("/", "Connection: X-Hop ,, close", "connection: X-OTHER"));
        assertThat(nominations.contains("x-hop")).isTrue();
        assertThat(nominations.contains("X-Other")).isTrue();
        assertThat(nominations.contains("close")).isFalse();
        assertThat(nominations.contains("Accept")).isFalse();
    }

    @ParameterizedTest(name = "HD-03 {0}")
    @ValueSource(
            strings = {
                "X-Forwarded-For",
                "x_forwarded_for",
                "Authorization",
                "Cookie",
                "Host",
                "Content-Length",
                "Content-Type",
                "Origin",
                "Sec-Fetch-Site",
                "Set-Cookie",
                "Strict-Transport-Security",
                "X-Real-IP"
            })
    void nominations_managedAndSecurityNames_areIgnored(String name) {
        Nominations nominations = Nominations.of(Heads.get("/", "Connection: close, " + name));
        assertThat(nominations.contains(name)).isFalse();
        assertThat(nominations.isEmpty()).isTrue();
    }

    @Test
    void nominations_usualConnection_isShared() {
        Nominations none = Nominations.of(Heads.get("/"));
        assertThat(Nominations.of(Heads.get("/", "Connection: keep-alive, Upgrade, TE, HTTP2-Settings")))
                .isSameAs(none);
    }
}
