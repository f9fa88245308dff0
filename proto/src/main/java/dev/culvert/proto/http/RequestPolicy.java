package dev.culvert.proto.http;

/// What a listener lets pass beyond what is refused always.
///
/// @param guarded refuse targets that two servers may read as two paths ([RequestRules.Accepted#ambiguous]); for a
///     listener whose routes differ in this, leave it off and ask the verdict after routing
/// @param refuseUnderscores refuse any field name with `_`; else such names pass, and those that are aliases of a
///     managed name are dropped by [HeaderNames#isManaged]
/// @param maxTarget chars of the target, else 414
/// @param maxFields fields, else 431
/// @param maxFieldBytes bytes of all fields with 4 for each line, else 431
public record RequestPolicy(
        boolean guarded, boolean refuseUnderscores, int maxTarget, int maxFields, int maxFieldBytes) {
    public static final RequestPolicy DEFAULT = new RequestPolicy(false, false, 8192, 100, 32 * 1024);

    public RequestPolicy {
        if (maxTarget < 1 || maxFields < 1 || maxFieldBytes < 1) {
            throw new IllegalArgumentException(
                    "limits below 1: " + maxTarget + ", " + maxFields + ", " + maxFieldBytes);
        }
    }

    /// This policy, guarded.
    public RequestPolicy withGuard() {
        return new RequestPolicy(true, refuseUnderscores, maxTarget, maxFields, maxFieldBytes);
    }

    /// This policy, without names that have an underscore.
    public RequestPolicy withoutUnderscores() {
        return new RequestPolicy(guarded, true, maxTarget, maxFields, maxFieldBytes);
    }
}
