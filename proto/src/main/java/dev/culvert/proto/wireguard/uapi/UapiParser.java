package dev.culvert.proto.wireguard.uapi;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/// Makes requests of what one connection sends, in pieces of any size. Owned by whoever reads the connection.
///
/// A request is a line `get=1` or `set=1`, lines `key=value`, and an empty line. What does not fit is refused as a
/// whole, so that nothing is set by halves.
public final class UapiParser {
    /// EINVAL; the protocol's numbers are Linux's.
    static final int INVALID = 22;

    /// Longer than any line that means something: two addresses, or a key in hexadecimal digits.
    private static final int MAX_LINE = 256;

    /// `wg` sends a peer with 130,560 prefixes in one request, as netns.sh does.
    private static final int MAX_LINES = 4_000_000;

    private final byte[] line = new byte[MAX_LINE];
    private final ArrayDeque<UapiRequest> requests = new ArrayDeque<>();
    private int length;
    private int lines;
    private boolean tooLong;
    private boolean get;
    private boolean broken;
    private boolean begun;
    private @Nullable SetBuilder set;

    /// The parser of a new connection.
    public UapiParser() {}

    /// Takes bytes as they came.
    public void handleBytes(byte[] in, int offset, int count) {
        for (int i = offset; i < offset + count; i++) {
            if (in[i] == '\n') {
                endLine();
            } else if (length == MAX_LINE) {
                tooLong = true;
            } else {
                line[length++] = in[i];
            }
        }
    }

    /// The next whole request, or null if more must come first.
    public @Nullable UapiRequest pollRequest() {
        return requests.poll();
    }

    private void endLine() {
        String text = new String(line, 0, length, StandardCharsets.US_ASCII);
        boolean unreadable = tooLong;
        length = 0;
        tooLong = false;
        if (text.isEmpty() && !unreadable) {
            endRequest();
            return;
        }
        lines++;
        int equals = text.indexOf('=');
        if (unreadable || equals < 1 || lines > MAX_LINES) {
            broken = true;
            begun = true;
        } else if (!begun) {
            begin(text);
        } else if (!broken) {
            setting(text.substring(0, equals), text.substring(equals + 1));
        }
    }

    private void begin(String text) {
        begun = true;
        get = text.equals("get=1");
        if (text.equals("set=1")) {
            set = new SetBuilder();
        } else {
            broken = !get;
        }
    }

    private void setting(String key, String value) {
        SetBuilder building = set;
        broken = building == null || !building.accept(key, value);
    }

    /// An empty line before any other is nothing.
    private void endRequest() {
        if (begun) {
            SetBuilder built = set;
            if (broken) {
                requests.add(new UapiRequest.Refused(get, INVALID));
            } else {
                requests.add(built == null ? new UapiRequest.Get() : built.build());
            }
        }
        begun = false;
        broken = false;
        get = false;
        set = null;
        lines = 0;
    }
}
