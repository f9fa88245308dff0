package dev.culvert.model;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How a node's listeners with TLS behave, whatever the service.
///
/// @param hstsSeconds how long a browser shall ask by HTTPS only (RFC 6797); 0 for nothing said
/// @param redirect whether a request by HTTP is sent to HTTPS
/// @param http3 whether HTTP/3 is served beside it, at the same port of UDP
/// @param unknownName what happens to a handshake for a name of no service, or none
/// @param fallbackName the name whose certificate it is shown with [UnknownName#FALLBACK], else null
public record HttpsSettings(
        int hstsSeconds,
        boolean redirect,
        boolean http3,
        UnknownName unknownName,
        @Nullable String fallbackName) implements Entry {
    private static final int YEAR_SECONDS = 31_536_000;

    public static final HttpsSettings DEFAULT = new HttpsSettings(YEAR_SECONDS, true, true, UnknownName.REFUSE, null);

    /// What happens to a handshake for a name of no service.
    public enum UnknownName {
        /// An alert says that nobody has that name.
        REFUSE("refuse"),
        /// The connection is closed without a word.
        CLOSE("close"),
        /// It is taken for one of a name that is declared.
        FALLBACK("fallback");

        private final String word;

        UnknownName(String word) {
            this.word = word;
        }

        @Override
        public String toString() {
            return word;
        }
    }

    @Override
    public String label() {
        return "https";
    }

    @Override
    public Map<String, List<String>> settings() {
        return new Settings()
                .putUnless("https.hsts", YEAR_SECONDS, hstsSeconds)
                .putUnless("https.redirect", true, redirect)
                .putUnless("https.http3", true, http3)
                .putUnless("https.unknown-name", "refuse", fallbackName == null ? unknownName.toString() : fallbackName)
                .done();
    }
}
