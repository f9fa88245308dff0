package dev.culvert.model.config;

import dev.culvert.model.HostPattern;
import dev.culvert.model.Literals;
import java.net.IDN;
import java.net.InetAddress;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Host names in their one canonical form: lower-case A-labels without a trailing dot (RFC 1123, RFC 3490).
final class Hosts {
    /// Letters that IDNA 2003 (which the JDK speaks) and IDNA 2008 map to different names: ß, ς and the joiners.
    private static final String DEVIATIONS = "\u00df\u03c2\u200c\u200d";

    private Hosts() {}

    /// What a service may be reached by: as [#read], or `*.` and a name, for all names below it.
    static String readServed(String text) throws Mismatch {
        boolean below = text.startsWith("*.");
        String name = below ? name(text.substring(2)) : null;
        if (name != null && Literals.address(name) == null) {
            return "*." + name;
        }
        if (text.indexOf('*') >= 0) {
            throw Mismatch.because("a wildcard stands for every name below a domain: *.example.com");
        }
        return read(text);
    }

    /// A name or an IPv4 literal.
    static String read(String text) throws Mismatch {
        String name = name(text);
        if (name != null) {
            return name;
        }
        if (text.startsWith("*.")) {
            throw Mismatch.because("a wildcard is no name of one host");
        }
        if (text.chars().anyMatch(c -> DEVIATIONS.indexOf(c) >= 0)) {
            throw Mismatch.because("old and new rules disagree on this name: write its xn-- form");
        }
        throw Mismatch.plain().suggest(withoutDecoration(text));
    }

    /// A name, `*.` and a name, or `*`.
    static HostPattern readPattern(String text) throws Mismatch {
        if (text.equals("*")) {
            return new HostPattern(text);
        }
        boolean below = text.startsWith("*.");
        String name = name(below ? text.substring(2) : text);
        if (name == null || (below && Literals.address(name) != null)) {
            throw Mismatch.plain().suggest(below ? null : withoutDecoration(text));
        }
        return new HostPattern(below ? "*." + name : name);
    }

    /// The canonical form of a name or IPv4 literal, or null.
    static @Nullable String name(String text) {
        if (text.isEmpty() || text.length() > 253 || text.chars().anyMatch(c -> DEVIATIONS.indexOf(c) >= 0)) {
            return null;
        }
        String ascii = toAscii(text.endsWith(".") ? text.substring(0, text.length() - 1) : text);
        if (ascii == null || ascii.isEmpty() || ascii.length() > 253) {
            return null;
        }
        for (String label : ascii.split("\\.", -1)) {
            if (!isLabel(label)) {
                return null;
            }
        }
        // What ends in a number is an address or nothing (RFC 3986 section 3.2.2, WHATWG "ends in a number").
        String last = ascii.substring(ascii.lastIndexOf('.') + 1);
        boolean numeric = last.chars().allMatch(c -> c >= '0' && c <= '9');
        return numeric && Literals.address(ascii) == null ? null : ascii;
    }

    /// A name, or an address literal (IPv6 in brackets or bare) in canonical text; null if it is neither.
    static @Nullable String nameOrAddress(String text) {
        boolean brackets = text.startsWith("[") && text.endsWith("]") && text.length() > 2;
        InetAddress literal = Literals.address(brackets ? text.substring(1, text.length() - 1) : text);
        if (literal != null) {
            return Literals.format(literal);
        }
        return brackets ? null : name(text);
    }

    private static @Nullable String toAscii(String text) {
        try {
            return IDN.toASCII(text, IDN.USE_STD3_ASCII_RULES).toLowerCase(Locale.ROOT);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static boolean isLabel(String label) {
        return !label.isEmpty()
                && label.length() <= 63
                && !label.startsWith("-")
                && !label.endsWith("-")
                && label.chars().allMatch(c -> c == '-' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'));
    }

    /// `https://photos.example.com:443/x` is what people copy; they mean the name in it.
    private static @Nullable String withoutDecoration(String text) {
        String rest = text.substring(text.indexOf("://") < 0 ? 0 : text.indexOf("://") + 3);
        return rest.contains("@") ? null : name(rest.replaceFirst("[/:?#].*", ""));
    }
}
