package dev.culvert.model.config;

import org.jspecify.annotations.Nullable;

/// Thrown by a [Scalar]'s reader: this text is not what was expected. Never leaves the package.
final class Mismatch extends Exception {
    private static final long serialVersionUID = 1;

    private final @Nullable String why;
    private final @Nullable String suggestion;

    private Mismatch(@Nullable String why, @Nullable String suggestion) {
        super(why, null, false, false);
        this.why = why;
        this.suggestion = suggestion;
    }

    static Mismatch plain() {
        return new Mismatch(null, null);
    }

    /// @param why what is wrong, where the expectation alone does not tell
    static Mismatch because(String why) {
        return new Mismatch(why, null);
    }

    Mismatch suggest(@Nullable String better) {
        return new Mismatch(why, better);
    }

    /// `(why; expected: …), did you mean "…"?`
    String describe(String expected) {
        String reason = why == null ? "" : why + "; ";
        return "(" + reason + "expected: " + expected + ")" + Suggestion.phrase(suggestion);
    }
}
