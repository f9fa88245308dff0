package dev.culvert.proto.http;

/// Chars of protocol elements: tokens (RFC 9110 §5.6.2) and comparison without regard to case.
final class Ascii {
    private static final boolean[] TOKEN = new boolean[128];

    static {
        for (char c = '0'; c <= 'z'; c++) {
            TOKEN[c] = isAlphanumeric(c);
        }
        for (char c : "!#$%&'*+-.^_`|~".toCharArray()) {
            TOKEN[c] = true;
        }
    }

    private Ascii() {}

    static boolean isAlphanumeric(char c) {
        char lower = lower(c);
        return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9');
    }

    static boolean isTokenChar(char c) {
        return c < TOKEN.length && TOKEN[c];
    }

    static boolean isToken(CharSequence text) {
        for (int i = 0; i < text.length(); i++) {
            if (!isTokenChar(text.charAt(i))) {
                return false;
            }
        }
        return !text.isEmpty();
    }

    static char lower(char c) {
        return c >= 'A' && c <= 'Z' ? (char) (c | 0x20) : c;
    }

    /// @param lower in lower case
    static boolean equalsLower(CharSequence text, String lower) {
        return text.length() == lower.length() && matchesLower(text, 0, lower);
    }

    /// @param lower in lower case
    static boolean startsWithLower(CharSequence text, String lower) {
        return text.length() >= lower.length() && matchesLower(text, 0, lower);
    }

    /// Whether `text[from, to)` is `lower`, a text in lower case.
    static boolean rangeEqualsLower(CharSequence text, int from, int to, String lower) {
        return to - from == lower.length() && matchesLower(text, from, lower);
    }

    private static boolean matchesLower(CharSequence text, int from, String lower) {
        for (int i = 0; i < lower.length(); i++) {
            if (lower(text.charAt(from + i)) != lower.charAt(i)) {
                return false;
            }
        }
        return true;
    }
}
