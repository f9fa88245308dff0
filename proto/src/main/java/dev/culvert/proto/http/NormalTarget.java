package dev.culvert.proto.http;

import org.jspecify.annotations.Nullable;

/// A request target in the one form that is matched and forwarded, for those who have a text and no request.
///
/// @param text origin form: unreserved chars decoded, escapes in upper case, no dot or empty segments
/// @param ambiguous whether servers may read different paths out of it
public record NormalTarget(String text, boolean ambiguous) {
    /// Reads `/path?query`, or null where a request with this target would be refused.
    public static @Nullable NormalTarget of(String target) {
        TargetReader reader = new TargetReader();
        boolean right = target.startsWith("/") && reader.read(target, "GET") == null;
        return right ? new NormalTarget(reader.forward, reader.ambiguous) : null;
    }
}
