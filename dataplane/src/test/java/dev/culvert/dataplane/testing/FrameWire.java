package dev.culvert.dataplane.testing;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// One end of an HTTP/2 connection, blocking, frame by frame: what is sent may be as wrong as a test wants it.
///
/// Fields go out as literals without indexing (RFC 7541 §6.2.2), which needs no table.
public final class FrameWire implements AutoCloseable {
    public static final int DATA = 0;
    public static final int HEADERS = 1;
    public static final int PRIORITY = 2;
    public static final int RST_STREAM = 3;
    public static final int SETTINGS = 4;
    public static final int PING = 6;
    public static final int GOAWAY = 7;
    public static final int WINDOW_UPDATE = 8;
    public static final int CONTINUATION = 9;
    public static final int END_STREAM = 1;
    public static final int ACK = 1;
    public static final int END_HEADERS = 4;

    // For what never comes, on a machine that others load; nothing is measured by it.
    private static final int TIMEOUT_MILLIS = 30_000;

    private final Socket socket;
    private final DataInputStream in;
    private final OutputStream out;
    private @Nullable ByteArrayOutputStream held;
    private final DefaultHttp2HeadersDecoder decoder = new DefaultHttp2HeadersDecoder(false);

    /// A frame as it came, its payload one byte a char.
    public record Frame(int type, int flags, int stream, String payload) {
        public boolean is(int wanted, int on) {
            return type == wanted && stream == on;
        }

        public boolean endsStream() {
            return (type == DATA || type == HEADERS) && (flags & END_STREAM) != 0;
        }

        /// The code of RST_STREAM or GOAWAY.
        public int error() {
            int at = type == GOAWAY ? 4 : 0;
            return number(at);
        }

        /// Four bytes of the payload.
        public int number(int at) {
            return payload.charAt(at) << 24
                    | payload.charAt(at + 1) << 16
                    | payload.charAt(at + 2) << 8
                    | payload.charAt(at + 3);
        }
    }

    /// What became of a request.
    ///
    /// @param status empty if no response came
    /// @param reset the code of RST_STREAM, -1 if there was none
    /// @param goAway the code of GOAWAY, -1 if there was none
    public record Answer(String status, @Nullable Http2Headers headers, String body, int reset, int goAway) {}

    public FrameWire(Socket socket) throws IOException {
        this.socket = socket;
        socket.setSoTimeout(TIMEOUT_MILLIS);
        in = new DataInputStream(socket.getInputStream());
        out = socket.getOutputStream();
    }

    /// Preface and settings, and the other side's acknowledged.
    public FrameWire greet(byte... settings) throws IOException {
        out.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        frame(SETTINGS, 0, 0, settings);
        readUntil(frame -> frame.type() == SETTINGS && frame.flags() == 0);
        return frame(SETTINGS, ACK, 0);
    }

    public FrameWire frame(int type, int flags, int stream, byte... payload) throws IOException {
        ByteArrayOutputStream frame = new ByteArrayOutputStream(9 + payload.length);
        frame.write(payload.length >> 16);
        frame.write(payload.length >> 8);
        frame.write(payload.length);
        frame.write(type);
        frame.write(flags);
        for (int shift = 24; shift >= 0; shift -= 8) {
            frame.write(stream >> shift);
        }
        frame.write(payload);
        if (held != null) {
            held.writeBytes(frame.toByteArray());
        } else {
            out.write(frame.toByteArray());
        }
        return this;
    }

    /// What is said until [#release] leaves in one piece.
    public void hold() {
        held = new ByteArrayOutputStream();
    }

    public void release() throws IOException {
        ByteArrayOutputStream all = held;
        held = null;
        if (all != null) {
            out.write(all.toByteArray());
        }
    }

    /// A head of names and values in turn.
    public FrameWire headers(int stream, boolean last, String... fields) throws IOException {
        return frame(HEADERS, END_HEADERS | (last ? END_STREAM : 0), stream, block(fields));
    }

    public FrameWire get(int stream, String path) throws IOException {
        return headers(stream, true, ":method", "GET", ":scheme", "http", ":path", path, ":authority", "app.test");
    }

    public FrameWire post(int stream, String path, String... fields) throws IOException {
        String[] all = new String[8 + fields.length];
        System.arraycopy(
                new String[] {":method", "POST", ":scheme", "http", ":path", path, ":authority", "app.test"},
                0,
                all,
                0,
                8);
        System.arraycopy(fields, 0, all, 8, fields.length);
        return headers(stream, false, all);
    }

    public FrameWire data(int stream, boolean last, String text) throws IOException {
        return frame(DATA, last ? END_STREAM : 0, stream, text.getBytes(StandardCharsets.ISO_8859_1));
    }

    public FrameWire reset(int stream, int error) throws IOException {
        return frame(RST_STREAM, 0, stream, number(error));
    }

    public FrameWire window(int stream, int more) throws IOException {
        return frame(WINDOW_UPDATE, 0, stream, number(more));
    }

    private static byte[] number(int value) {
        return new byte[] {(byte) (value >> 24), (byte) (value >> 16), (byte) (value >> 8), (byte) value};
    }

    public static byte[] block(String... fields) {
        ByteArrayOutputStream block = new ByteArrayOutputStream();
        for (int i = 0; i < fields.length; i += 2) {
            block.write(0);
            string(block, fields[i]);
            string(block, fields[i + 1]);
        }
        return block.toByteArray();
    }

    private static void string(ByteArrayOutputStream block, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        if (bytes.length < 127) {
            block.write(bytes.length);
        } else {
            block.write(127);
            int rest = bytes.length - 127;
            while (rest >= 128) {
                block.write((rest & 0x7f) | 0x80);
                rest >>= 7;
            }
            block.write(rest);
        }
        block.writeBytes(bytes);
    }

    /// The next frame; null at the connection's end.
    public @Nullable Frame read() throws IOException {
        try {
            int first = in.read();
            if (first < 0) {
                return null;
            }
            int length = first << 16 | in.readUnsignedShort();
            int type = in.readUnsignedByte();
            int flags = in.readUnsignedByte();
            int stream = in.readInt();
            return new Frame(type, flags, stream, new String(in.readNBytes(length), StandardCharsets.ISO_8859_1));
        } catch (SocketException reset) {
            return null;
        }
    }

    /// The first frame of a kind; null if the connection ends before.
    public @Nullable Frame readUntil(Predicate<Frame> wanted) throws IOException {
        Frame frame = read();
        while (frame != null && !wanted.test(frame)) {
            frame = read();
        }
        return frame;
    }

    public Http2Headers decode(Frame frame) {
        try {
            return decoder.decodeHeaders(
                    frame.stream(), Unpooled.wrappedBuffer(frame.payload().getBytes(StandardCharsets.ISO_8859_1)));
        } catch (Http2Exception e) {
            throw new UncheckedIOException(new IOException(e));
        }
    }

    /// All that comes for a stream, until it or the connection ends; pings and settings pass by.
    public Answer answer(int stream) throws IOException {
        String status = "";
        Http2Headers headers = null;
        StringBuilder body = new StringBuilder();
        while (true) {
            Frame frame = read();
            if (frame == null) {
                return new Answer(status, headers, body.toString(), -1, -1);
            }
            if (frame.type() == GOAWAY && frame.error() != 0) {
                return new Answer(status, headers, body.toString(), -1, frame.error());
            }
            if (frame.stream() != stream) {
                continue;
            }
            if (frame.type() == RST_STREAM) {
                return new Answer(status, headers, body.toString(), frame.error(), -1);
            }
            if (frame.type() == HEADERS) {
                Http2Headers next = decode(frame);
                if (next.status() != null) {
                    headers = next;
                    status = next.status().toString();
                }
            }
            if (frame.type() == DATA) {
                body.append(frame.payload());
            }
            if (frame.endsStream()) {
                return new Answer(status, headers, body.toString(), -1, -1);
            }
        }
    }

    public Socket socket() {
        return socket;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
