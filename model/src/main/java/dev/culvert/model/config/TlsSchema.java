package dev.culvert.model.config;

import dev.culvert.model.Role;
import dev.culvert.model.ServiceTls;
import dev.culvert.model.ServiceTls.Ends;
import dev.culvert.model.Target;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A service's `tls:`: a word, or a section.
final class TlsSchema {
    static final Field<Ends> ENDS = Field.optional(
            "ends",
            Scalar.word(
                    Map.of("passthrough", "is called backend: TLS ends there"),
                    Ends.GATEWAY,
                    Ends.SITE,
                    Ends.BACKEND,
                    Ends.OFF),
            "gateway, where `https:` stands",
            "where TLS ends: `site` keeps the key there, `backend` is a `tls://` target; `tls: WORD` says only this");
    static final Field<String> CERTIFICATE = Field.optional(
            "certificate",
            Scalars.FILE,
            "an issued one",
            "path to the certificate with its chain, in PEM; read again when it changes");
    static final Field<String> KEY =
            Field.optional("key", Scalars.KEY_FILE, "path to its private key in PEM, mode 0600");
    static final Field<String> CLIENT_CA = Field.optional(
            "client-ca",
            Scalars.FILE,
            "nobody is asked",
            "path to the certificates, in PEM, of who issues those of visitors (mTLS)");
    static final Field<Boolean> CLIENTS_REQUIRED = Field.optional(
            "client-certificates",
            Scalar.of("required | optional", text -> switch (text) {
                case "required" -> true;
                case "optional" -> false;
                default -> throw Mismatch.plain();
            }),
            "required",
            "whether a visitor without a certificate is let in");
    static final Field<Boolean> CLIENT_HEADERS = Field.optional(
            "client-headers",
            Scalar.of("true | false", HttpsSchema::readBoolean),
            "false",
            "tells the target of the visitor's certificate: `Client-Cert` (RFC 9440), `X-Client-Cert-Subject` and"
                    + " `X-Client-Cert-Fingerprint`");

    static final Field<List<String>> ALPN = Field.optional(
            "alpn",
            new ListOf<>(Scalar.of("a protocol that TLS can name such as xmpp-client", TlsSchema::readProtocol)),
            "every handshake of the host",
            "leads only handshakes here that offer one of these (ALPN), for a tls:// target that shares its host");

    static final Field<Section> TLS = Field.optional(
            "tls",
            Shape.of(ENDS, CERTIFICATE, KEY, CLIENT_CA, CLIENTS_REQUIRED, CLIENT_HEADERS, ALPN)
                    .shorthand(ENDS),
            "how it is served by HTTPS");

    private TlsSchema() {}

    /// RFC 7301 §3.1 takes any 1 to 255 bytes; those that are registered are words, and `acme-tls/1` is not for
    /// services.
    private static String readProtocol(String text) throws Mismatch {
        boolean word = !text.isEmpty() && text.length() <= 255 && text.chars().allMatch(c -> c > ' ' && c < 0x7f);
        if (!word || text.equals("acme-tls/1")) {
            throw Mismatch.plain();
        }
        return text;
    }

    /// @param service the section of the service
    /// @param scheme of its target; null if that is not known
    static ServiceTls read(Section service, Role role, Target.@Nullable Scheme scheme, boolean here) {
        Section tls = service.get(TLS);
        boolean through = scheme == Target.Scheme.TLS;
        if (tls == null) {
            return through ? ServiceTls.of(Ends.BACKEND) : ServiceTls.UNSAID;
        }
        Ends ends = tls.get(ENDS, through ? Ends.BACKEND : Ends.UNSAID);
        noteEnds(tls, ends, scheme, role, here);
        String certificate = tls.get(CERTIFICATE);
        String key = tls.get(KEY);
        if (tls.mentions(CERTIFICATE) != tls.mentions(KEY)) {
            tls.note(
                    tls.mentions(KEY) ? KEY : CERTIFICATE,
                    tls.mentions(KEY) ? "stands without certificate" : "stands without key");
        }
        String clientCa = tls.get(CLIENT_CA);
        for (Field<?> field : new Field<?>[] {CLIENTS_REQUIRED, CLIENT_HEADERS}) {
            if (tls.mentions(field) && !tls.mentions(CLIENT_CA)) {
                tls.note(field, "says nothing without client-ca");
            }
        }
        if (tls.mentions(ALPN) && ends != Ends.BACKEND) {
            tls.note(ALPN, "goes with a tls:// target; where TLS ends here, HTTP is what is spoken");
        }
        boolean pair = certificate != null && key != null;
        return new ServiceTls(
                ends,
                pair ? certificate : null,
                pair ? key : null,
                clientCa,
                clientCa != null && tls.get(CLIENTS_REQUIRED, true),
                clientCa != null && tls.get(CLIENT_HEADERS, false),
                ends == Ends.BACKEND ? tls.get(ALPN, List.of()) : List.of());
    }

    /// @param here whether the document is of this node itself, and not what a site declares to its gateway
    private static void noteEnds(Section tls, Ends ends, Target.@Nullable Scheme scheme, Role role, boolean here) {
        boolean stream = scheme == Target.Scheme.TCP || scheme == Target.Scheme.TLS;
        if (ends == Ends.BACKEND && scheme != null && !stream) {
            tls.note(ENDS, "\"backend\" passes TLS on unread (expected with it: a tls:// target)");
        } else if (ends != Ends.BACKEND && scheme == Target.Scheme.TLS) {
            tls.note(ENDS, "\"" + ends + "\" is for http:// (a tls:// target ends TLS itself: backend)");
        }
        if (ends == Ends.SITE && role == Role.GATEWAY && here) {
            tls.note(ENDS, "\"site\" is declared in site.yaml, where the key will be");
        }
        boolean mine = role == Role.GATEWAY ? ends == Ends.GATEWAY || ends == Ends.UNSAID : ends == Ends.SITE;
        for (Field<?> field : new Field<?>[] {CERTIFICATE, KEY, CLIENT_CA}) {
            if (!mine && tls.mentions(field)) {
                tls.note(
                        field,
                        role == Role.SITE
                                ? "goes with ends: site, as only then TLS ends here"
                                : "goes with ends: gateway, as only then TLS ends here");
            }
        }
    }
}
