package dev.culvert.model;

/// Amounts of bytes as people write them: `512 KiB`, `10MiB`, `1 GiB`, `100`.
public final class ByteSize {
    private static final String[] UNITS = {"", "KiB", "MiB", "GiB", "TiB"};

    private ByteSize() {}

    /// @return bytes, or -1 if the text is no size
    public static long parse(String text) {
        for (int i = UNITS.length - 1; i >= 0; i--) {
            if (text.endsWith(UNITS[i])) {
                String digits = text.substring(0, text.length() - UNITS[i].length());
                int number = Literals.number(i == 0 ? digits : digits.stripTrailing(), 999_999_999);
                return number < 0 ? -1 : (long) number << (10 * i);
            }
        }
        return -1;
    }

    /// The shortest text that reads back as the same size.
    public static String format(long bytes) {
        int unit = 0;
        long value = bytes;
        while (value != 0 && (value & 1023) == 0 && unit < UNITS.length - 1) {
            value >>= 10;
            unit++;
        }
        return value + (unit == 0 ? "" : " " + UNITS[unit]);
    }
}
