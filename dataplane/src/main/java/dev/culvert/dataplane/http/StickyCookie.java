package dev.culvert.dataplane.http;

import dev.culvert.model.decide.TargetGroup;
import io.netty.handler.codec.http.HttpHeaderNames;

/// Keeps a visitor at a target. The value is a keyed hash: it names a target to this node and nobody else, and one that
/// no target has is as good as none.
final class StickyCookie {
    private static final String NAME = "culvert-target";

    private StickyCookie() {}

    /// The index of the target that the request's cookies name, or -1. There may be several cookies of the name, for
    /// several paths of a host.
    static int read(Request request, TargetGroup group) {
        for (int i = 0; i < request.count(); i++) {
            if (HttpHeaderNames.COOKIE.contentEqualsIgnoreCase(request.name(i))) {
                int index = find(request.value(i).toString(), group);
                if (index >= 0) {
                    return index;
                }
            }
        }
        return -1;
    }

    private static int find(String cookies, TargetGroup group) {
        int from = 0;
        while (from < cookies.length()) {
            int end = cookies.indexOf(';', from);
            end = end < 0 ? cookies.length() : end;
            String pair = cookies.substring(from, end).strip();
            if (pair.startsWith(NAME + "=")) {
                int index = group.byId(pair.substring(NAME.length() + 1));
                if (index >= 0) {
                    return index;
                }
            }
            from = end + 1;
        }
        return -1;
    }

    /// The value of Set-Cookie.
    ///
    /// @param path the prefix by which the service was found
    static String write(String id, String path, boolean secure) {
        return NAME + "=" + id + "; Path=" + path + "; HttpOnly; SameSite=Lax" + (secure ? "; Secure" : "");
    }
}
