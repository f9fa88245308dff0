package dev.culvert.control.observe;

/// Text that strangers had a hand in, written so that a line stays one line and a terminal stays a terminal
/// (attacks.md LG-01): what is not printable becomes an escape.
public final class LogText {
    private LogText() {}

    /// Appends `text` for a plain line: line ends, controls (ANSI sequences begin with one) and what turns the reading
    /// direction around become escapes; a backslash stays what it is.
    public static void plain(CharSequence text, StringBuilder out) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (isPrintable(c)) {
                out.append(c);
            } else {
                escape(c, out);
            }
        }
    }

    /// Appends `text` as a JSON string with its quotes (RFC 8259 §7); half a surrogate pair becomes an escape too, so
    /// that the result is always UTF-8.
    public static void json(CharSequence text, StringBuilder out) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (Character.isHighSurrogate(c)
                    && i + 1 < text.length()
                    && Character.isLowSurrogate(text.charAt(i + 1))) {
                out.append(c).append(text.charAt(++i));
            } else if (isPrintable(c) && !Character.isSurrogate(c)) {
                out.append(c);
            } else {
                escape(c, out);
            }
        }
        out.append('"');
    }

    private static void escape(char c, StringBuilder out) {
        switch (c) {
            case '\n' -> out.append("\\n");
            case '\r' -> out.append("\\r");
            case '\t' -> out.append("\\t");
            default -> {
                out.append("\\u");
                for (int shift = 12; shift >= 0; shift -= 4) {
                    out.append(Character.forDigit(c >> shift & 0xf, 16));
                }
            }
        }
    }

    private static boolean isPrintable(char c) {
        boolean control = c < ' ' || (c >= 0x7f && c < 0xa0);
        boolean lineEnd = c == 0x2028 || c == 0x2029;
        // Unicode TR9: embeddings, overrides and isolates can make a line read as another one.
        boolean direction = (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x200e || c == 0x200f;
        return !control && !lineEnd && !direction;
    }
}
