package dev.culvert.proto.http;

import org.jspecify.annotations.Nullable;

/// One pass over the fields of a message: their syntax and size, and where the ones stand that decide about it.
final class FieldScan {
    static final int ABSENT = -1;
    static final int REPEATED = -2;

    /// What is wrong with a field, request or response.
    enum Defect {
        TOO_MANY,
        TOO_LONG,
        NAME,
        VALUE,
        NOMINATIONS
    }

    private static final int MAX_NOMINATIONS = 16;
    /// Colon, space and CRLF of each line.
    private static final int LINE_OVERHEAD = 4;

    // Each is an index, ABSENT or REPEATED.
    int host;
    int contentLength;
    int transferEncoding;
    int contentType;
    int authorization;
    int expect;
    int upgrade;
    int webSocketKey;
    int webSocketVersion;
    int webSocketAccept;

    boolean underscore;
    boolean close;
    boolean keepAlive;
    boolean connectionUpgrade;
    private int nominations;

    @Nullable
    Defect scan(Fields fields, int maxFields, int maxBytes) {
        reset();
        int count = fields.count();
        if (count > maxFields) {
            return Defect.TOO_MANY;
        }
        int bytes = 0;
        for (int i = 0; i < count; i++) {
            CharSequence name = fields.name(i);
            CharSequence value = fields.value(i);
            bytes += name.length() + value.length() + LINE_OVERHEAD;
            if (bytes > maxBytes) {
                return Defect.TOO_LONG;
            }
            if (!isName(name)) {
                return Defect.NAME;
            }
            if (!isValue(value)) {
                return Defect.VALUE;
            }
            place(name, value, i);
        }
        return nominations > MAX_NOMINATIONS ? Defect.NOMINATIONS : null;
    }

    private void reset() {
        host = ABSENT;
        contentLength = ABSENT;
        transferEncoding = ABSENT;
        contentType = ABSENT;
        authorization = ABSENT;
        expect = ABSENT;
        upgrade = ABSENT;
        webSocketKey = ABSENT;
        webSocketVersion = ABSENT;
        webSocketAccept = ABSENT;
        underscore = false;
        close = false;
        keepAlive = false;
        connectionUpgrade = false;
        nominations = 0;
    }

    private boolean isName(CharSequence name) {
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (!Ascii.isTokenChar(c)) {
                return false;
            }
            underscore |= c == '_';
        }
        return !name.isEmpty();
    }

    /// RFC 9110 §5.5: visible chars, obs-text, space and tab.
    static boolean isValue(CharSequence value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if ((c < ' ' && c != '\t') || c == 0x7f || c > 0xff) {
                return false;
            }
        }
        return true;
    }

    /// The length of a name tells most of them apart before a char is compared.
    private void place(CharSequence name, CharSequence value, int i) {
        switch (name.length()) {
            case 4 -> host = at(host, name, "host", i);
            case 6 -> expect = at(expect, name, "expect", i);
            case 7 -> upgrade = at(upgrade, name, "upgrade", i);
            case 10 -> {
                if (Ascii.equalsLower(name, "connection")) {
                    readConnection(value);
                }
            }
            case 12 -> contentType = at(contentType, name, "content-type", i);
            case 13 -> authorization = at(authorization, name, "authorization", i);
            case 14 -> contentLength = at(contentLength, name, "content-length", i);
            case 17 -> {
                transferEncoding = at(transferEncoding, name, "transfer-encoding", i);
                webSocketKey = at(webSocketKey, name, "sec-websocket-key", i);
            }
            case 20 -> webSocketAccept = at(webSocketAccept, name, "sec-websocket-accept", i);
            case 21 -> webSocketVersion = at(webSocketVersion, name, "sec-websocket-version", i);
            default -> {}
        }
    }

    private static int at(int before, CharSequence name, String wanted, int i) {
        if (!Ascii.equalsLower(name, wanted)) {
            return before;
        }
        return before == ABSENT ? i : REPEATED;
    }

    private void readConnection(CharSequence value) {
        int length = value.length();
        for (int begin = 0; begin < length; ) {
            int comma = ListElement.end(value, begin);
            int from = ListElement.trimStart(value, begin, comma);
            int to = ListElement.trimEnd(value, from, comma);
            if (Ascii.rangeEqualsLower(value, from, to, "close")) {
                close = true;
            } else if (Ascii.rangeEqualsLower(value, from, to, "keep-alive")) {
                keepAlive = true;
            } else if (Ascii.rangeEqualsLower(value, from, to, "upgrade")) {
                connectionUpgrade = true;
            } else if (from < to) {
                nominations++;
            }
            begin = comma + 1;
        }
    }
}
