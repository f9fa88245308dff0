package dev.culvert.control;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/// One request over a unix socket, as HTTP/1.0: the answer ends with the connection. Blocks; an interrupt ends it.
public final class UnixHttp {
    private static final int MAX_ANSWER = 16 * 1024 * 1024;

    private UnixHttp() {}

    /// @param status as the other end gave it
    public record Answer(int status, String body) {}

    /// @throws IOException if nobody listens there, or what came is no answer
    public static Answer request(Path socket, String method, String path, String body) throws IOException {
        byte[] content = body.getBytes(StandardCharsets.UTF_8);
        String head =
                method + " " + path + " HTTP/1.0\r\nHost: localhost\r\nContent-Length: " + content.length + "\r\n\r\n";
        String text;
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            write(channel, head.getBytes(StandardCharsets.US_ASCII));
            write(channel, content);
            text = readAll(channel);
        }
        int end = text.indexOf("\r\n\r\n");
        if (end < 0 || !text.matches("(?s)HTTP/1\\.[01] [0-9]{3}[ \r].*")) {
            throw new IOException("the answer is cut short");
        }
        return new Answer(Integer.parseInt(text.substring(9, 12)), text.substring(end + 4));
    }

    private static void write(SocketChannel channel, byte[] bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }

    private static String readAll(SocketChannel channel) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        ByteBuffer buffer = ByteBuffer.allocate(8192);
        while (channel.read(buffer) >= 0) {
            all.write(buffer.array(), 0, buffer.position());
            buffer.clear();
            if (all.size() > MAX_ANSWER) {
                throw new IOException("the answer has more than " + MAX_ANSWER + " bytes");
            }
        }
        return all.toString(StandardCharsets.UTF_8);
    }
}
