package dev.culvert.model.config;

/// What a Problem may repeat of a user's text: short, on one line, without control characters and credentials.
public final class Echo {
    private static final int MOST = 80;

    private Echo() {}

    /// The text in double quotes.
    public static String quote(String text) {
        return '"' + clean(text) + '"';
    }

    /// The text without quotes, for a path.
    public static String clean(String text) {
        String shown = hideUserInfo(text);
        StringBuilder clean = new StringBuilder();
        int i = 0;
        while (i < shown.length() && clean.length() < MOST) {
            int c = shown.codePointAt(i);
            i += Character.charCount(c);
            // Control, format (bidirectional overrides), surrogate, private, unassigned and line separators.
            boolean printable = switch (Character.getType(c)) {
                case Character.CONTROL,
                        Character.FORMAT,
                        Character.SURROGATE,
                        Character.PRIVATE_USE,
                        Character.UNASSIGNED,
                        Character.LINE_SEPARATOR,
                        Character.PARAGRAPH_SEPARATOR -> false;
                default -> true;
            };
            clean.appendCodePoint(printable ? c : '?');
        }
        return i < shown.length() ? clean + "…" : clean.toString();
    }

    /// `http://admin:secret@nas:80` is refused anyhow, and its password does not belong in a log.
    private static String hideUserInfo(String text) {
        int at = text.lastIndexOf('@');
        if (at < 0) {
            return text;
        }
        int start = text.indexOf("://");
        return (start < 0 || start > at ? "" : text.substring(0, start + 3)) + "***" + text.substring(at);
    }
}
