package dev.culvert.dataplane.http;

import io.netty.handler.codec.http.HttpHeaders;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.HexFormat;

/// What a target is told of its visitor's certificate, which the handshake has judged.
///
/// @param encoded as RFC 9440 §2.2 writes it
/// @param subject its distinguished name (RFC 2253)
/// @param fingerprint SHA-256 of the whole, hexadecimal
record ClientCertificate(String encoded, String subject, String fingerprint) {
    static ClientCertificate of(X509Certificate shown) {
        try {
            byte[] der = shown.getEncoded();
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(der);
            return new ClientCertificate(
                    ":" + Base64.getEncoder().encodeToString(der) + ":",
                    visible(shown.getSubjectX500Principal().getName()),
                    HexFormat.of().formatHex(digest));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a certificate that was read cannot be written", e);
        }
    }

    /// Who was given a certificate may have chosen what stands in its name.
    private static String visible(String name) {
        StringBuilder text = new StringBuilder(name.length());
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            text.append(c < ' ' || c > '~' ? '?' : c);
        }
        return text.toString();
    }

    void apply(HttpHeaders headers) {
        headers.set("Client-Cert", encoded);
        headers.set("X-Client-Cert-Subject", subject);
        headers.set("X-Client-Cert-Fingerprint", fingerprint);
    }
}
