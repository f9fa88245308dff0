package dev.culvert.control.tls;

import dev.culvert.dataplane.Events;
import dev.culvert.dataplane.Node;
import dev.culvert.dataplane.tls.ServerCertificate;
import dev.culvert.dataplane.tls.TlsContexts.Declaration;
import dev.culvert.dataplane.tls.TlsPolicy;
import dev.culvert.model.Model;
import dev.culvert.model.Service;
import dev.culvert.model.ServiceTls;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The files of certificates, keys and authorities that services name: read with every model, and again when one of
/// them changes. What is broken is said, and what was good last goes on; where nothing was, a certificate's place is
/// taken by a stand-in, and a name that needs an authority is not served at all.
public final class CertificateFiles implements Node.Certificates {
    private static final Logger LOG = LoggerFactory.getLogger("culvert");
    private static final long LOOK_SECONDS = 2;
    private static final Set<PosixFilePermission> TOO_OPEN =
            Set.of(PosixFilePermission.OTHERS_READ, PosixFilePermission.OTHERS_WRITE, PosixFilePermission.GROUP_WRITE);

    private final Events events;
    private final Refreshed node;
    private final Map<Pair, ServerCertificate> goodPairs = new HashMap<>();
    private final Map<String, List<X509Certificate>> goodAuthorities = new HashMap<>();
    private Map<String, Long> states = Map.of();
    private volatile Map<String, String> problems = Map.of();

    private record Pair(String certificate, String key) {}

    CertificateFiles(Events events, Refreshed node) {
        this.events = events;
        this.node = node;
    }

    /// Who takes what was read anew.
    @FunctionalInterface
    interface Refreshed {
        void refreshCertificates() throws IOException;
    }

    /// Reads the files for a node, with its models and whenever one changes.
    public static CertificateFiles of(Node node, ScheduledExecutorService scheduler) {
        CertificateFiles files = new CertificateFiles(node.events(), node::refreshCertificates);
        node.certificates(files);
        scheduler.scheduleWithFixedDelay(files::look, LOOK_SECONDS, LOOK_SECONDS, TimeUnit.SECONDS);
        return files;
    }

    private void look() {
        if (haveChanged()) {
            refresh();
        }
    }

    /// Reads all files again, as SIGHUP asks.
    public void refresh() {
        try {
            node.refreshCertificates();
        } catch (IOException | RuntimeException e) {
            LOG.error("the certificates were not applied, the old ones go on: {}", e.getMessage());
        }
    }

    /// What is wrong with the files of each service, by its name.
    public Map<String, String> problems() {
        return problems;
    }

    private synchronized boolean haveChanged() {
        return states.keySet().stream().anyMatch(file -> !Objects.equals(states.get(file), state(file)));
    }

    private static long state(String file) {
        try {
            return Objects.hash(Files.getLastModifiedTime(Path.of(file)), Files.size(Path.of(file)));
        } catch (IOException e) {
            return -1;
        }
    }

    @Override
    public synchronized Map<String, Declaration> of(Model model) {
        Map<String, Long> seen = new HashMap<>();
        Map<String, String> broken = new TreeMap<>();
        Map<Service, Declaration> known = new HashMap<>();
        Map<String, Declaration> names = new LinkedHashMap<>();
        model.terminated().forEach((host, service) -> {
            Declaration declaration = known.computeIfAbsent(service, _ -> declaration(service, seen, broken));
            if (declaration.policy().clients() != TlsPolicy.Clients.ANYONE
                    || service.tls().clientCaFile() == null) {
                names.put(host, declaration);
            }
            warnOfName(host, service, declaration.own());
        });
        states = Map.copyOf(seen);
        problems = Map.copyOf(broken);
        broken.forEach((service, text) -> events.report(service, "certificate.broken", text));
        return names;
    }

    private Declaration declaration(Service service, Map<String, Long> seen, Map<String, String> broken) {
        ServiceTls tls = service.tls();
        List<X509Certificate> authorities = List.of();
        String ca = tls.clientCaFile();
        if (ca != null) {
            seen.put(ca, state(ca));
            authorities = authorities(service.name(), ca, broken);
        }
        TlsPolicy policy = authorities.isEmpty()
                ? TlsPolicy.open(service.name())
                : new TlsPolicy(
                        service.name(),
                        tls.clientsRequired() ? TlsPolicy.Clients.REQUIRED : TlsPolicy.Clients.OPTIONAL,
                        authorities);
        String certificate = tls.certificateFile();
        String key = tls.keyFile();
        if (certificate == null || key == null) {
            return new Declaration(policy, null);
        }
        seen.put(certificate, state(certificate));
        seen.put(key, state(key));
        return new Declaration(policy, pair(service.name(), new Pair(certificate, key), broken));
    }

    /// Empty if they were never good.
    private List<X509Certificate> authorities(String service, String file, Map<String, String> broken) {
        try {
            goodAuthorities.put(file, Pem.certificates(read(file)));
        } catch (IOException | GeneralSecurityException e) {
            boolean before = goodAuthorities.containsKey(file);
            broken.put(
                    service,
                    "client-ca " + file + ": " + e.getMessage()
                            + (before ? "; the one before goes on" : "; nobody is let in until it is mended"));
        }
        return goodAuthorities.getOrDefault(file, List.of());
    }

    private @Nullable ServerCertificate pair(String service, Pair pair, Map<String, String> broken) {
        try {
            ServerCertificate read =
                    ServerCertificate.of(Pem.certificates(read(pair.certificate())), key(service, pair.key()));
            goodPairs.put(pair, read);
        } catch (IOException | GeneralSecurityException e) {
            boolean before = goodPairs.containsKey(pair);
            broken.put(
                    service,
                    "certificate " + pair.certificate() + " with key " + pair.key() + ": " + e.getMessage()
                            + (before ? "; the one before goes on" : "; a self-signed one stands in"));
        }
        return goodPairs.get(pair);
    }

    private java.security.PrivateKey key(String service, String file) throws IOException, GeneralSecurityException {
        Path path = Path.of(file);
        String text = read(file);
        if (Files.readAttributes(path, PosixFileAttributes.class).permissions().stream()
                .anyMatch(TOO_OPEN::contains)) {
            events.report(
                    service,
                    "key.readable",
                    file + " can be read by others: chmod 600 " + file + " (and get a new key if others had access)");
        }
        return Pem.key(text);
    }

    private void warnOfName(String host, Service service, @Nullable ServerCertificate own) {
        if (own != null && !own.covers(host)) {
            events.report(
                    service.name(),
                    "certificate.name",
                    "the certificate of " + host + " is for " + String.join(", ", own.names())
                            + ": browsers refuse it");
        }
    }

    private static String read(String file) throws IOException {
        try {
            return Files.readString(Path.of(file));
        } catch (NoSuchFileException e) {
            throw new IOException("no file " + file, e);
        } catch (java.nio.charset.CharacterCodingException e) {
            throw new IOException(file + " is no text (expected: PEM)", e);
        } catch (java.nio.file.AccessDeniedException e) {
            throw new IOException(file + " is not to be read by this user", e);
        }
    }
}
