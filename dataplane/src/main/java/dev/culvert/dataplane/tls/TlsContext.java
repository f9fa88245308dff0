package dev.culvert.dataplane.tls;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.codec.quic.QuicSslContext;
import io.netty.handler.codec.quic.QuicSslContextBuilder;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.OpenSslContextOption;
import io.netty.handler.ssl.OpenSslServerSessionContext;
import io.netty.handler.ssl.OpenSslSessionContext;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.ReferenceCountUtil;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/// What a handshake for some names of one service presents and asks for. BoringSSL's context lives until nobody can
/// reach this any more: a handshake may begin with it while it is being replaced.
public final class TlsContext {
    private static final Cleaner CLEANER =
            Cleaner.create(Thread.ofPlatform().name("tls-cleaner").daemon().factory());

    private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};
    // All with forward secrecy and authenticated encryption; those of TLS 1.2 as RFC 9325 §4.2 recommends.
    private static final List<String> CIPHERS = List.of(
            "TLS_AES_128_GCM_SHA256",
            "TLS_CHACHA20_POLY1305_SHA256",
            "TLS_AES_256_GCM_SHA384",
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384");
    private static final String[] GROUPS = {"X25519MLKEM768", "X25519", "P-256"};
    private static final long SESSION_SECONDS = 24 * 3600;

    private final TlsPolicy policy;
    private final ServerCertificate certificate;
    private final SslContext context;
    private @Nullable QuicSslContext quic;
    private TicketKeys.@Nullable All tickets;

    private TlsContext(TlsPolicy policy, ServerCertificate certificate, SslContext context) {
        this.policy = policy;
        this.certificate = certificate;
        this.context = context;
        CLEANER.register(this, () -> ReferenceCountUtil.release(context));
    }

    /// @param protocols what is offered by ALPN, the preferred first
    /// @throws SSLException if BoringSSL cannot use the certificate
    static TlsContext of(TlsPolicy policy, ServerCertificate certificate, List<String> protocols) throws SSLException {
        boolean boring = OpenSsl.isAvailable();
        SslContextBuilder builder = SslContextBuilder.forServer(certificate.key(), certificate.chain())
                .sslProvider(boring ? SslProvider.OPENSSL_REFCNT : SslProvider.JDK)
                .protocols(PROTOCOLS)
                .ciphers(CIPHERS)
                .sessionTimeout(SESSION_SECONDS)
                .applicationProtocolConfig(new ApplicationProtocolConfig(
                        ApplicationProtocolConfig.Protocol.ALPN,
                        ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                        ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
                        protocols))
                .clientAuth(
                        switch (policy.clients()) {
                            case ANYONE -> ClientAuth.NONE;
                            case OPTIONAL -> ClientAuth.OPTIONAL;
                            case REQUIRED -> ClientAuth.REQUIRE;
                        });
        if (!policy.authorities().isEmpty()) {
            builder.trustManager(policy.authorities());
        }
        if (boring) {
            builder.option(OpenSslContextOption.GROUPS, GROUPS.clone());
        }
        SslContext context = builder.build();
        if (context.sessionContext() instanceof OpenSslServerSessionContext sessions) {
            // A session of another policy is none here, whatever the ticket keys are.
            sessions.setSessionIdContext(digest(policy));
            sessions.setSessionCacheEnabled(false);
        }
        return new TlsContext(policy, certificate, context);
    }

    private static byte[] digest(TlsPolicy policy) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update((policy.clients() + " " + policy.service()).getBytes(StandardCharsets.UTF_8));
            for (X509Certificate authority : policy.authorities()) {
                digest.update(authority.getEncoded());
            }
            return digest.digest();
        } catch (NoSuchAlgorithmException | CertificateEncodingException e) {
            throw new IllegalStateException("a policy that was read cannot be written", e);
        }
    }

    synchronized void ticketKeys(TicketKeys.All keys) {
        tickets = keys;
        if (context.sessionContext() instanceof OpenSslSessionContext sessions) {
            sessions.setTicketKeys(keys.tls());
        }
        if (quic != null) {
            quic.sessionContext().setTicketKeys(keys.quic());
        }
    }

    /// The same for QUIC, made when the first visitor comes by it. Not for a policy that wants certificates of its
    /// visitors: there the codec would ask nobody for one.
    synchronized QuicSslContext quic() {
        QuicSslContext made = quic;
        if (made == null) {
            if (!isOpen()) {
                throw new IllegalStateException("QUIC for a policy that asks for certificates");
            }
            X509Certificate[] chain = certificate.chain().toArray(new X509Certificate[0]);
            made = QuicNames.builder(QuicSslContextBuilder.forServer(certificate.key(), null, chain))
                    .sessionTimeout(SESSION_SECONDS)
                    .build();
            if (tickets != null) {
                made.sessionContext().setTicketKeys(tickets.quic());
            }
            quic = made;
        }
        return made;
    }

    /// Whether nobody is asked for a certificate.
    public boolean isOpen() {
        return policy.clients() == TlsPolicy.Clients.ANYONE;
    }

    public SslHandler newHandler(ByteBufAllocator allocator) {
        try {
            return context.newHandler(allocator);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    public TlsPolicy policy() {
        return policy;
    }

    public ServerCertificate certificate() {
        return certificate;
    }

    /// Whether a request that came by a handshake with this one may be for a name of `other`: both show the same
    /// certificate, and neither asks the client for one (attacks.md RT-01, RT-03).
    public boolean alsoStandsFor(TlsContext other) {
        return this == other
                || (policy.clients() == TlsPolicy.Clients.ANYONE
                        && other.policy.clients() == TlsPolicy.Clients.ANYONE
                        && certificate.equals(other.certificate));
    }
}
