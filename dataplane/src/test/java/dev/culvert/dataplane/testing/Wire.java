package dev.culvert.dataplane.testing;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/// One end of a TCP connection, blocking, with the bytes as text of one byte a char. Nothing waits for ever.
public final class Wire implements AutoCloseable {
    private static final int TIMEOUT_MILLIS = 10_000;

    private final Socket socket;
    private final InputStream in;

    public Wire(Socket socket) throws IOException {
        this.socket = socket;
        socket.setSoTimeout(TIMEOUT_MILLIS);
        this.in = new BufferedInputStream(socket.getInputStream(), 1 << 16);
    }

    public static Wire connect(InetSocketAddress to) throws IOException {
        Socket socket = new Socket();
        socket.connect(to, TIMEOUT_MILLIS);
        return new Wire(socket);
    }

    public Socket socket() {
        return socket;
    }

    public InputStream input() {
        return in;
    }

    public Wire send(String text) throws IOException {
        return send(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    public Wire send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        return this;
    }

    public void endOutput() throws IOException {
        socket.shutdownOutput();
    }

    /// Makes the next close a reset.
    public void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    /// Up to and with `end`; what came before the connection's end if that comes first.
    public String readUntil(String end) throws IOException {
        StringBuilder text = new StringBuilder();
        while (text.indexOf(end, text.length() - end.length()) < 0) {
            int next = in.read();
            if (next < 0) {
                break;
            }
            text.append((char) next);
        }
        return text.toString();
    }

    /// A head of HTTP with its empty line; empty at the connection's end.
    public String readHead() throws IOException {
        return readUntil("\r\n\r\n");
    }

    public String read(int count) throws IOException {
        return new String(in.readNBytes(count), StandardCharsets.ISO_8859_1);
    }

    public byte[] readBytes(int count) throws IOException {
        return in.readNBytes(count);
    }

    /// The rest up to the connection's end.
    public String readAll() throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        in.transferTo(all);
        return all.toString(StandardCharsets.ISO_8859_1);
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
