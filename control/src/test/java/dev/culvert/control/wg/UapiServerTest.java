package dev.culvert.control.wg;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.wireguard.uapi.UapiRequest;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
final class UapiServerTest {
    @TempDir
    private Path folder = Path.of("");

    private static String ask(Path socket, String text) throws IOException {
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)));
            channel.shutdownOutput();
            ByteBuffer answer = ByteBuffer.allocate(4096);
            while (channel.read(answer) >= 0) {}
            return new String(answer.array(), 0, answer.position(), StandardCharsets.US_ASCII);
        }
    }

    @Test
    void requests_several_areAnsweredInOrder_onASocketOfItsOwnersOnly() throws IOException {
        Path socket = folder.resolve("wireguard/wg0.sock");
        try (UapiServer server = UapiServer.open(socket, request -> request instanceof UapiRequest.Get ? "g" : "s")) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
                    .isEqualTo("rw-------");
            assertThat(ask(socket, "get=1\n\nset=1\n\nget=1\n\nset=1\n")).isEqualTo("gsg");
            assertThat(ask(socket, "get=1\n\n")).isEqualTo("g");
            assertThat(server.isThere()).isTrue();
            Files.delete(socket);
            assertThat(server.isThere()).isFalse();
        }
        assertThat(folder.resolve("wireguard")).isEmptyDirectory();
    }

    @Test
    void interfaceThatFails_endsTheConnectionOnly() throws IOException {
        Path socket = folder.resolve("wg0.sock");
        try (UapiServer _ = UapiServer.open(socket, request -> {
            if (request instanceof UapiRequest.Set) {
                throw new IOException("gone");
            }
            return "g";
        })) {
            assertThat(ask(socket, "set=1\n\nget=1\n\n")).isEmpty();
            assertThat(ask(socket, "get=1\n\n")).isEqualTo("g");
        }
    }
}
