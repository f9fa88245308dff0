package dev.culvert.control.acme;

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
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/// Keys and certificates as text (RFC 7468), by the JDK alone: a start loads no other library for them.
final class Pem {
    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z ]+)-----([A-Za-z0-9+/=\\s]+)-----END \\1-----");

    private Pem() {}

    /// P-256: every client knows it, and signing costs little.
    static KeyPair newKeyPair() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has P-256", e);
        }
    }

    static String write(KeyPair pair) {
        return block("PRIVATE KEY", pair.getPrivate().getEncoded())
                + block("PUBLIC KEY", pair.getPublic().getEncoded());
    }

    static KeyPair readKeyPair(String text) throws GeneralSecurityException {
        KeyFactory factory = KeyFactory.getInstance("EC");
        byte[] shown = blocks("PUBLIC KEY", text).getFirst();
        return new KeyPair(factory.generatePublic(new X509EncodedKeySpec(shown)), readKey(text));
    }

    static String write(PrivateKey key) {
        return block("PRIVATE KEY", key.getEncoded());
    }

    static PrivateKey readKey(String text) throws GeneralSecurityException {
        List<byte[]> blocks = blocks("PRIVATE KEY", text);
        return KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(blocks.getFirst()));
    }

    static String write(List<X509Certificate> chain) throws GeneralSecurityException {
        StringBuilder text = new StringBuilder();
        for (X509Certificate certificate : chain) {
            text.append(block("CERTIFICATE", certificate.getEncoded()));
        }
        return text.toString();
    }

    static List<X509Certificate> readChain(String text) throws GeneralSecurityException {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        List<X509Certificate> chain = new ArrayList<>();
        for (byte[] bytes : blocks("CERTIFICATE", text)) {
            chain.add((X509Certificate) factory.generateCertificate(new ByteArrayInputStream(bytes)));
        }
        return chain;
    }

    /// Trusts the certificates of a file, and nobody else.
    static SSLContext trusting(Path file) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        List<X509Certificate> chain = readChain(Files.readString(file, StandardCharsets.US_ASCII));
        if (chain.isEmpty()) {
            throw new IOException(file + " holds no certificate");
        }
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

    private static List<byte[]> blocks(String kind, String text) throws GeneralSecurityException {
        List<byte[]> found = new ArrayList<>();
        Matcher matcher = BLOCK.matcher(text);
        while (matcher.find()) {
            if (matcher.group(1).equals(kind)) {
                found.add(Base64.getMimeDecoder().decode(matcher.group(2)));
            }
        }
        if (found.isEmpty()) {
            throw new GeneralSecurityException("no " + kind + " in PEM");
        }
        return found;
    }
}
