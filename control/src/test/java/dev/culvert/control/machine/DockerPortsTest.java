package dev.culvert.control.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Command line and rules as docker 27 makes them for `-p 8080:80` and `-p 127.0.0.1:9000:9000`.
final class DockerPortsTest {
    @Test
    void proxies_onEveryAddress_arePublished(@TempDir Path proc) throws Exception {
        proxy(proc, "100", "0.0.0.0", "8080", "80");
        proxy(proc, "101", "127.0.0.1", "9000", "9000");
        Files.createDirectories(proc.resolve("102"));
        Files.writeString(proc.resolve("102/cmdline"), "vi\0docker-proxy");
        Map<String, String> published = new HashMap<>();

        DockerPorts.proxies(proc, published);

        assertThat(published).containsExactly(Map.entry("tcp 8080", "172.17.0.2:80"));
    }

    private static void proxy(Path proc, String id, String host, String port, String inside) throws Exception {
        Files.createDirectories(proc.resolve(id));
        Files.writeString(
                proc.resolve(id).resolve("cmdline"),
                String.join(
                        "\0",
                        "/usr/bin/docker-proxy",
                        "-proto",
                        "tcp",
                        "-host-ip",
                        host,
                        "-host-port",
                        port,
                        "-container-ip",
                        "172.17.0.2",
                        "-container-port",
                        inside,
                        ""));
    }

    @Test
    void parse_ofDockersChain_findsWhatHasNoAddressOfItsOwn() {
        Map<String, String> published = new HashMap<>();

        DockerPorts.parse("""
                *nat
                -A DOCKER -i docker0 -j RETURN
                -A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
                -A DOCKER -d 127.0.0.1/32 ! -i docker0 -p tcp -m tcp --dport 9000 -j DNAT --to-destination 172.17.0.3:9000
                -A PREROUTING -p udp -m udp --dport 53 -j DNAT --to-destination 10.0.0.1:53
                COMMIT
                """, published);

        assertThat(published).containsExactly(Map.entry("tcp 8080", "172.17.0.2:80"));
    }
}
