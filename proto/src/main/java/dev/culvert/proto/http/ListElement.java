package dev.culvert.proto.http;

/// The elements of a comma-separated field value whose elements are tokens (RFC 9110 §5.6.1).
final class ListElement {
    private ListElement() {}

    /// The index of the comma that ends the element which begins at `from`, or the length of `value`.
    static int end(CharSequence value, int from) {
        int end = from;
        while (end < value.length() && value.charAt(end) != ',') {
            end++;
        }
        return end;
    }

    static int trimStart(CharSequence value, int from, int to) {
        int start = from;
        while (start < to && isSpace(value.charAt(start))) {
            start++;
        }
        return start;
    }

    static int trimEnd(CharSequence value, int from, int to) {
        int end = to;
        while (end > from && isSpace(value.charAt(end - 1))) {
            end--;
        }
        return end;
    }

    private static boolean isSpace(char c) {
        return c == ' ' || c == '\t';
    }
}
