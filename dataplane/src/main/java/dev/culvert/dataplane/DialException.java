package dev.culvert.dataplane;

import java.io.IOException;
import java.util.Locale;

/// No connection to a target, and the hop at which it broke.
public final class DialException extends IOException {
    private static final long serialVersionUID = 1;

    private final Broken broken;

    /// The hop at which it broke, and what an HTTP visitor is told of it: 504 where nobody answered, 502 where somebody
    /// answered no.
    public enum Broken {
        /// No answer from the site inside the tunnel: the tunnel is down, or the site's program is.
        SITE_SILENT(504, "the site does not answer through the tunnel"),
        /// The site answered with a reset: it does not run `culvert site`, or a plain peer's port is closed.
        SITE_REFUSED(502, "the site refuses the connection inside the tunnel"),
        /// The target is not on the site's `allow:` list, or the site does not believe the client's address.
        DENIED(502, "the site does not allow this target (its allow: list in site.yaml)"),
        /// The target's port is closed.
        TARGET_REFUSED(502, "the target refuses the connection (is the service running?)"),
        /// No route from the site to the target, or its name does not resolve.
        TARGET_UNREACHABLE(504, "the target cannot be reached from the site"),
        /// The target does not answer.
        TARGET_TIMEOUT(504, "the target does not answer"),
        /// The target's certificate is not believed, or it does not speak TLS.
        TARGET_TLS(502, "the target's TLS is not accepted (its name and target-ca in the configuration)"),
        /// Too many connections at the site.
        OVERLOADED(503, "the site has too many connections"),
        /// The two ends do not understand each other.
        PROTOCOL(502, "gateway and site do not understand each other (different versions?)");

        private final int status;
        private final String text;

        Broken(int status, String text) {
            this.status = status;
            this.text = text;
        }

        /// The HTTP status for the visitor.
        public int status() {
            return status;
        }

        /// For labels of metrics: `site-silent`.
        public String word() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        /// For the operator; never shown to a visitor.
        public String text() {
            return text;
        }
    }

    public DialException(Broken broken, String detail) {
        super(detail.isEmpty() ? broken.text() : broken.text() + ": " + detail, null);
        this.broken = broken;
    }

    public Broken broken() {
        return broken;
    }

    /// A refused dial is an answer, not a fault of the program: its stack says nothing.
    @Override
    public synchronized Throwable fillInStackTrace() {
        return this;
    }
}
