package dev.culvert.proto.http;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// The fields that a message's Connection names as belonging to this connection only (RFC 9110 §7.6.1), except those
/// that it has no business to name: [HeaderNames#isProtected]. At most 16, for the rules refuse more.
public final class Nominations {
    private static final Nominations NONE = new Nominations(List.of());

    private final List<String> names;

    private Nominations(List<String> names) {
        this.names = names;
    }

    /// Reads all Connection fields of a message that the rules have accepted.
    public static Nominations of(Fields fields) {
        List<String> names = null;
        for (int i = 0; i < fields.count(); i++) {
            if (!Ascii.equalsLower(fields.name(i), "connection")) {
                continue;
            }
            CharSequence value = fields.value(i);
            for (int begin = 0; begin < value.length(); ) {
                int comma = ListElement.end(value, begin);
                int from = ListElement.trimStart(value, begin, comma);
                int to = ListElement.trimEnd(value, from, comma);
                if (nominates(value, from, to)) {
                    names = names == null ? new ArrayList<>() : names;
                    names.add(value.subSequence(from, to).toString().toLowerCase(Locale.ROOT));
                }
                begin = comma + 1;
            }
        }
        return names == null ? NONE : new Nominations(names);
    }

    /// Whether this field is not to be forwarded because Connection names it.
    public boolean contains(CharSequence name) {
        for (int i = 0; i < names.size(); i++) {
            if (Ascii.equalsLower(name, names.get(i))) {
                return true;
            }
        }
        return false;
    }

    public boolean isEmpty() {
        return names.isEmpty();
    }

    private static boolean nominates(CharSequence value, int from, int to) {
        if (from == to
                || Ascii.rangeEqualsLower(value, from, to, "close")
                || Ascii.rangeEqualsLower(value, from, to, "keep-alive")
                || Ascii.rangeEqualsLower(value, from, to, "upgrade")) {
            return false;
        }
        CharSequence name = value.subSequence(from, to);
        return !HeaderNames.isHopByHop(name) && !HeaderNames.isProtected(name);
    }
}
