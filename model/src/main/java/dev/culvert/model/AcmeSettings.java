package dev.culvert.model;

import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How certificates are got from an authority by ACME (RFC 8555).
///
/// @param email whom the authority may write to
/// @param directory the authority's directory, https
/// @param caFile path to certificates that the authority's own server is trusted by, in PEM; null for the public ones
/// @param challenge how it is shown that a name is ours
/// @param dns how records are set for dns-01; null if they are not
/// @param eab the account at the authority that this one is bound to; null if none
/// @param profile of the authority's certificates; null for its default
public record AcmeSettings(
        String email,
        URI directory,
        @Nullable String caFile,
        Challenge challenge,
        @Nullable Dns dns,
        @Nullable Eab eab,
        @Nullable String profile)
        implements Entry {
    public static final URI LETS_ENCRYPT = URI.create("https://acme-v02.api.letsencrypt.org/directory");

    /// The kinds of proof.
    public enum Challenge {
        /// Whatever is possible here; another after one was rejected.
        AUTO,
        /// A file on port 80 (RFC 8555 §8.3).
        HTTP_01,
        /// A certificate on port 443 (RFC 8737).
        TLS_ALPN_01,
        /// A record in DNS (RFC 8555 §8.4).
        DNS_01;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /// Who sets records.
    public sealed interface Dns {
        /// A server that takes updates (RFC 2136), signed (RFC 8945).
        ///
        /// @param zone null to ask the server
        /// @param algorithm such as `hmac-sha256`
        /// @param secretFile path to the key, in base64
        record Update(Endpoint server, @Nullable String zone, String keyName, String algorithm, String secretFile)
                implements Dns {
            public static final List<String> ALGORITHMS = List.of("hmac-sha256", "hmac-sha384", "hmac-sha512");
        }

        /// A program of the operator's.
        ///
        /// @param path absolute
        record Exec(String path) implements Dns {}
    }

    /// External account binding (RFC 8555 §7.3.4).
    ///
    /// @param keyFile path to the MAC key, in base64url
    public record Eab(String keyId, String keyFile) {}

    @Override
    public String label() {
        return "certificates by ACME";
    }

    @Override
    public Map<String, List<String>> settings() {
        Settings settings = new Settings()
                .put("email", email)
                .putUnless("directory", LETS_ENCRYPT, directory)
                .put("ca-file", caFile)
                .putUnless("challenge", Challenge.AUTO, challenge);
        switch (dns) {
            case Dns.Update(var server, var zone, var keyName, var algorithm, var secretFile) ->
                settings.put("dns.rfc2136.server", server)
                        .put("dns.rfc2136.zone", zone)
                        .put("dns.rfc2136.key-name", keyName)
                        .putUnless("dns.rfc2136.algorithm", Dns.Update.ALGORITHMS.getFirst(), algorithm)
                        .put("dns.rfc2136.secret-file", secretFile);
            case Dns.Exec(var path) -> settings.put("dns.exec", path);
            case null -> {}
        }
        if (eab != null) {
            settings.put("eab.key-id", eab.keyId()).put("eab.key-file", eab.keyFile());
        }
        return settings.put("profile", profile).done();
    }
}
