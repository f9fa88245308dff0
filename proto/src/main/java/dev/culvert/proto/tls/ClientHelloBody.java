package dev.culvert.proto.tls;

import dev.culvert.proto.text.AddressLiteral;
import dev.culvert.proto.text.HostName;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Reads a whole ClientHello (RFC 8446 §4.1.2). Every length must lead exactly to the end of what contains it.
final class ClientHelloBody {
    private static final int RANDOM = 32;
    private static final int MAX_SESSION_ID = 32;
    private static final int SERVER_NAME = 0;
    private static final int ALPN = 16;
    private static final int SUPPORTED_VERSIONS = 43;
    private static final int ENCRYPTED_CLIENT_HELLO = 0xfe0d;
    private static final int MAX_EXTENSIONS = 128;

    private final byte[] bytes;
    private int at;
    private int end;
    private @Nullable HelloFault fault;
    private @Nullable String serverName;
    private final List<String> protocols = new ArrayList<>(2);
    private int version;
    private boolean encrypted;

    ClientHelloBody(byte[] bytes, int from, int to) {
        this.bytes = bytes;
        this.at = from;
        this.end = to;
    }

    HelloVerdict read() {
        version = u16();
        skip(RANDOM);
        int sessionId = u8();
        if (sessionId > MAX_SESSION_ID) {
            fail(HelloFault.BAD_LENGTH);
        }
        skip(sessionId);
        int suites = u16();
        if (suites == 0 || (suites & 1) != 0) {
            fail(HelloFault.BAD_LENGTH);
        }
        skip(suites);
        int compressions = u8();
        if (compressions == 0) {
            fail(HelloFault.BAD_LENGTH);
        }
        skip(compressions);
        // TLS 1.2 lets a hello end here (RFC 5246 §7.4.1.2).
        if (fault == null && at < end) {
            extensions();
        }
        HelloFault found = fault;
        return found != null
                ? new HelloVerdict.Malformed(found)
                : new HelloVerdict.Accepted(new ClientHello(serverName, protocols, version, encrypted));
    }

    private void extensions() {
        int outer = end;
        enter(u16(), outer);
        if (fault == null && end != outer) {
            fail(HelloFault.BAD_LENGTH);
        }
        int[] seen = new int[MAX_EXTENSIONS];
        int count = 0;
        while (fault == null && at < end) {
            int type = u16();
            int length = u16();
            if (fault != null || count == MAX_EXTENSIONS) {
                fail(HelloFault.BAD_LENGTH);
                return;
            }
            for (int i = 0; i < count; i++) {
                if (seen[i] == type) {
                    fail(HelloFault.DUPLICATE_EXTENSION);
                    return;
                }
            }
            seen[count++] = type;
            int after = enter(length, end);
            extension(type);
            leave(after);
        }
    }

    private void extension(int type) {
        switch (type) {
            case SERVER_NAME -> serverName();
            case ALPN -> protocols();
            case SUPPORTED_VERSIONS -> versions();
            case ENCRYPTED_CLIENT_HELLO -> {
                encrypted = true;
                at = end;
            }
            default -> at = end;
        }
    }

    private void serverName() {
        if (u16() != end - at || at == end) {
            fail(HelloFault.BAD_SERVER_NAME);
            return;
        }
        // The one type there is; RFC 6066 §3 forbids two names of one type.
        int type = u8();
        int length = u16();
        if (fault != null || type != 0 || length > end - at) {
            fail(HelloFault.BAD_SERVER_NAME);
        } else if (length < end - at) {
            fail(HelloFault.TWO_SERVER_NAMES);
        } else {
            name(new String(bytes, at, length, StandardCharsets.ISO_8859_1));
            at = end;
        }
    }

    private void name(String text) {
        String name = text.endsWith(".") ? text.substring(0, text.length() - 1) : text;
        boolean right = HostName.isName(name, 0, name.length()) && AddressLiteral.read(name, 0, name.length()) == null;
        if (right) {
            // Letters beyond ASCII are none of a name, so this folds ASCII only.
            serverName = name.toLowerCase(Locale.ROOT);
        } else {
            fail(HelloFault.BAD_SERVER_NAME);
        }
    }

    private void protocols() {
        if (u16() != end - at || at == end) {
            fail(HelloFault.BAD_ALPN);
            return;
        }
        while (fault == null && at < end) {
            int length = u8();
            if (length == 0 || length > end - at) {
                fail(HelloFault.BAD_ALPN);
                return;
            }
            protocols.add(new String(bytes, at, length, StandardCharsets.ISO_8859_1));
            at += length;
        }
    }

    private void versions() {
        int length = u8();
        if (length != end - at || length == 0 || (length & 1) != 0) {
            fail(HelloFault.BAD_LENGTH);
            return;
        }
        // GREASE (RFC 8701) is of the form 0x?a?a and above all versions there are.
        while (at < end) {
            int offered = u16();
            if (offered >> 8 == 3) {
                version = Math.max(version, offered);
            }
        }
    }

    /// Makes a part of `length` bytes all there is to read.
    ///
    /// @return the end of what contains it, for [#leave]
    private int enter(int length, int outer) {
        if (length > end - at) {
            fail(HelloFault.BAD_LENGTH);
        } else {
            end = at + length;
        }
        return outer;
    }

    private void leave(int outer) {
        if (at != end) {
            fail(HelloFault.BAD_LENGTH);
        }
        end = outer;
    }

    private int u8() {
        if (end - at < 1) {
            fail(HelloFault.BAD_LENGTH);
            return 0;
        }
        return bytes[at++] & 0xff;
    }

    private int u16() {
        if (end - at < 2) {
            fail(HelloFault.BAD_LENGTH);
            return 0;
        }
        int value = (bytes[at] & 0xff) << 8 | (bytes[at + 1] & 0xff);
        at += 2;
        return value;
    }

    private void skip(int count) {
        if (end - at < count) {
            fail(HelloFault.BAD_LENGTH);
        } else {
            at += count;
        }
    }

    /// The first fault counts.
    private void fail(HelloFault found) {
        if (fault == null) {
            fault = found;
        }
    }
}
