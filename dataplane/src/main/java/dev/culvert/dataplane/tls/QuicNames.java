package dev.culvert.dataplane.tls;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.codec.quic.BoringSSLContextOption;
import io.netty.handler.codec.quic.QuicSslContext;
import io.netty.handler.codec.quic.QuicSslContextBuilder;
import io.netty.handler.codec.quic.QuicSslEngine;
import io.netty.handler.codec.quic.SslSessionTicketKey;
import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.function.Function;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/// Begins the handshakes of QUIC, and lets the name in each choose what it goes on with. One per socket, on its loop.
///
/// The codec asks for a name and says in its very next step, on the same thread, on which connection it was asked:
/// that is how a connection learns what was chosen for it.
public final class QuicNames {
    static final String PROTOCOL = "h3";
    static final String[] GROUPS = {"X25519MLKEM768", "X25519", "P-256"};

    private final QuicSslContext first;
    private @Nullable Chosen chosen;

    /// What a name has chosen.
    ///
    /// @param name lower-case; empty for none
    public record Chosen(String name, TlsContext context) {}

    /// @param choose what a name, empty for none, goes on with; null refuses it
    public QuicNames(Function<String, @Nullable Chosen> choose) {
        this.first = builder(QuicSslContextBuilder.forServer(new NoKeys(), null))
                .sni(name -> {
                    Chosen found = choose.apply(name == null ? "" : name);
                    chosen = found;
                    return found == null ? null : found.context().quic();
                })
                .build();
        // Only the keys of who was chosen seal tickets: these say no more than that there are tickets.
        first.sessionContext().setTicketKeys(new SslSessionTicketKey(new byte[16], new byte[16], new byte[16]));
    }

    /// What all contexts have in common.
    static QuicSslContextBuilder builder(QuicSslContextBuilder begun) {
        return begun.applicationProtocols(PROTOCOL)
                .option(BoringSSLContextOption.GROUPS, GROUPS.clone())
                .trustManager(new NobodyTrusted())
                .earlyData(false);
    }

    public QuicSslEngine newEngine(ByteBufAllocator allocator) {
        return first.newEngine(allocator);
    }

    /// What was chosen last, once.
    public @Nullable Chosen take() {
        Chosen found = chosen;
        chosen = null;
        return found;
    }

    /// No visitor's certificate is asked for by QUIC, so none is judged.
    private static final class NobodyTrusted extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
            throw new CertificateException("nobody asked for it");
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
            checkClientTrusted(chain, type);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
                throws CertificateException {
            checkClientTrusted(chain, type);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
                throws CertificateException {
            checkClientTrusted(chain, type);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            checkClientTrusted(chain, type);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            checkClientTrusted(chain, type);
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }

    /// Without a name that chooses there is nothing to show.
    private static final class NoKeys extends X509ExtendedKeyManager {
        @Override
        public String @Nullable [] getClientAliases(String type, Principal[] issuers) {
            return null;
        }

        @Override
        public @Nullable String chooseClientAlias(String[] types, Principal[] issuers, Socket socket) {
            return null;
        }

        @Override
        public String @Nullable [] getServerAliases(String type, Principal[] issuers) {
            return null;
        }

        @Override
        public @Nullable String chooseServerAlias(String type, Principal[] issuers, Socket socket) {
            return null;
        }

        @Override
        public X509Certificate @Nullable [] getCertificateChain(String alias) {
            return null;
        }

        @Override
        public @Nullable PrivateKey getPrivateKey(String alias) {
            return null;
        }
    }
}
