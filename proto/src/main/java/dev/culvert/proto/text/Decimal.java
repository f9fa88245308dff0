package dev.culvert.proto.text;

/// Unsigned decimal numbers from hostile text: digits only, no sign, no space, checked against overflow.
public final class Decimal {
    /// What every reader answers for a text that is not the number it reads.
    public static final long NONE = -1;

    private Decimal() {}

    /// The number in `text[from, to)`, leading zeros allowed, or [#NONE] if it is empty, has any other character or
    /// is above `max`.
    public static long read(CharSequence text, int from, int to, long max) {
        if (from >= to) {
            return NONE;
        }
        long value = 0;
        for (int i = from; i < to; i++) {
            int digit = text.charAt(i) - '0';
            if (digit < 0 || digit > 9 || value > max / 10 || digit > max - value * 10) {
                return NONE;
            }
            value = value * 10 + digit;
        }
        return value;
    }

    /// As [#read], but a leading zero is refused as well: the one spelling of each number.
    public static long readCanonical(CharSequence text, int from, int to, long max) {
        if (to - from > 1 && text.charAt(from) == '0') {
            return NONE;
        }
        return read(text, from, to, max);
    }
}
