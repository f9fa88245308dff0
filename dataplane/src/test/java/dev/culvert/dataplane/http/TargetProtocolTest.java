package dev.culvert.dataplane.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.dataplane.testing.FrameTarget;
import dev.culvert.dataplane.testing.FrameWire;
import dev.culvert.dataplane.testing.FrameWire.Frame;
import dev.culvert.dataplane.testing.Wire;
import dev.culvert.model.Target;
import dev.culvert.model.TargetTls;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Targets of `h2c://` and `https://`.
@Timeout(30)
class TargetProtocolTest extends Http2Road {
    private static final String PASSWORD = "changeit";

    @TempDir
    Path folder;

    /// A server whose certificate of its own is for `name`; [#authority] is that certificate.
    private SslContext server(String name) throws Exception {
        Path store = folder.resolve(name + ".p12");
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "own",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=" + name,
                        "-ext",
                        "san=dns:" + name,
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        store.toString(),
                        "-storepass",
                        PASSWORD)
                .redirectErrorStream(true)
                .start();
        assertThat(keytool.waitFor(20, TimeUnit.SECONDS)).isTrue();
        KeyStore keys = KeyStore.getInstance(store.toFile(), PASSWORD.toCharArray());
        X509Certificate shown = (X509Certificate) keys.getCertificate("own");
        Files.writeString(
                authority(),
                "-----BEGIN CERTIFICATE-----\n" + Base64.getMimeEncoder().encodeToString(shown.getEncoded())
                        + "\n-----END CERTIFICATE-----\n");
        return SslContextBuilder.forServer((PrivateKey) keys.getKey("own", PASSWORD.toCharArray()), shown)
                .applicationProtocolConfig(new ApplicationProtocolConfig(
                        ApplicationProtocolConfig.Protocol.ALPN,
                        ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                        ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
                        "h2"))
                .build();
    }

    private Path authority() {
        return folder.resolve("ca.pem");
    }

    private static Target https(FrameTarget to, TargetTls tls) {
        return new Target(Target.Scheme.HTTPS, "localhost", to.port(), tls);
    }

    private String statusFrom(Target target) throws Exception {
        try (Wire visitor = servingFrom(target)) {
            visitor.send(get("/"));
            return visitor.readHead().substring(9, 12);
        }
    }

    @Test
    void h2c_requestsOfHttp11Visitors_shareOneConnection() throws Exception {
        try (FrameTarget target = new FrameTarget(null);
                Wire visitor = servingFrom(new Target(Target.Scheme.H2C, "127.0.0.1", target.port()))) {
            for (int i = 0; i < 3; i++) {
                visitor.send(get("/" + i));
                assertThat(visitor.readHead()).startsWith("HTTP/1.1 200").containsIgnoringCase("chunked");
                assertThat(visitor.readUntil("0\r\n\r\n")).isEqualTo("2\r\nok\r\n0\r\n\r\n");
                Http2Headers head = Objects.requireNonNull(target.heads.poll(5, TimeUnit.SECONDS));
                assertThat(head.path()).hasToString("/" + i);
                assertThat(head.authority()).hasToString("app.test");
                assertThat(head.scheme()).hasToString("http");
                assertThat(head.get("x-forwarded-for")).hasToString("127.0.0.1");
            }
            assertThat(target.connections).hasValue(1);
        }
    }

    /// What gRPC needs: both bodies at the same time, and trailers.
    @Test
    void h2c_call_streamsBothWaysAndEndsWithTrailers() throws Exception {
        try (FrameTarget target = new FrameTarget(null)) {
            serving2(new Target(Target.Scheme.H2C, "127.0.0.1", target.port()));
            FrameWire visitor = visitor2().greet();
            visitor.post(1, "/svc/Method", "content-type", "application/grpc", "te", "trailers");
            for (String piece : new String[] {"first", "second"}) {
                visitor.data(1, false, piece);
                Frame back = Objects.requireNonNull(visitor.readUntil(frame -> frame.is(FrameWire.DATA, 1)));
                assertThat(back.payload()).isEqualTo(piece);
            }
            visitor.data(1, true, "");

            Frame last = Objects.requireNonNull(visitor.readUntil(Frame::endsStream));

            assertThat(visitor.decode(last).get("grpc-status")).hasToString("0");
            assertThat(Objects.requireNonNull(target.heads.poll()).get("te")).hasToString("trailers");
        }
    }

    @Test
    void h2c_cancelledStream_isCancelledAtTheTarget() throws Exception {
        try (FrameTarget target = new FrameTarget(null)) {
            serving2(new Target(Target.Scheme.H2C, "127.0.0.1", target.port()));
            FrameWire visitor = visitor2().greet();
            visitor.post(1, "/").data(1, false, "x");
            visitor.readUntil(frame -> frame.is(FrameWire.DATA, 1));

            visitor.reset(1, 8);

            assertThat(target.ends.poll(1, TimeUnit.SECONDS)).isEqualTo("closed");
        }
    }

    @Test
    void https_certificateOfANamedAuthority_isBelieved() throws Exception {
        try (FrameTarget target = new FrameTarget(server("localhost"))) {
            assertThat(statusFrom(https(target, new TargetTls(authority().toString(), false))))
                    .isEqualTo("200");
            assertThat(Objects.requireNonNull(target.heads.poll()).scheme()).hasToString("https");
        }
    }

    /// GHSA-p85m-gvr3-788c was a client that did not look at the name.
    @Test
    void https_certificateForAnotherName_isRefused() throws Exception {
        try (FrameTarget target = new FrameTarget(server("other.test"))) {
            assertThat(statusFrom(https(target, new TargetTls(authority().toString(), false))))
                    .isEqualTo("502");
            assertThat(target.heads).isEmpty();
        }
    }

    @Test
    void https_certificateOfAStranger_isRefused() throws Exception {
        try (FrameTarget target = new FrameTarget(server("localhost"))) {
            assertThat(statusFrom(https(target, TargetTls.DEFAULT))).isEqualTo("502");
            assertThat(target.heads).isEmpty();
        }
    }

    @Test
    void https_insecure_believesAny() throws Exception {
        try (FrameTarget target = new FrameTarget(server("other.test"))) {
            assertThat(statusFrom(https(target, new TargetTls(null, true)))).isEqualTo("200");
        }
    }
}
