package dev.culvert.control.acme;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.culvert.control.store.Store;
import dev.culvert.control.store.Store.Document;
import dev.culvert.control.tls.Pem;
import dev.culvert.dataplane.tls.ServerCertificate;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The certificates that were issued, with their keys: a document of the store for each name, chain and key together,
/// so
/// that no crash leaves one without the other.
final class CertificateStore {
    static final String KIND = "certificate";
    private static final Logger LOG = LoggerFactory.getLogger("culvert");
    private static final int LONGEST = 120;

    private final Store store;

    CertificateStore(Store store) {
        this.store = store;
    }

    /// All that can be used, by name.
    Map<String, ServerCertificate> all() {
        Map<String, ServerCertificate> all = new LinkedHashMap<>();
        for (Document document : store.list(KIND)) {
            try {
                Map<String, Object> map = JSON.std.mapFrom(document.text());
                all.put(
                        String.valueOf(map.get("name")),
                        ServerCertificate.of(
                                Pem.certificates(String.valueOf(map.get("chain"))),
                                Pem.key(String.valueOf(map.get("key")))));
            } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
                // Not its text: the key is in it.
                LOG.warn("the certificate in {} cannot be used: another is ordered", document.key());
            }
        }
        return all;
    }

    void put(String name, ServerCertificate certificate) throws IOException {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("name", name);
        try {
            map.put("chain", Pem.write(certificate.chain()));
        } catch (GeneralSecurityException e) {
            throw new IOException("a certificate that cannot be written", e);
        }
        map.put("key", Pem.write(certificate.key()));
        String key = key(name);
        Document before = store.read(key);
        store.put(key, before == null ? 0 : before.version(), JSON.std.asString(map));
    }

    /// Removes what is of no use any more: ended, and of no name in `kept`.
    void forget(Set<String> kept, Instant now) throws IOException {
        for (Map.Entry<String, ServerCertificate> entry : all().entrySet()) {
            if (!kept.contains(entry.getKey()) && entry.getValue().notAfter().isBefore(now)) {
                store.delete(key(entry.getKey()));
            }
        }
    }

    /// A key of the store knows no `*`, and is shorter than some names.
    private static String key(String name) {
        String readable = name.replace('*', '_');
        return KIND + "/" + (readable.length() <= LONGEST ? readable : digest(name));
    }

    private static String digest(String name) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.US_ASCII));
            return HexFormat.of().formatHex(digest);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    static Lifetime lifetime(ServerCertificate certificate) {
        return new Lifetime(certificate.leaf().getNotBefore().toInstant(), certificate.notAfter());
    }
}
