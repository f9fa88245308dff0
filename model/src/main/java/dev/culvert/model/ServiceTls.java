package dev.culvert.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// Where a service's TLS ends, and with what.
///
/// @param ends where
/// @param certificateFile the chain in PEM; null where the certificate is issued
/// @param keyFile its private key in PEM; null where `certificateFile` is
/// @param clientCaFile who issues the certificates of its visitors, in PEM; null where visitors show none
/// @param clientsRequired whether a visitor has to show one
/// @param clientHeaders whether the target is told of the visitor's certificate by header fields
/// @param protocols of which a handshake has to offer one to be led here (ALPN); empty for all handshakes of the host
public record ServiceTls(
        Ends ends,
        @Nullable String certificateFile,
        @Nullable String keyFile,
        @Nullable String clientCaFile,
        boolean clientsRequired,
        boolean clientHeaders,
        List<String> protocols) {
    /// Nothing was said about TLS.
    public static final ServiceTls UNSAID = of(Ends.UNSAID);

    public ServiceTls {
        protocols = List.copyOf(protocols);
        if ((certificateFile == null) != (keyFile == null)) {
            throw new IllegalArgumentException("a certificate without its key, or a key without its certificate");
        }
    }

    /// Where TLS ends.
    public enum Ends {
        /// The configuration does not say: at the gateway where that has HTTPS, else there is no TLS.
        UNSAID("unsaid"),
        /// There is no TLS, whatever the other services have.
        OFF("off"),
        GATEWAY("gateway"),
        /// At the site, which has the key; the gateway passes on what it cannot read.
        SITE("site"),
        /// At the target itself.
        BACKEND("backend");

        private final String word;

        Ends(String word) {
            this.word = word;
        }

        @Override
        public String toString() {
            return word;
        }
    }

    public static ServiceTls of(Ends ends) {
        return new ServiceTls(ends, null, null, null, false, false, List.of());
    }

    /// Whether visitors speak TLS.
    public boolean isOn() {
        return switch (ends) {
            case UNSAID, OFF -> false;
            case GATEWAY, SITE, BACKEND -> true;
        };
    }

    /// Whether the gateway hands the bytes of visitors on without reading them.
    public boolean passesThrough() {
        return ends == Ends.SITE || ends == Ends.BACKEND;
    }

    public ServiceTls at(Ends elsewhere) {
        return new ServiceTls(
                elsewhere, certificateFile, keyFile, clientCaFile, clientsRequired, clientHeaders, protocols);
    }

    /// What another node may know and use of it: its files are its own.
    public ServiceTls withoutFiles() {
        return new ServiceTls(ends, null, null, null, false, false, protocols);
    }

    void settings(Settings settings) {
        if (certificateFile == null && clientCaFile == null && protocols.isEmpty()) {
            settings.putUnless("tls", Ends.UNSAID, ends);
            return;
        }
        settings.putUnless("tls.ends", Ends.UNSAID, ends)
                .put("tls.certificate", certificateFile)
                .put("tls.key", keyFile)
                .putAll("tls.alpn", protocols);
        if (clientCaFile != null) {
            settings.put("tls.client-ca", clientCaFile)
                    .put("tls.client-certificates", clientsRequired ? "required" : "optional")
                    .putUnless("tls.client-headers", false, clientHeaders);
        }
    }
}
