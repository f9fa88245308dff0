package dev.culvert.dataplane.tls;

import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/// A certificate with what leads to its root, and its private key: what a server proves its names with.
///
/// @param chain the server's own certificate first
/// @param key fits the first of the chain
public record ServerCertificate(List<X509Certificate> chain, PrivateKey key) {
    private static final int DNS_NAME = 2;
    private static final byte[] PROBE =
            "a key fits its certificate".getBytes(java.nio.charset.StandardCharsets.US_ASCII);

    public ServerCertificate {
        chain = List.copyOf(chain);
        if (chain.isEmpty()) {
            throw new IllegalArgumentException("a chain without a certificate");
        }
    }

    /// The same, with the proof that both belong together.
    ///
    /// @throws GeneralSecurityException if they do not, or the key is of a kind that no server can use
    public static ServerCertificate of(List<X509Certificate> chain, PrivateKey key) throws GeneralSecurityException {
        ServerCertificate made = new ServerCertificate(chain, key);
        PublicKey shown = made.leaf().getPublicKey();
        Signature signature = Signature.getInstance(
                switch (key.getAlgorithm()) {
                    case "RSA" -> "SHA256withRSA";
                    case "EC" -> "SHA256withECDSA";
                    default ->
                        throw new GeneralSecurityException(
                                "a key of the kind " + key.getAlgorithm() + " (expected: EC or RSA)");
                });
        signature.initSign(key);
        signature.update(PROBE);
        byte[] signed = signature.sign();
        if (!shown.getAlgorithm().equals(key.getAlgorithm())) {
            throw new GeneralSecurityException("the key does not belong to the certificate");
        }
        signature.initVerify(shown);
        signature.update(PROBE);
        if (!signature.verify(signed)) {
            throw new GeneralSecurityException("the key does not belong to the certificate");
        }
        return made;
    }

    /// The server's own certificate.
    public X509Certificate leaf() {
        return chain.getFirst();
    }

    /// The names it is for, lower-case; one may begin with `*.`.
    public List<String> names() {
        List<String> names = new ArrayList<>();
        try {
            Collection<List<?>> all = leaf().getSubjectAlternativeNames();
            for (List<?> entry : all == null ? List.<List<?>>of() : all) {
                if (entry.get(0) instanceof Integer type && type == DNS_NAME) {
                    names.add(String.valueOf(entry.get(1)).toLowerCase(Locale.ROOT));
                }
            }
        } catch (CertificateParsingException e) {
            // A certificate whose names cannot be read is for none.
            return List.of();
        }
        return names;
    }

    /// Whether it is for `name`, which may itself begin with `*.`; RFC 6125 §6.4.3: a wildcard is one whole label.
    public boolean covers(String name) {
        List<String> names = names();
        int dot = name.indexOf('.');
        return names.contains(name) || (dot > 0 && names.contains("*" + name.substring(dot)));
    }

    public Instant notAfter() {
        return leaf().getNotAfter().toInstant();
    }

    public String issuer() {
        return leaf().getIssuerX500Principal().getName();
    }

    /// Without the key.
    @Override
    public String toString() {
        return "ServerCertificate[" + String.join(", ", names()) + ", until " + notAfter() + "]";
    }
}
