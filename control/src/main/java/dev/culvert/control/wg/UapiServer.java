package dev.culvert.control.wg;

import dev.culvert.proto.wireguard.uapi.UapiParser;
import dev.culvert.proto.wireguard.uapi.UapiRequest;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;

/// Serves the configuration protocol on a unix socket, mode 0600, a virtual thread for each who asks.
public final class UapiServer implements AutoCloseable {
    /// Answers one request; blocks until it is carried out.
    @FunctionalInterface
    public interface Interface {
        String ask(UapiRequest request) throws Exception;
    }

    private final Path file;
    private final ServerSocketChannel server;
    private final Interface wg;

    private UapiServer(Path file, ServerSocketChannel server, Interface wg) {
        this.file = file;
        this.server = server;
        this.wg = wg;
    }

    /// Begins to serve.
    ///
    /// @param file where; what is there is replaced, as nobody else has the interface
    /// @throws IOException if the folder cannot be written
    public static UapiServer open(Path file, Interface wg) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        if (folder == null) {
            throw new IOException(file + " has no folder");
        }
        Files.createDirectories(folder, permissions("rwxr-xr-x"));
        // Bound where nobody can reach it, and moved once its permissions are right.
        Path hidden = Files.createTempDirectory(folder, ".culvert", permissions("rwx------"));
        try {
            ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            Path made = hidden.resolve("s");
            try {
                server.bind(UnixDomainSocketAddress.of(made));
                Files.setPosixFilePermissions(made, PosixFilePermissions.fromString("rw-------"));
                Files.move(made, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
            } catch (IOException e) {
                server.close();
                Files.deleteIfExists(made);
                throw e;
            }
            UapiServer uapi = new UapiServer(file, server, wg);
            Thread.ofVirtual().name("uapi").start(uapi::accept);
            return uapi;
        } finally {
            Files.deleteIfExists(hidden);
        }
    }

    private static FileAttribute<?> permissions(String mode) {
        return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(mode));
    }

    private void accept() {
        while (server.isOpen()) {
            try {
                SocketChannel asking = server.accept();
                Thread.ofVirtual().name("uapi-asking").start(() -> serve(asking));
            } catch (IOException _) {
                // Closed, or one connection that ended before it began.
            }
        }
    }

    private void serve(SocketChannel asking) {
        try (asking) {
            InputStream in = Channels.newInputStream(asking);
            OutputStream out = Channels.newOutputStream(asking);
            UapiParser parser = new UapiParser();
            byte[] bytes = new byte[64 * 1024];
            for (int count = in.read(bytes); count >= 0; count = in.read(bytes)) {
                parser.handleBytes(bytes, 0, count);
                for (UapiRequest next = parser.pollRequest(); next != null; next = parser.pollRequest()) {
                    out.write(wg.ask(next).getBytes(StandardCharsets.US_ASCII));
                }
            }
        } catch (Exception _) {
            // Who asked has gone, or the interface has: the connection ends, which is how `wg` is told.
        }
    }

    /// Whether the socket still stands where it was put: to delete it is how the interface is taken down.
    public boolean isThere() {
        return Files.exists(file);
    }

    @Override
    public void close() throws IOException {
        server.close();
        Files.deleteIfExists(file);
    }
}
