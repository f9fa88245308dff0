package dev.culvert.control.admin;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.culvert.control.store.StateFolder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/// Asks the node that runs with a state folder. One request a connection; blocks.
public final class AdminClient {
    private final Path socket;

    /// The node answered that it would not, and why.
    public static final class Refused extends IOException {
        private static final long serialVersionUID = 1;

        Refused(String message) {
            super(message);
        }
    }

    public AdminClient(Path socket) {
        this.socket = socket;
    }

    /// @return the answer's JSON
    /// @throws Refused with the node's words
    /// @throws IOException if no node runs with this state, or it cannot be asked
    public Map<String, Object> call(String method, String path, Map<String, ?> arguments) throws IOException {
        byte[] body = JSON.std.asBytes(arguments);
        String head = method + " " + path + " HTTP/1.1\r\nHost: culvert\r\nContent-Length: " + body.length
                + "\r\nConnection: close\r\n\r\n";
        String answer;
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            write(channel, head.getBytes(StandardCharsets.US_ASCII));
            write(channel, body);
            answer = readAll(channel);
        } catch (IOException e) {
            throw new IOException(unreachable(), e);
        }
        int end = answer.indexOf("\r\n\r\n");
        if (end < 0 || answer.length() < 12) {
            throw new IOException("the node's answer is cut short");
        }
        String text = answer.substring(end + 4);
        if (!answer.startsWith("200", 9)) {
            throw new Refused(text.strip());
        }
        return JSON.std.mapFrom(text);
    }

    private String unreachable() {
        Path folder = socket.getParent();
        Path installed = StateFolder.INSTALLED;
        if (Files.exists(socket) && !Files.isWritable(socket)) {
            return "the culvert with the state in " + folder + " does not listen to this user: " + joinGroup();
        }
        String nobody = "no culvert runs with the state in " + folder
                + ": start it (culvert gateway, or culvert site), or name its folder with --state";
        boolean closed = Files.isDirectory(installed) && !Files.isExecutable(installed);
        return closed && !installed.equals(folder)
                ? nobody + ". The installed service's is " + installed + ": to use it, " + joinGroup()
                : nobody;
    }

    private static String joinGroup() {
        String user = System.getProperty("user.name");
        return "join its group (sudo usermod -aG culvert " + user + ", then log in again) or use sudo";
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
        }
        return all.toString(StandardCharsets.UTF_8);
    }
}
