package dev.culvert.dataplane.http;

import io.netty.buffer.ByteBuf;

/// Looks at a request head byte by byte for what a lenient decoder repairs before any rule can see it: folded fields,
/// bare line ends, several empty lines in front, more or other white space in the request line than two single spaces,
/// a version in small letters (attacks.md H1-07, H1-08).
final class HeadScan {
    private static final int REQUEST_SPACES = 2;

    private State state = State.START;
    private boolean emptyLine;
    private int spaces;
    private byte previous;

    private enum State {
        START,
        START_LF,
        LINE,
        LINE_LF,
        FIELD_START,
        FIELD,
        FIELD_LF,
        END_LF,
        DONE
    }

    /// Makes ready for the next head.
    void reset() {
        state = State.START;
        emptyLine = false;
        spaces = 0;
    }

    /// Takes the bytes from `from` on, up to the head's end.
    ///
    /// @return the index behind the last byte that was taken, or -1 if the head is malformed
    int take(ByteBuf in, int from) {
        int at = from;
        while (at < in.writerIndex() && state != State.DONE) {
            if (!take(in.getByte(at++))) {
                return -1;
            }
        }
        return at;
    }

    private boolean take(byte next) {
        return switch (state) {
            case START -> start(next);
            case START_LF -> lineFeed(next, State.START);
            case LINE -> line(next);
            case LINE_LF, FIELD_LF -> lineFeed(next, State.FIELD_START);
            case FIELD_START -> next == '\r' ? enter(State.END_LF) : next > ' ' && enter(State.FIELD);
            case FIELD -> next == '\r' ? enter(State.FIELD_LF) : next != '\n' && next != 0;
            case END_LF -> lineFeed(next, State.DONE);
            case DONE -> true;
        };
    }

    /// RFC 9112 §2.2: one empty line before the request is tolerated.
    private boolean start(byte next) {
        if (next == '\r' && !emptyLine) {
            emptyLine = true;
            return enter(State.START_LF);
        }
        previous = next;
        return next > ' ' && enter(State.LINE);
    }

    private boolean line(byte next) {
        boolean afterSpace = previous == ' ';
        previous = next;
        if (next == '\r') {
            return spaces == REQUEST_SPACES && !afterSpace && enter(State.LINE_LF);
        }
        if (next == ' ') {
            spaces++;
        }
        // Bytes beyond ASCII are negative here, and the business of RequestRules.
        boolean doubled = next == ' ' && afterSpace;
        // RFC 9112 §2.3: HTTP is written in capitals, which the codec would make of `http`.
        boolean small = spaces == REQUEST_SPACES && next >= 'a' && next <= 'z';
        return !doubled && !small && spaces <= REQUEST_SPACES && (next >= ' ' || next < 0);
    }

    private boolean lineFeed(byte next, State then) {
        return next == '\n' && enter(then);
    }

    private boolean enter(State next) {
        state = next;
        return true;
    }
}
