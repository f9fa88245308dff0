package dev.culvert.dataplane.tls;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;

/// Makes self-signed certificates (RFC 5280), which serve a name until it has one that browsers trust.
final class StandIn {
    /// The issuer by which `status` and people tell one.
    static final String ISSUER = "Culvert stand-in";

    private static final int INTEGER = 0x02;
    private static final int BIT_STRING = 0x03;
    private static final int OCTET_STRING = 0x04;
    private static final int UTF8_STRING = 0x0c;
    private static final int UTC_TIME = 0x17;
    private static final int SEQUENCE = 0x30;
    private static final int SET = 0x31;
    private static final int DNS_NAME = 0x82;
    private static final int VERSION_FIELD = 0xa0;
    private static final int EXTENSIONS_FIELD = 0xa3;
    private static final int DAYS = 365;
    private static final long DAY_SECONDS = 86_400;
    private static final DateTimeFormatter UTC =
            DateTimeFormatter.ofPattern("yyMMddHHmmss'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);

    // Object identifiers with tag and length: ecdsa-with-SHA256 (RFC 5758 §3.2), id-at-commonName and
    // id-ce-subjectAltName (RFC 5280 §4.2.1.6).
    private static final byte[] ECDSA_WITH_SHA256 = {6, 8, 0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 4, 3, 2};
    private static final byte[] COMMON_NAME = {6, 3, 0x55, 4, 3};
    private static final byte[] SUBJECT_ALT_NAME = {6, 3, 0x55, 0x1d, 0x11};
    private static final byte[] VERSION_3 = {INTEGER, 1, 2};

    private StandIn() {}

    /// @param now when it begins to hold, a day before
    static ServerCertificate make(String name, Instant now, SecureRandom random) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"), random);
            KeyPair pair = generator.generateKeyPair();
            byte[] body = body(name, pair, now, random);
            Signature signature = Signature.getInstance("SHA256withECDSA");
            signature.initSign(pair.getPrivate(), random);
            signature.update(body);
            byte[] whole = Der.of(SEQUENCE, body, algorithm(), bits(signature.sign()));
            X509Certificate certificate = (X509Certificate)
                    CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(whole));
            return new ServerCertificate(List.of(certificate), pair.getPrivate());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the JDK cannot make a certificate", e);
        }
    }

    private static byte[] body(String name, KeyPair pair, Instant now, SecureRandom random) {
        byte[] serial = new byte[16];
        random.nextBytes(serial);
        // Positive and not empty (RFC 5280 §4.1.2.2).
        serial[0] = (byte) ((serial[0] & 0x3f) | 0x40);
        byte[] issuer = Der.of(
                SEQUENCE,
                Der.of(
                        SET,
                        Der.of(
                                SEQUENCE,
                                COMMON_NAME,
                                Der.of(UTF8_STRING, ISSUER.getBytes(StandardCharsets.US_ASCII)))));
        byte[] validity =
                Der.of(SEQUENCE, time(now.minusSeconds(DAY_SECONDS)), time(now.plusSeconds(DAYS * DAY_SECONDS)));
        byte[] names = Der.of(SEQUENCE, Der.of(DNS_NAME, name.getBytes(StandardCharsets.US_ASCII)));
        byte[] extension = Der.of(SEQUENCE, SUBJECT_ALT_NAME, Der.of(OCTET_STRING, names));
        return Der.of(
                SEQUENCE,
                Der.of(VERSION_FIELD, VERSION_3),
                Der.of(INTEGER, serial),
                algorithm(),
                issuer,
                validity,
                issuer,
                pair.getPublic().getEncoded(),
                Der.of(EXTENSIONS_FIELD, Der.of(SEQUENCE, extension)));
    }

    private static byte[] algorithm() {
        return Der.of(SEQUENCE, ECDSA_WITH_SHA256);
    }

    private static byte[] bits(byte[] value) {
        return Der.of(BIT_STRING, new byte[] {0}, value);
    }

    private static byte[] time(Instant at) {
        return Der.of(UTC_TIME, UTC.format(at).getBytes(StandardCharsets.US_ASCII));
    }
}
