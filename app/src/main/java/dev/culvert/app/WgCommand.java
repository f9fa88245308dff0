package dev.culvert.app;

import dev.culvert.control.wg.UapiServer;
import dev.culvert.dataplane.Loops;
import dev.culvert.dataplane.os.CryptoProvider;
import dev.culvert.dataplane.os.LinuxTunPort;
import dev.culvert.dataplane.os.LinuxUdpPort;
import dev.culvert.dataplane.tunnel.TunPort;
import dev.culvert.dataplane.tunnel.UdpPort;
import dev.culvert.dataplane.tunnel.WgInterface;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "wg",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Makes an interface with WireGuard behind it, which wg and wg-quick configure as they do"
                + " wireguard-go, and goes to the background. Nothing else of Culvert has a part in it. Needs root.",
        footer = {
            "",
            "Examples:",
            "  culvert wg wg0",
            "  culvert wg --foreground wg0",
            "",
            "wg-quick takes a program of one word: a file culvert-wg with the lines",
            "  #!/bin/sh",
            "  exec culvert wg \"$@\"",
            "and WG_QUICK_USERSPACE_IMPLEMENTATION=/usr/local/bin/culvert-wg."
        })
final class WgCommand implements Callable<Integer> {
    private static final Path SOCKETS = Path.of("/var/run/wireguard");
    private static final String NAME = "[a-zA-Z0-9_=+.-]{1,15}";
    private static final int START_SECONDS = 60;
    private static final int LOOK_MILLIS = 500;

    @Parameters(paramLabel = "IFACE", description = "The interface's name, such as wg0.")
    private String name = "";

    @Option(
            names = {"-f", "--foreground"},
            description = "Stay in the foreground, until the interface or its socket is removed.")
    private boolean foreground;

    @Override
    public Integer call() throws Exception {
        if (!name.matches(NAME) || name.equals(".") || name.equals("..")) {
            throw new IOException("interface name (expected: at most 15 letters, digits and _ = + . -)");
        }
        return foreground ? serve() : background();
    }

    private Path socket() {
        return SOCKETS.resolve(name + ".sock");
    }

    /// As `wireguard-go`: whoever called goes on as soon as the interface can be configured.
    private int background() throws IOException, InterruptedException {
        String launcher = System.getProperty("culvert.launcher");
        if (launcher == null) {
            throw new IOException("not started by its launcher: use --foreground");
        }
        refuseIfServed();
        Path log = Files.createTempFile("culvert-" + name, ".log");
        Process child = new ProcessBuilder("setsid", launcher, "wg", "--foreground", name)
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
        while (!Files.exists(socket())) {
            if (child.waitFor(50, TimeUnit.MILLISECONDS) || System.nanoTime() > end) {
                String said = Files.readString(log).strip();
                child.destroy();
                Files.deleteIfExists(log);
                throw new IOException(said.isEmpty() ? name + " did not come up" : said.replaceFirst("^culvert: ", ""));
            }
        }
        Files.deleteIfExists(log);
        return 0;
    }

    /// A socket that nobody answers is what a process that was killed has left.
    private void refuseIfServed() throws IOException {
        if (!Files.exists(socket())) {
            return;
        }
        try (SocketChannel _ = SocketChannel.open(UnixDomainSocketAddress.of(socket()))) {
            throw new IOException(name + " is served by another process: ip link del " + name + " ends it");
        } catch (ConnectException _) {
            Files.deleteIfExists(socket());
        }
    }

    private int serve() throws Exception {
        CountDownLatch gone = new CountDownLatch(1);
        try (Loops loops = Loops.forThisMachine();
                TunPort tun = LinuxTunPort.open(name);
                WgInterface wg = WgInterface.open(
                        loops.tunnel(), tun, gone::countDown, WgCommand::bind, CryptoProvider.functions())) {
            Path mtu = Path.of("/sys/class/net", name, "mtu");
            Files.writeString(mtu, Integer.toString(WgInterface.DEFAULT_MTU));
            try (UapiServer server =
                    UapiServer.open(socket(), request -> wg.ask(request).get())) {
                Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> remove(socket())));
                while (server.isThere() && !gone.await(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
                    Integer now = read(mtu);
                    if (now != null) {
                        wg.mtu(now);
                    }
                }
            }
        }
        return 0;
    }

    private static UdpPort bind(int port, int mark) throws IOException {
        return LinuxUdpPort.bindMarked(new InetSocketAddress(port), mark);
    }

    /// Null where the interface has moved to another network namespace: what it was counts on.
    private static @Nullable Integer read(Path mtu) {
        try {
            return Integer.valueOf(Files.readString(mtu).strip());
        } catch (IOException | NumberFormatException _) {
            return null;
        }
    }

    private static void remove(Path socket) {
        try {
            Files.deleteIfExists(socket);
        } catch (IOException _) {
            // wg removes a socket that nobody answers.
        }
    }
}
