package dev.culvert.dataplane.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.dataplane.os.DescriptorSocket.Message;
import dev.culvert.dataplane.tunnel.UdpPort;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
@Timeout(20)
class DescriptorSocketTest {
    private DescriptorSocket listener;
    private DescriptorSocket near;
    private DescriptorSocket far;

    @BeforeEach
    void open(@TempDir Path folder) throws IOException {
        listener = DescriptorSocket.listen(folder.resolve("socket"));
        near = DescriptorSocket.connect(folder.resolve("socket"));
        far = listener.accept();
        far.limit(2_000);
    }

    @AfterEach
    void close() {
        near.close();
        far.close();
        listener.close();
    }

    private Message received() throws IOException {
        return Objects.requireNonNull(far.receive());
    }

    @Test
    void send_twice_arrivesAsTwoMessages() throws IOException {
        near.send("one", List.of());
        near.send("two", List.of());

        assertThat(received()).isEqualTo(new Message("one", List.of()));
        assertThat(received()).isEqualTo(new Message("two", List.of()));
    }

    @Test
    void send_ofAUdpPort_isTheSamePortAtTheOtherEnd() throws IOException {
        LinuxUdpPort port = LinuxUdpPort.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        near.send("udp", List.of(port.descriptor()));

        Message message = received();
        try (UdpPort adopted = LinuxUdpPort.adopt(message.descriptors().getFirst())) {
            assertThat(message.descriptors()).hasSize(1).doesNotContain(port.descriptor());
            assertThat(adopted.localAddress()).isEqualTo(port.localAddress());
        } finally {
            port.close();
        }
    }

    @Test
    void adopt_ofWhatIsNoSocket_refusesAndClosesIt() throws IOException {
        near.send("a pipe, or a file", List.of(1));
        int descriptor = received().descriptors().getFirst();

        assertThatThrownBy(() -> LinuxUdpPort.adopt(descriptor)).hasMessageContaining("is none");
        assertThat(Path.of("/proc/self/fd/" + descriptor)).doesNotExist();
    }

    @Test
    void send_ofAsManyAsAMessageTakes_arriveInOrder() throws IOException {
        near.send("many", Collections.nCopies(DescriptorSocket.MAX_DESCRIPTORS, 1));

        Message message = received();
        message.descriptors().forEach(DescriptorSocket::close);

        assertThat(message.descriptors())
                .hasSize(DescriptorSocket.MAX_DESCRIPTORS)
                .doesNotHaveDuplicates();
    }

    @Test
    void send_ofMore_isOurOwnMistake() {
        List<Integer> many = Collections.nCopies(DescriptorSocket.MAX_DESCRIPTORS + 1, 1);

        assertThatThrownBy(() -> near.send("too many", many)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> near.send("x".repeat(DescriptorSocket.MAX_TEXT + 1), List.of()))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void receive_whenTheOtherEndHasClosed_isNull() throws IOException {
        near.close();

        assertThat(far.receive()).isNull();
    }

    @Test
    void receive_whenTheOtherEndHasClosedWithoutReading_isNull() throws IOException {
        far.send("unread", List.of());
        near.close();

        assertThat(far.receive()).isNull();
    }

    @Test
    void receive_ofNothing_endsInTime() throws IOException {
        far.limit(20);

        assertThatThrownBy(far::receive).isInstanceOf(InterruptedIOException.class);
    }

    @Test
    void peer_isWhoConnected() throws IOException {
        assertThat(far.peer())
                .isEqualTo(new DescriptorSocket.Credentials(
                        (int) ProcessHandle.current().pid(), DescriptorSocket.ownUser()));
    }

    @Test
    void listen_atAPathThatIsTooLong_saysSo(@TempDir Path folder) {
        assertThatThrownBy(() -> DescriptorSocket.listen(folder.resolve("x".repeat(120))))
                .hasMessageContaining("too long for a socket")
                .hasMessageContaining("--state");
    }
}
