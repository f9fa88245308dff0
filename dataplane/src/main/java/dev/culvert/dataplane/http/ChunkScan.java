package dev.culvert.dataplane.http;

import dev.culvert.proto.text.AddressLiteral;
import io.netty.buffer.ByteBuf;

/// Looks at a chunked body (RFC 9112 §7.1) for what a lenient decoder reads in its own way: sizes out of form, line
/// ends
/// within extensions, data that is longer than its size, trailers with folded or broken lines (attacks.md H1-09,
/// H1-10). Data is skipped, not looked at.
final class ChunkScan {
    private static final int MAX_DIGITS = 16;
    private static final int MAX_EXTENSIONS = 16 * 1024;

    private State state = State.SIZE;
    private long size;
    private int digits;
    private int extensions;

    private enum State {
        SIZE,
        EXTENSION,
        SIZE_LF,
        DATA,
        DATA_CR,
        DATA_LF,
        TRAILER_START,
        TRAILER,
        TRAILER_LF,
        END_LF,
        DONE
    }

    /// Makes ready for the next body.
    void reset() {
        state = State.SIZE;
        size = 0;
        digits = 0;
        extensions = 0;
    }

    /// Takes the bytes from `from` on, up to the body's end.
    ///
    /// @return the index behind the last byte that was taken, or -1 if the body is malformed
    int take(ByteBuf in, int from) {
        int at = from;
        while (at < in.writerIndex() && state != State.DONE) {
            if (state == State.DATA) {
                int step = (int) Math.min(size, in.writerIndex() - at);
                size -= step;
                at += step;
                if (size == 0) {
                    state = State.DATA_CR;
                }
            } else if (!take(in.getByte(at++))) {
                return -1;
            }
        }
        return at;
    }

    private boolean take(byte next) {
        return switch (state) {
            case SIZE -> size(next);
            case EXTENSION -> extension(next);
            case SIZE_LF -> next == '\n' && enter(size == 0 ? State.TRAILER_START : State.DATA);
            case DATA_CR -> next == '\r' && enter(State.DATA_LF);
            case DATA_LF -> next == '\n' && nextChunk();
            case TRAILER_START -> next == '\r' ? enter(State.END_LF) : next > ' ' && enter(State.TRAILER);
            case TRAILER -> next == '\r' ? enter(State.TRAILER_LF) : next != '\n' && next != 0;
            case TRAILER_LF -> next == '\n' && enter(State.TRAILER_START);
            case END_LF -> next == '\n' && enter(State.DONE);
            case DATA, DONE -> true;
        };
    }

    private boolean size(byte next) {
        int digit = AddressLiteral.hexDigit((char) (next & 0xff));
        if (digit >= 0) {
            size = size << 4 | digit;
            // A size beyond 2^63 - 1 shows as a negative one.
            return ++digits <= MAX_DIGITS && size >= 0;
        }
        if (digits == 0) {
            return false;
        }
        return next == '\r' ? enter(State.SIZE_LF) : next == ';' && enter(State.EXTENSION);
    }

    /// Read over and never forwarded. A CR ends the line even within quotes, for quoted-string knows none.
    private boolean extension(byte next) {
        if (next == '\r') {
            return enter(State.SIZE_LF);
        }
        boolean text = next == '\t' || (next >= ' ' && next != 0x7f);
        return text && ++extensions <= MAX_EXTENSIONS;
    }

    private boolean nextChunk() {
        size = 0;
        digits = 0;
        return enter(State.SIZE);
    }

    private boolean enter(State next) {
        state = next;
        return true;
    }
}
