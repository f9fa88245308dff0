package dev.culvert.proto.http.testing;

import dev.culvert.proto.http.Fields;
import dev.culvert.proto.http.RequestHead;
import dev.culvert.proto.http.ResponseHead;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Heads as a codec would hand them over, written as their lines.
public final class Heads {
    private Heads() {}

    /// A request of these lines.
    ///
    /// @param requestLine `METHOD target HTTP/x.y`
    /// @param lines `name: value`
    public static RequestHead request(String requestLine, String... lines) {
        int first = requestLine.indexOf(' ');
        int last = requestLine.lastIndexOf(' ');
        String version = requestLine.substring(last + " HTTP/".length());
        int dot = version.indexOf('.');
        return new Request(
                requestLine.substring(0, first),
                requestLine.substring(first + 1, last),
                Integer.parseInt(version.substring(0, dot)),
                Integer.parseInt(version.substring(dot + 1)),
                List.of(lines));
    }

    /// A GET of `target` from example.com.
    public static RequestHead get(String target, String... lines) {
        String[] all = new String[lines.length + 1];
        all[0] = "Host: example.com";
        System.arraycopy(lines, 0, all, 1, lines.length);
        return request("GET " + target + " HTTP/1.1", all);
    }

    /// A request of HTTP/2.
    ///
    /// @param protocol what extended CONNECT asks for, or null
    public static RequestHead framed(String target, boolean bodyFollows, @Nullable String protocol, String... lines) {
        return new FramedRequest(target, bodyFollows, protocol, List.of(lines));
    }

    /// An HTTP/1.1 response.
    public static ResponseHead response(int status, String... lines) {
        return new Response(status, 1, 1, List.of(lines));
    }

    /// A response of any version.
    public static ResponseHead response(int major, int minor, int status, String... lines) {
        return new Response(status, major, minor, List.of(lines));
    }

    private interface Lines extends Fields {
        List<String> lines();

        @Override
        default int count() {
            return lines().size();
        }

        @Override
        default CharSequence name(int index) {
            String line = lines().get(index);
            return line.substring(0, line.indexOf(':'));
        }

        @Override
        default CharSequence value(int index) {
            String line = lines().get(index);
            int from = line.indexOf(':') + 1;
            while (from < line.length() && line.charAt(from) == ' ') {
                from++;
            }
            return line.substring(from);
        }
    }

    private record Request(String method, String target, int majorVersion, int minorVersion, List<String> lines)
            implements RequestHead, Lines {}

    private record FramedRequest(
            String target, boolean bodyFollows, @Nullable String protocol, List<String> lines)
            implements RequestHead, Lines {
        @Override
        public String method() {
            return "GET";
        }

        @Override
        public int majorVersion() {
            return 2;
        }

        @Override
        public int minorVersion() {
            return 0;
        }

        @Override
        public boolean isFramed() {
            return true;
        }
    }

    private record Response(int status, int majorVersion, int minorVersion, List<String> lines)
            implements ResponseHead, Lines {}
}
