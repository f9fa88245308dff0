package dev.culvert.control.tls;

import dev.culvert.dataplane.tls.Der;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/// Certificates and keys as text (RFC 7468), in all forms that openssl and ACME clients write.
public final class Pem {
    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\\s]+)-----END \\1-----");

    private static final int INTEGER = 0x02;
    private static final int OCTET_STRING = 0x04;
    private static final int SEQUENCE = 0x30;
    private static final int PARAMETERS = 0xa0;
    // AlgorithmIdentifier of rsaEncryption with its NULL (RFC 8017 §A.1), and the identifier of id-ecPublicKey (RFC
    // 5480).
    private static final byte[] RSA = {
        0x30, 0x0d, 6, 9, 0x2a, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xf7, 0x0d, 1, 1, 1, 5, 0
    };
    private static final byte[] EC = {6, 7, 0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 2, 1};

    private record Block(String label, String text) {
        byte[] bytes() throws GeneralSecurityException {
            try {
                return Base64.getMimeDecoder().decode(text);
            } catch (IllegalArgumentException e) {
                throw new GeneralSecurityException("what stands there is no base64", e);
            }
        }
    }

    private Pem() {}

    /// All certificates, in their order.
    ///
    /// @throws GeneralSecurityException if there is none, or one cannot be read
    public static List<X509Certificate> certificates(String text) throws GeneralSecurityException {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        List<X509Certificate> all = new ArrayList<>();
        for (Block block : blocks(text)) {
            if (block.label().endsWith("CERTIFICATE")) {
                all.add((X509Certificate) factory.generateCertificate(new ByteArrayInputStream(block.bytes())));
            }
        }
        if (all.isEmpty()) {
            throw new GeneralSecurityException("no certificate in it (expected: -----BEGIN CERTIFICATE-----)");
        }
        return all;
    }

    /// The first private key. No message repeats anything of the text.
    ///
    /// @throws GeneralSecurityException if there is none, or it cannot be read
    public static PrivateKey key(String text) throws GeneralSecurityException {
        for (Block block : blocks(text)) {
            switch (block.label()) {
                case "PRIVATE KEY" -> {
                    return pkcs8(block.bytes());
                }
                case "RSA PRIVATE KEY" -> {
                    return pkcs8(wrapped(RSA, block.bytes()));
                }
                case "EC PRIVATE KEY" -> {
                    return pkcs8(wrapped(Der.of(SEQUENCE, EC, curve(block.bytes())), block.bytes()));
                }
                case "ENCRYPTED PRIVATE KEY" ->
                    throw new GeneralSecurityException(
                            "the key is encrypted: openssl pkey -in FILE -out NEW writes it without its password");
                default -> {}
            }
        }
        throw new GeneralSecurityException("no private key in it (expected: -----BEGIN PRIVATE KEY-----)");
    }

    /// P-256: every client knows it, and signing costs little.
    public static KeyPair newKeyPair() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has P-256", e);
        }
    }

    public static String write(KeyPair pair) {
        return block("PRIVATE KEY", pair.getPrivate().getEncoded())
                + block("PUBLIC KEY", pair.getPublic().getEncoded());
    }

    public static KeyPair keyPair(String text) throws GeneralSecurityException {
        KeyFactory factory = KeyFactory.getInstance("EC");
        for (Block block : blocks(text)) {
            if (block.label().equals("PUBLIC KEY")) {
                return new KeyPair(factory.generatePublic(new X509EncodedKeySpec(block.bytes())), key(text));
            }
        }
        throw new GeneralSecurityException("no public key in it (expected: -----BEGIN PUBLIC KEY-----)");
    }

    public static String write(PrivateKey key) {
        return block("PRIVATE KEY", key.getEncoded());
    }

    public static String write(List<X509Certificate> chain) throws GeneralSecurityException {
        StringBuilder text = new StringBuilder();
        for (X509Certificate certificate : chain) {
            text.append(block("CERTIFICATE", certificate.getEncoded()));
        }
        return text.toString();
    }

    /// Trusts the certificates of a file, and nobody else.
    public static SSLContext trusting(Path file) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        List<X509Certificate> chain = certificates(Files.readString(file, StandardCharsets.US_ASCII));
        for (Certificate certificate : chain) {
            store.setCertificateEntry("authority " + store.size(), certificate);
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    private static String block(String kind, byte[] bytes) {
        String base64 = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes);
        return "-----BEGIN " + kind + "-----\n" + base64 + "\n-----END " + kind + "-----\n";
    }

    private static List<Block> blocks(String text) {
        List<Block> blocks = new ArrayList<>();
        Matcher matcher = BLOCK.matcher(text);
        while (matcher.find()) {
            blocks.add(new Block(matcher.group(1), matcher.group(2)));
        }
        return blocks;
    }

    private static PrivateKey pkcs8(byte[] encoded) throws GeneralSecurityException {
        PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(encoded);
        for (String algorithm : new String[] {"EC", "RSA"}) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(spec);
            } catch (GeneralSecurityException e) {
                // It is of the other kind, or of none.
            }
        }
        throw new GeneralSecurityException("the key cannot be read (expected: EC or RSA)");
    }

    /// PrivateKeyInfo (RFC 5208 §5) around an older form.
    private static byte[] wrapped(byte[] algorithm, byte[] key) {
        return Der.of(SEQUENCE, Der.of(INTEGER, new byte[] {0}), algorithm, Der.of(OCTET_STRING, key));
    }

    /// The curve's identifier, of the field [0] of an ECPrivateKey (RFC 5915 §3), which has a version and the key
    /// before it.
    private static byte[] curve(byte[] key) throws GeneralSecurityException {
        try {
            int at = contents(key, 0);
            at = after(key, at);
            at = after(key, at);
            if ((key[at] & 0xff) == PARAMETERS) {
                return Arrays.copyOfRange(key, contents(key, at), after(key, at));
            }
        } catch (ArrayIndexOutOfBoundsException e) {
            throw new GeneralSecurityException("the key is cut short", e);
        }
        throw new GeneralSecurityException("the key does not name its curve");
    }

    private static int contents(byte[] bytes, int at) {
        int first = bytes[at + 1] & 0xff;
        return at + 2 + (first < 0x80 ? 0 : first & 0x7f);
    }

    private static int after(byte[] bytes, int at) {
        int first = bytes[at + 1] & 0xff;
        int length = first;
        if (first >= 0x80) {
            length = 0;
            for (int i = 0; i < (first & 0x7f); i++) {
                length = length << 8 | (bytes[at + 2 + i] & 0xff);
            }
        }
        return contents(bytes, at) + length;
    }
}
