package dev.culvert.app.demo;

import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.SimpleFileServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/// The sample services and the two configurations of the demo, in a temporary folder that goes with it.
public final class Demo implements AutoCloseable {
    private final Path folder;
    private final ClockService clock;
    private final EchoService echo;
    private final HttpServer files;
    private final int httpPort;
    private final int echoPort;
    private final int tunnelPort;

    /// @param preferredHttp the port of the URLs, if it is free
    public Demo(int preferredHttp) throws IOException {
        folder = Files.createTempDirectory("culvert-demo");
        Path share = Files.createDirectory(folder.resolve("share"));
        Files.writeString(share.resolve("hello.txt"), Pages.file());
        clock = new ClockService();
        echo = new EchoService();
        files = SimpleFileServer.createFileServer(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), share, SimpleFileServer.OutputLevel.NONE);
        files.start();
        httpPort = free(preferredHttp);
        echoPort = free(2222);
        tunnelPort = free(0);
    }

    private static int free(int preferred) throws IOException {
        for (int port : List.of(preferred, 0)) {
            try (ServerSocket probe = new ServerSocket()) {
                probe.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
                return probe.getLocalPort();
            } catch (IOException e) {
                if (port == 0) {
                    throw e;
                }
            }
        }
        throw new IOException("no free port");
    }

    public Path gatewayState() {
        return folder.resolve("gw");
    }

    public Path siteState() {
        return folder.resolve("site");
    }

    public int httpPort() {
        return httpPort;
    }

    public int echoPort() {
        return echoPort;
    }

    public int tunnelPort() {
        return tunnelPort;
    }

    public String clockUrl() {
        return "http://clock.localhost:" + httpPort + "/";
    }

    public String filesUrl() {
        return "http://files.localhost:" + httpPort + "/";
    }

    /// Writes the gateway's file.
    ///
    /// @param withServices false before the site has joined
    public Path gatewayFile(boolean withServices) throws IOException {
        String services =
                withServices ? """
                services:
                  clock:
                    host: clock.localhost
                    site: home
                    target: http://127.0.0.1:%d
                  files:
                    host: files.localhost
                    site: home
                    target: http://127.0.0.1:%d
                  echo:
                    listen: 127.0.0.1:%d/tcp
                    site: home
                    target: tcp://127.0.0.1:%d
                """.formatted(clock.port(), files.getAddress().getPort(), echoPort, echo.port()) : "";
        return Files.writeString(
                folder.resolve("gateway.yaml"), """
                gateway:
                  name: demo
                  endpoint: 127.0.0.1:%d
                tunnel:
                  type: embedded
                  listen: 127.0.0.1:%d
                http:
                  listen: 127.0.0.1:%d
                %s""".formatted(tunnelPort, tunnelPort, httpPort, services));
    }

    /// Writes the site's file. Visitors of the demo come from loopback, which a site does not believe unless told.
    public Path siteFile() throws IOException {
        return Files.writeString(folder.resolve("site.yaml"), """
                tunnel:
                  type: embedded
                allow:
                  - 127.0.0.1:%d
                  - 127.0.0.1:%d
                  - 127.0.0.1:%d
                clients: [127.0.0.0/8]
                """.formatted(
                        clock.port(), files.getAddress().getPort(), echo.port()));
    }

    @Override
    public void close() throws IOException {
        clock.close();
        echo.close();
        files.stop(0);
        try (Stream<Path> all = Files.walk(folder)) {
            all.sorted(Comparator.reverseOrder()).forEach(path -> {
                try {
                    Files.deleteIfExists(path);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }
}
