package dev.culvert.dataplane.http;

import dev.culvert.model.Destination;
import dev.culvert.model.Model;
import dev.culvert.model.Service;
import dev.culvert.model.Target;
import dev.culvert.model.TargetTls;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// TLS towards targets. Made by the reconciler, off the loops, for it reads files; used on all of them.
///
/// The JDK's TLS and not BoringSSL: connections to targets are few and kept, and the JDK checks the name in a
/// certificate by
/// itself (docs/decisions/0015-tls-to-targets.md).
final class TargetContexts {
    // Where Linux distributions keep what the administrator of the machine believes.
    private static final List<Path> SYSTEM = List.of(
            Path.of("/etc/ssl/certs/ca-certificates.crt"),
            Path.of("/etc/pki/tls/certs/ca-bundle.crt"),
            Path.of("/etc/ssl/cert.pem"));

    private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};

    private record Key(TargetTls tls, boolean http1) {}

    private volatile Map<Key, SslContext> contexts = Map.of();

    /// Reads what the targets of a model are judged by.
    ///
    /// @throws IOException with the remedy, if a file cannot be read; what was before holds on
    void prepare(Model model) throws IOException {
        Map<Key, SslContext> next = new HashMap<>();
        for (Service service : model.services().values()) {
            for (Destination destination : service.targets()) {
                TargetTls tls = destination.target().tls();
                if (service.scheme() == Target.Scheme.HTTPS && !next.containsKey(new Key(tls, true))) {
                    next.put(new Key(tls, true), context(tls, List.of("http/1.1")));
                    next.put(new Key(tls, false), context(tls, List.of("h2", "http/1.1")));
                }
            }
        }
        contexts = Map.copyOf(next);
    }

    private static SslContext context(TargetTls tls, List<String> versions) throws IOException {
        SslContextBuilder builder = SslContextBuilder.forClient()
                .sslProvider(SslProvider.JDK)
                .protocols(PROTOCOLS)
                .endpointIdentificationAlgorithm(tls.insecure() ? null : "HTTPS")
                .applicationProtocolConfig(new ApplicationProtocolConfig(
                        ApplicationProtocolConfig.Protocol.ALPN,
                        ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                        ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
                        versions));
        Path authorities = tls.ca() == null ? system() : Path.of(tls.ca());
        if (tls.insecure()) {
            return builder.trustManager(InsecureTrustManagerFactory.INSTANCE).build();
        }
        if (authorities == null) {
            return builder.build();
        }
        try (InputStream in = Files.newInputStream(authorities)) {
            return builder.trustManager(in).build();
        } catch (NoSuchFileException e) {
            throw new IOException("target-ca: there is no file " + authorities, e);
        } catch (IOException | IllegalArgumentException e) {
            throw new IOException(
                    "target-ca: " + authorities + " cannot be read as certificates in PEM: " + e.getMessage(), e);
        }
    }

    private static @Nullable Path system() {
        return SYSTEM.stream().filter(Files::isReadable).findFirst().orElse(null);
    }

    /// For one connection; its name is the target's, as SNI and in the certificate.
    ///
    /// @param http1 whether HTTP/2 is not offered
    /// @return null if no model that holds has this target
    @Nullable
    SslHandler handler(Target target, boolean http1, ByteBufAllocator allocator) {
        SslContext context = contexts.get(new Key(target.tls(), http1));
        return context == null ? null : context.newHandler(allocator, target.host(), target.port());
    }
}
