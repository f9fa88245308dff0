package dev.culvert.model.config;

import dev.culvert.model.HostPattern;
import dev.culvert.model.Literals;
import dev.culvert.model.PortRange;
import dev.culvert.model.PublicKey;
import java.util.Locale;

/// Names, numbers, keys and paths.
final class Scalars {
    static final Scalar<String> NAME = Scalar.of("a name of a-z, 0-9 and inner hyphens, at most 63", Scalars::readName);

    static final Scalar<String> HOST = Scalar.of("a host name such as photos.example.com", Hosts::read);

    static final Scalar<String> SERVED_HOST = Scalar.of("a host name such as photos.example.com", Hosts::readServed);

    static final Scalar<HostPattern> HOST_PATTERN =
            Scalar.of("a host name, \"*.example.com\" or \"*\"", Hosts::readPattern);

    static final Scalar<PortRange> PORTS = Scalar.of("a port or ports such as 2222 or 27000-27100/udp", text -> {
        PortRange range = PortRange.parse(text);
        if (range == null) {
            throw Mismatch.plain();
        }
        return range;
    });

    static final Scalar<Integer> MTU = number(1280, 65535);
    static final Scalar<Integer> KEEPALIVE = number(0, 65535);
    static final Scalar<Integer> CONNECTIONS = number(1, 1_000_000);

    static final Scalar<Integer> INTERVAL = number(1, 3600);

    static final Scalar<Integer> PATIENCE = number(1, 86_400);

    static final Scalar<Boolean> BOOLEAN = Scalar.of("true | false", text -> {
        if (!text.equals("true") && !text.equals("false")) {
            throw Mismatch.plain();
        }
        return text.equals("true");
    });

    static final Scalar<PublicKey> PUBLIC_KEY = Scalar.secret("base64 of 32 bytes", Scalars::readPublicKey);

    static final Scalar<String> KEY_FILE = Scalar.secret("a path to a file", Scalars::readKeyFile);

    static final Scalar<String> FILE = Scalar.of("a path to a file", text -> {
        if (text.isEmpty() || text.endsWith("/") || text.chars().anyMatch(c -> c < ' ' || c == 0x7f)) {
            throw Mismatch.plain();
        }
        return text;
    });

    static final Scalar<String> SOCKET = Scalar.of("an absolute path of a socket", text -> {
        if (!text.startsWith("/") || text.length() > 100 || text.chars().anyMatch(c -> c < ' ')) {
            throw Mismatch.plain();
        }
        return text;
    });

    private Scalars() {}

    static Scalar<Integer> number(int least, int most) {
        return Scalar.of(least + ".." + most, text -> {
            int value = Literals.number(text, most);
            if (value < least) {
                throw Mismatch.plain();
            }
            return value;
        });
    }

    private static String readName(String text) throws Mismatch {
        if (isName(text)) {
            return text;
        }
        String lower = text.toLowerCase(Locale.ROOT).replaceAll("[ _.]", "-");
        throw isName(lower) ? Mismatch.plain().suggest(lower) : Mismatch.plain();
    }

    private static boolean isName(String text) {
        return text.length() <= 63 && text.matches("[a-z0-9]([a-z0-9-]*[a-z0-9])?");
    }

    /// Not repeated when wrong: it could be the private key, put in the wrong place.
    private static PublicKey readPublicKey(String text) throws Mismatch {
        PublicKey key = PublicKey.parse(text);
        if (key == null) {
            throw Mismatch.because(
                    text.length() == 44 ? "not a key" : text.length() + " characters where a key has 44");
        }
        return key;
    }

    private static String readKeyFile(String text) throws Mismatch {
        if (text.isEmpty() || text.chars().anyMatch(c -> c < ' ')) {
            throw Mismatch.plain();
        }
        if (PublicKey.parse(text) != null) {
            throw Mismatch.because("this looks like a key itself; keep it in a file that only you can read");
        }
        return text;
    }
}
