package dev.culvert.dataplane.tls;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.SslHandler;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/// What a certificate authority asks for to see that a name is ours, while it asks. The control plane puts and removes,
/// visitors' loops look up.
public final class Challenges {
    /// The protocol by which an authority asks within TLS (RFC 8737 §6.2).
    public static final String ACME_TLS = "acme-tls/1";

    /// Where an authority asks by HTTP (RFC 8555 §8.3).
    public static final String HTTP_PATH = "/.well-known/acme-challenge/";

    private final Map<String, String> byToken = new ConcurrentHashMap<>();
    private final Map<String, TlsContext> byName = new ConcurrentHashMap<>();

    /// Answers `http://NAME/.well-known/acme-challenge/TOKEN` from now on.
    ///
    /// @param name lower-case, as it stands in the order
    public void putHttp(String name, String token, String keyAuthorization) {
        byToken.put(name + HTTP_PATH + token, keyAuthorization);
    }

    public void removeHttp(String name, String token) {
        byToken.remove(name + HTTP_PATH + token);
    }

    /// Answers handshakes for `name` that ask for `acme-tls/1` from now on.
    ///
    /// @param certificate with the acmeIdentifier extension
    /// @throws SSLException if BoringSSL cannot use it
    public void putTls(String name, ServerCertificate certificate) throws SSLException {
        byName.put(name, TlsContext.of(TlsPolicy.open(ACME_TLS), certificate, List.of(ACME_TLS)));
    }

    public void removeTls(String name) {
        byName.remove(name);
    }

    /// The answer to a request by HTTP; null if there is none.
    ///
    /// @param path of the request, from its slash
    public @Nullable String http(String host, String path) {
        return path.startsWith(HTTP_PATH) ? byToken.get(host + path) : null;
    }

    /// The handshake that answers for `name`; null if nobody asks for it now.
    public @Nullable SslHandler tls(String name, ByteBufAllocator allocator) {
        TlsContext context = byName.get(name);
        return context == null ? null : context.newHandler(allocator);
    }
}
