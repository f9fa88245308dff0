package dev.culvert.control.machine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.control.machine.BoundSocket.Transport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The lines of /proc/net are those that a Linux 6.12 on x86-64 printed; little-endian, as is every machine we run on.
final class PortHoldersTest {
    private static final String HEAD =
            "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

    @TempDir
    private Path root = Path.of("");

    @BeforeEach
    void machine() throws IOException {
        write(
                "proc/net/tcp",
                HEAD
                        + "   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1 0 100 0\n"
                        + "   1: 0100007F:1F9A 00000000:0000 0A 00000000:00000000 00:00000000 00000000    33        0 222 1 0 100 0\n"
                        + "   2: 0100007F:1F9B 0100007F:0016 01 00000000:00000000 00:00000000 00000000    33        0 333 1 0 100 0\n");
        write(
                "proc/net/tcp6",
                HEAD
                        + "   0: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A"
                        + " 00000000:00000000 00:00000000 00000000  1000        0 444 1 0 100 0\n");
        write(
                "proc/net/udp",
                HEAD
                        + "  10: 00000000:CA6C 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 555 2 0 0\n");
        write("proc/4711/comm", "nginx\n");
        Files.createDirectories(root.resolve("proc/4711/fd"));
        Files.createSymbolicLink(root.resolve("proc/4711/fd/3"), Path.of("socket:[111]"));
        write("etc/passwd", "root:x:0:0::/root:/bin/sh\nwww-data:x:33:33::/var/www:/usr/sbin/nologin\n");
        write("sys/class/net/eth0/uevent", "INTERFACE=eth0\n");
    }

    private void write(String path, String text) throws IOException {
        Path file = root.resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    @Test
    void sockets_areThoseThatWait_withTheirAddresses() {
        assertThat(PortHolders.below(root).sockets())
                .extracting(
                        socket -> socket.transport() + " " + socket.address().getHostAddress() + " " + socket.port())
                .containsExactly(
                        "tcp 0.0.0.0 8080", "tcp 127.0.0.1 8090", "tcp 0:0:0:0:0:0:0:1 80", "udp 0.0.0.0 51820");
    }

    @Test
    void holder_ofAVisibleProcess_isItsNameAndNumber() {
        assertThat(PortHolders.below(root).holder(Transport.TCP, 8080)).isEqualTo("nginx (process 4711)");
    }

    @Test
    void holder_ofAnInvisibleProcess_isItsUser() {
        assertThat(PortHolders.below(root).holder(Transport.TCP, 8090)).contains("user www-data");
        assertThat(PortHolders.below(root).holder(Transport.TCP, 80)).contains("user number 1000");
    }

    @Test
    void holder_ofAFreePort_isNobody() {
        assertThat(PortHolders.below(root).holder(Transport.TCP, 51820)).isNull();
        assertThat(PortHolders.below(root).holder(Transport.UDP, 8080)).isNull();
    }

    @Test
    void holder_ofARootsUdpPortBesideAWireGuardInterface_isTheKernel() throws IOException {
        assertThat(PortHolders.below(root).holder(Transport.UDP, 51820)).contains("user root");

        write("sys/class/net/wg0/uevent", "DEVTYPE=wireguard\nINTERFACE=wg0\n");

        assertThat(PortHolders.below(root).holder(Transport.UDP, 51820)).contains("kernel's WireGuard", "wg0");
    }

    @Test
    void machineWithoutProc_hasNoSocketThatIsKnown() {
        assertThat(PortHolders.below(root.resolve("nowhere")).sockets()).isEmpty();
    }
}
