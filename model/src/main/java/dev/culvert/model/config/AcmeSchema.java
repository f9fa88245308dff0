package dev.culvert.model.config;

import dev.culvert.model.AcmeSettings;
import dev.culvert.model.AcmeSettings.Challenge;
import dev.culvert.model.AcmeSettings.Dns;
import dev.culvert.model.Endpoint;
import dev.culvert.model.Role;
import java.net.URI;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The section `acme:`, the same in both files.
final class AcmeSchema {
    private static final int DNS_PORT = 53;
    private static final String NOT_HERE = "a secret does not stand in this file: name its file with ";

    static final Field<String> EMAIL = Field.required(
            "email",
            Scalar.of("an e-mail address such as me@example.com", AcmeSchema::readEmail),
            "whom the certificate authority may write to");
    static final Field<URI> DIRECTORY = Field.optional(
            "directory",
            Scalar.of("an https:// address of an ACME directory", AcmeSchema::readDirectory),
            AcmeSettings.LETS_ENCRYPT,
            "the certificate authority");
    static final Field<String> CA_FILE = Field.optional(
            "ca-file",
            Scalar.of("a path to a file", AcmeSchema::readPath),
            "the public authorities",
            "certificates, in PEM, that the authority's own server is trusted by; for a private authority");
    static final Field<Challenge> CHALLENGE = Field.optional(
            "challenge",
            Scalar.word(Map.of(), Challenge.values()),
            Challenge.AUTO,
            "how a name is shown to be ours; `auto` is dns-01 where `dns` is set, else http-01 or tls-alpn-01");

    static final Field<Endpoint> SERVER = Field.required(
            "server",
            Scalar.of("host or host:port of a DNS server", AcmeSchema::readServer),
            "the server that takes updates");
    static final Field<String> ZONE =
            Field.optional("zone", Scalars.HOST, "what the server says", "the zone that holds the names");
    static final Field<String> KEY_NAME = Field.required("key-name", Scalars.HOST, "the name of the TSIG key");
    static final Field<String> ALGORITHM = Field.optional(
            "algorithm",
            Scalar.word(Map.of(), Dns.Update.ALGORITHMS.toArray(String[]::new)),
            Dns.Update.ALGORITHMS.getFirst(),
            "of the TSIG key");
    static final Field<String> SECRET_FILE = Field.required(
            "secret-file", Scalars.KEY_FILE, "path to the TSIG key in base64, readable by the owner only");
    static final Field<Section> RFC2136 = Field.optional(
            "rfc2136",
            Shape.of(SERVER, ZONE, KEY_NAME, ALGORITHM, SECRET_FILE).refusing("secret", NOT_HERE + "secret-file"),
            "by updates to a DNS server (RFC 2136)");
    static final Field<String> EXEC = Field.optional(
            "exec",
            Scalar.of("an absolute path of a program", AcmeSchema::readProgram),
            "by a program, called with `present` or `cleanup`, the record's name and its value");
    static final Field<Section> DNS =
            Field.optional("dns", Shape.of(RFC2136, EXEC), "how records are set for dns-01, which wildcards need");

    static final Field<String> KEY_ID = Field.required(
            "key-id",
            Scalar.of("the name of the key", AcmeSchema::readWord),
            "the key's name, as the authority gives it");
    static final Field<String> KEY_FILE =
            Field.required("key-file", Scalars.KEY_FILE, "path to the key in base64url, readable by the owner only");
    static final Field<Section> EAB = Field.optional(
            "eab",
            Shape.of(KEY_ID, KEY_FILE).refusing("key", NOT_HERE + "key-file").refusing("hmac", NOT_HERE + "key-file"),
            "the account at the authority that certificates are bound to, where it wants that");
    static final Field<String> PROFILE = Field.optional(
            "profile",
            Scalar.of("a profile of the authority such as shortlived", AcmeSchema::readWord),
            "the authority's default",
            "what kind of certificate");

    static final Field<Section> ACME = Field.optional(
            "acme",
            Shape.of(EMAIL, DIRECTORY, CA_FILE, CHALLENGE, DNS, EAB, PROFILE)
                    .refusing("server", "is called directory")
                    .refusing("ca", "is called directory")
                    .refusing("domains", "is not needed: every service's host is asked for, and no other"),
            "certificates by themselves; off without this section, which agrees to the authority's terms");

    private AcmeSchema() {}

    /// The settings; null where the document has none, or none that are usable.
    static @Nullable AcmeSettings read(Role role, Section root) {
        Section acme = root.get(ACME);
        if (acme == null) {
            return null;
        }
        Dns dns = dns(acme);
        Challenge challenge = acme.get(CHALLENGE, Challenge.AUTO);
        if (challenge == Challenge.DNS_01 && !acme.mentions(DNS)) {
            acme.note(CHALLENGE, "dns-01 needs a way to set records (expected: dns with rfc2136 or exec)");
        }
        if (dns != null && challenge != Challenge.DNS_01 && challenge != Challenge.AUTO) {
            acme.note(DNS, "stands beside challenge " + challenge + ", which sets no records (expected: one of them)");
        }
        if (role == Role.SITE && challenge == Challenge.HTTP_01) {
            acme.note(CHALLENGE, "http-01 is asked at the gateway, not here (expected: auto | tls-alpn-01 | dns-01)");
        }
        Section eab = acme.get(EAB);
        String keyId = eab == null ? null : eab.get(KEY_ID);
        String keyFile = eab == null ? null : eab.get(KEY_FILE);
        String email = acme.get(EMAIL);
        return email == null
                ? null
                : new AcmeSettings(
                        email,
                        acme.get(DIRECTORY, AcmeSettings.LETS_ENCRYPT),
                        acme.get(CA_FILE),
                        challenge,
                        dns,
                        keyId == null || keyFile == null ? null : new AcmeSettings.Eab(keyId, keyFile),
                        acme.get(PROFILE));
    }

    private static @Nullable Dns dns(Section acme) {
        Section dns = acme.get(DNS);
        if (dns == null) {
            return null;
        }
        boolean update = dns.mentions(RFC2136);
        boolean exec = dns.mentions(EXEC);
        if (update == exec) {
            dns.note(update ? "rfc2136 and exec (expected: one of them)" : "is empty (expected: rfc2136 or exec)");
            return null;
        }
        String path = dns.get(EXEC);
        if (path != null) {
            return new Dns.Exec(path);
        }
        Section section = dns.get(RFC2136);
        if (section == null) {
            return null;
        }
        Endpoint server = section.get(SERVER);
        String keyName = section.get(KEY_NAME);
        String secretFile = section.get(SECRET_FILE);
        return server == null || keyName == null || secretFile == null
                ? null
                : new Dns.Update(
                        server,
                        section.get(ZONE),
                        keyName,
                        section.get(ALGORITHM, Dns.Update.ALGORITHMS.getFirst()),
                        secretFile);
    }

    private static String readEmail(String text) throws Mismatch {
        int at = text.indexOf('@');
        if (text.startsWith("mailto:")) {
            throw Mismatch.because("without mailto:");
        }
        if (at < 1 || text.length() > 254 || !text.matches("[!-~]+") || Hosts.name(text.substring(at + 1)) == null) {
            throw Mismatch.plain();
        }
        return text;
    }

    private static URI readDirectory(String text) throws Mismatch {
        try {
            URI uri = URI.create(text);
            if ("https".equals(uri.getScheme()) && uri.getHost() != null && uri.getUserInfo() == null) {
                return uri;
            }
        } catch (IllegalArgumentException e) {
            throw Mismatch.plain();
        }
        if (text.startsWith("http://")) {
            throw Mismatch.because("without TLS anybody in between could be the authority");
        }
        String name = Hosts.name(text);
        throw Mismatch.plain().suggest(name == null ? null : "https://" + name + "/directory");
    }

    private static Endpoint readServer(String text) throws Mismatch {
        Endpoint endpoint = NetworkScalars.endpoint(text);
        if (endpoint != null) {
            return endpoint;
        }
        String host = Hosts.nameOrAddress(text);
        if (host == null) {
            throw Mismatch.plain();
        }
        return new Endpoint(host, DNS_PORT);
    }

    private static String readPath(String text) throws Mismatch {
        if (text.isEmpty() || text.endsWith("/") || text.chars().anyMatch(c -> c < ' ' || c == 0x7f)) {
            throw Mismatch.plain();
        }
        return text;
    }

    private static String readProgram(String text) throws Mismatch {
        if (!text.startsWith("/")) {
            throw text.contains(" ") ? Mismatch.because("arguments are not taken here") : Mismatch.plain();
        }
        return readPath(text);
    }

    private static String readWord(String text) throws Mismatch {
        if (!text.matches("[!-~]{1,200}")) {
            throw Mismatch.plain();
        }
        return text;
    }
}
