package dev.culvert.proto.text;

/// DNS host names as they stand in `Host`, in SNI and in a hop's target.
public final class HostName {
    /// The longest name in text, without its trailing dot (RFC 1035 §2.3.4).
    public static final int MAX_LENGTH = 253;

    private static final int MAX_LABEL = 63;

    private HostName() {}

    /// Whether `text[from, to)` is a name: labels of 1 to 63 letters, digits, `-` or `_`, joined by single dots,
    /// without a trailing dot. Names beyond ASCII must come as A-labels.
    public static boolean isName(CharSequence text, int from, int to) {
        if (from >= to || to - from > MAX_LENGTH) {
            return false;
        }
        int label = 0;
        for (int i = from; i < to; i++) {
            char c = text.charAt(i);
            if (c == '.') {
                if (label == 0) {
                    return false;
                }
                label = 0;
            } else if (!isLabelChar(c) || ++label > MAX_LABEL) {
                return false;
            }
        }
        return label > 0;
    }

    private static boolean isLabelChar(char c) {
        int lower = c | 0x20;
        return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    }
}
