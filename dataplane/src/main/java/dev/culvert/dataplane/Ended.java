package dev.culvert.dataplane;

import dev.culvert.proto.http.RequestHead;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/// A request or connection that is over, as the access log tells of it. Made only where somebody asks for it.
///
/// @param startedMillis since 1970
/// @param nanos how long it took
/// @param service null where none was found
/// @param site the other end of the tunnel; null where the target is on this node's own side, or none was found
/// @param receivedBytes of its body or connection, from the visitor
/// @param sentBytes of its body or connection, to the visitor
/// @param http null for a TCP connection
public record Ended(
        long startedMillis,
        long nanos,
        InetAddress client,
        @Nullable String service,
        @Nullable String site,
        long receivedBytes,
        long sentBytes,
        How how,
        @Nullable Http http) {

    /// How it ended.
    public enum How {
        /// Both sides had said all they wanted.
        DONE("done"),
        /// The visitor left first, or reset the connection.
        VISITOR("visitor"),
        /// The target broke off, or its answer was refused.
        TARGET("target"),
        /// There was no connection to the target.
        DIAL("dial"),
        /// This node refused the request by itself.
        REFUSED("refused"),
        /// This node ended it: a reload, a ban, an administrator.
        CUT("cut"),
        /// Nothing moved for too long.
        STALLED("stalled");

        private final String word;

        How(String word) {
            this.word = word;
        }

        @Override
        public String toString() {
            return word;
        }
    }

    /// What a visitor asked for, as it wrote it, cut to bounds: a full queue of them must not fill the memory.
    ///
    /// @param method empty where the head did not parse
    /// @param target with its query; at most [#MAX_TARGET] characters
    /// @param status of the response, 0 where there was none
    public record Http(
            String method, String host, String target, String version, int status, String referer, String userAgent) {
        static final int MAX_TARGET = 1024;
        private static final int MAX_FIELD = 256;
        private static final int MAX_METHOD = 32;

        /// @param head one without a target is one that did not parse
        static Http of(RequestHead head, int status) {
            if (head.target().isEmpty()) {
                return new Http("", "", "", "", status, "", "");
            }
            String host = "";
            String referer = "";
            String userAgent = "";
            for (int i = 0; i < head.count(); i++) {
                switch (head.name(i).length()) {
                    case 4 -> host = host.isEmpty() && is(head, i, "host") ? cut(head.value(i), MAX_FIELD) : host;
                    case 7 -> referer = is(head, i, "referer") ? cut(head.value(i), MAX_FIELD) : referer;
                    case 10 -> userAgent = is(head, i, "user-agent") ? cut(head.value(i), MAX_FIELD) : userAgent;
                    default -> {}
                }
            }
            return new Http(
                    cut(head.method(), MAX_METHOD),
                    host,
                    cut(head.target(), MAX_TARGET),
                    "HTTP/" + head.majorVersion() + "." + head.minorVersion(),
                    status,
                    referer,
                    userAgent);
        }

        private static boolean is(RequestHead head, int index, String name) {
            return name.contentEquals(head.name(index))
                    || name.equalsIgnoreCase(head.name(index).toString());
        }

        private static String cut(CharSequence text, int most) {
            return text.length() <= most
                    ? text.toString()
                    : text.subSequence(0, most).toString();
        }
    }
}
