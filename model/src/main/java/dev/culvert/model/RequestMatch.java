package dev.culvert.model;

import java.util.Collections;
import java.util.List;

/// Which requests to its hosts a service takes.
///
/// @param paths prefixes in normal form, by whole segments, without a slash at the end but for `/` itself; empty is
///     `/`
/// @param methods empty takes every method
/// @param headers all of them must be there
public record RequestMatch(List<String> paths, List<String> methods, List<HeaderMatch> headers) {
    /// Every request.
    public static final RequestMatch ANY = new RequestMatch(List.of(), List.of(), List.of());

    private static final List<String> ROOT = List.of("/");

    public RequestMatch {
        paths = List.copyOf(paths);
        methods = List.copyOf(methods);
        headers = List.copyOf(headers);
    }

    /// The prefixes, `/` where none is written.
    public List<String> prefixes() {
        return paths.isEmpty() ? ROOT : paths;
    }

    /// Whether some request matches both and neither is the more specific one, so that their order would be chance.
    public boolean clashes(RequestMatch other) {
        return !Collections.disjoint(prefixes(), other.prefixes())
                && methods.isEmpty() == other.methods.isEmpty()
                && (methods.isEmpty() || !Collections.disjoint(methods, other.methods))
                && headers.size() == other.headers.size()
                && headers.stream().noneMatch(mine -> other.headers.stream().anyMatch(mine::excludes));
    }

    /// Whether a request target, in normal form, lies below `prefix`.
    public static boolean isBelow(String prefix, String target) {
        int length = prefix.length();
        if (length == 1) {
            return true;
        }
        if (!target.startsWith(prefix)) {
            return false;
        }
        return target.length() == length || target.charAt(length) == '/' || target.charAt(length) == '?';
    }
}
