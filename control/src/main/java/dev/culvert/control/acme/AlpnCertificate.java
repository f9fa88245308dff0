package dev.culvert.control.acme;

import dev.culvert.control.tls.Pem;
import dev.culvert.dataplane.tls.ServerCertificate;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/// The certificate that answers tls-alpn-01 (RFC 8737 §3): for one name, signed by itself, with the proof in a critical
/// extension.
///
/// Not by acme4j, which signs as RSA and so fails with a key of P-256.
final class AlpnCertificate {
    private static final ASN1ObjectIdentifier ACME_IDENTIFIER = new ASN1ObjectIdentifier("1.3.6.1.5.5.7.1.31");
    private static final Duration LIFE = Duration.ofDays(1);

    private AlpnCertificate() {}

    /// @param validation SHA-256 of the key authorization
    static ServerCertificate make(String name, byte[] validation) throws IOException, GeneralSecurityException {
        KeyPair key = Pem.newKeyPair();
        X500Name issuer = new X500Name("CN=acme challenge");
        Instant now = Instant.now();
        JcaX509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                issuer,
                BigInteger.valueOf(now.toEpochMilli()),
                Date.from(now.minus(LIFE)),
                Date.from(now.plus(LIFE)),
                issuer,
                key.getPublic());
        builder.addExtension(
                Extension.subjectAlternativeName, false, new GeneralNames(new GeneralName(GeneralName.dNSName, name)));
        builder.addExtension(ACME_IDENTIFIER, true, new DEROctetString(validation));
        try {
            byte[] bytes = builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(key.getPrivate()))
                    .getEncoded();
            X509Certificate certificate = (X509Certificate)
                    CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(bytes));
            return new ServerCertificate(List.of(certificate), key.getPrivate());
        } catch (OperatorCreationException e) {
            throw new GeneralSecurityException(e);
        }
    }
}
