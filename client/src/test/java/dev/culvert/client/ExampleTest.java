package dev.culvert.client;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.inet.IpPrefix;
import dev.culvert.proto.wireguard.PeerConfig;
import dev.culvert.proto.wireguard.PrivateKey;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Compiles and runs what docs/library.md and examples/library show, against a tunnel on loopback.
@Timeout(60)
final class ExampleTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

    @TempDir
    private Path folder;

    @Test
    void fetch_fromAPeerOnLoopback_printsTheAnswer() throws Exception {
        SecureRandom random = new SecureRandom();
        PrivateKey ours = PrivateKey.generate(random);
        PrivateKey theirs = PrivateKey.generate(random);
        Path key = Files.writeString(folder.resolve("client.key"), ours.base64() + "\n");
        PeerConfig us = new PeerConfig(ours.publicKey(), null, null, 0, List.of(IpPrefix.parse("10.77.0.7/32")));

        try (Tunnel far = Tunnel.open(TunnelSettings.of(theirs, InetAddress.ofLiteral("10.77.0.1"), us));
                ServerSocket server = far.listen(80);
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<String> asked = threads.submit(() -> serve(server));
            Process program = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "--class-path",
                            System.getProperty("java.class.path"),
                            ROOT.resolve("examples/library/Fetch.java").toString(),
                            key.toString(),
                            "10.77.0.7",
                            theirs.publicKey().base64(),
                            "127.0.0.1",
                            Integer.toString(far.listenPort()),
                            "10.77.0.1",
                            "80")
                    .redirectErrorStream(true)
                    .start();
            String printed = new String(program.getInputStream().readAllBytes(), US_ASCII);

            assertThat(printed).endsWith("\r\n\r\nhello\n");
            assertThat(program.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(program.exitValue()).isZero();
            assertThat(asked.get()).isEqualTo("GET / HTTP/1.0");
        }
    }

    private static String serve(ServerSocket server) throws IOException {
        try (Socket visitor = server.accept()) {
            BufferedReader in = new BufferedReader(new InputStreamReader(visitor.getInputStream(), US_ASCII));
            String first = in.readLine();
            for (String line = in.readLine(); line != null && !line.isEmpty(); line = in.readLine()) {
                assertThat(line).isEqualTo("Host: 10.77.0.1");
            }
            visitor.getOutputStream().write("HTTP/1.0 200 OK\r\n\r\nhello\n".getBytes(US_ASCII));
            return String.valueOf(first);
        }
    }

    /// The guide's Java is the example's: whoever copies either has the same.
    @Test
    void guide_itsJava_standsInTheExample() throws Exception {
        String guide = Files.readString(ROOT.resolve("docs/library.md"));
        String example = Files.readString(ROOT.resolve("examples/library/Fetch.java"));
        Matcher blocks = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(guide);

        assertThat(blocks.find()).isTrue();
        assertThat(words(example)).contains(words(blocks.group(1)));
    }

    private static String words(String code) {
        return code.replaceAll("\\s+", " ").strip();
    }
}
