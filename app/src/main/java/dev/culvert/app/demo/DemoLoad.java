package dev.culvert.app.demo;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/// Visitors of the demo's own who come and go for some seconds, and what they got.
///
/// The launcher trains the AOT cache with it, so a node that has just started knows its busy paths.
public final class DemoLoad {
    private static final int VISITORS = 16;
    private static final int KEPT_REQUESTS = 20;
    private static final int SMALL = 1 << 10;
    private static final int LARGE = 1 << 20;
    private static final int TIMEOUT_MILLIS = 10_000;

    private final Demo demo;
    private final PrintStream out;
    private final LongAdder connections = new LongAdder();
    private final LongAdder requests = new LongAdder();
    private final LongAdder bytes = new LongAdder();
    private final LongAdder failures = new LongAdder();

    public DemoLoad(Demo demo, PrintStream out) {
        this.demo = demo;
        this.out = out;
    }

    /// @return whether every visitor got what it asked for
    public boolean run(int seconds) throws InterruptedException {
        long start = System.nanoTime();
        long end = start + TimeUnit.SECONDS.toNanos(seconds);
        List<Thread> visitors = new ArrayList<>();
        for (int i = 0; i < VISITORS; i++) {
            visitors.add(Thread.ofVirtual().start(() -> visit(end)));
        }
        for (Thread visitor : visitors) {
            visitor.join();
        }
        double took = (System.nanoTime() - start) / 1e9;
        out.printf(
                "%d visitors for %d s: %.0f connections/s, %.0f requests/s, %.0f MiB/s echoed, %d failed%n",
                VISITORS,
                seconds,
                connections.sum() / took,
                requests.sum() / took,
                bytes.sum() / took / (1 << 20),
                failures.sum());
        return failures.sum() == 0;
    }

    private void visit(long end) {
        while (System.nanoTime() - end < 0) {
            try {
                for (int i = 0; i < KEPT_REQUESTS; i++) {
                    echo(SMALL);
                    get(1);
                }
                get(KEPT_REQUESTS);
                echo(LARGE);
            } catch (IOException e) {
                failures.increment();
            }
        }
    }

    private Socket connect(int port) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(TIMEOUT_MILLIS);
        connections.increment();
        return socket;
    }

    private void get(int times) throws IOException {
        byte[] head = "GET /hello.txt HTTP/1.1\r\nHost: files.localhost:%d\r\n\r\n"
                .formatted(demo.httpPort())
                .getBytes(StandardCharsets.US_ASCII);
        try (Socket socket = connect(demo.httpPort())) {
            InputStream in = socket.getInputStream();
            for (int i = 0; i < times; i++) {
                socket.getOutputStream().write(head);
                in.skipNBytes(length(in));
                requests.increment();
            }
        }
    }

    /// Reads a head to its end.
    private static int length(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder(512);
        while (head.indexOf("\r\n\r\n", Math.max(0, head.length() - 4)) < 0) {
            int next = in.read();
            if (next < 0) {
                throw new EOFException("closed within a head");
            }
            head.append((char) next);
        }
        return head.toString()
                .lines()
                .filter(line -> line.regionMatches(true, 0, "content-length:", 0, 15))
                .mapToInt(line -> Integer.parseInt(line.substring(15).strip()))
                .findFirst()
                .orElseThrow(() -> new IOException("no length in: " + head));
    }

    private void echo(int size) throws IOException {
        byte[] sent = new byte[size];
        try (Socket socket = connect(demo.echoPort())) {
            Thread writer = Thread.ofVirtual().start(() -> write(socket, sent));
            int received = socket.getInputStream().readAllBytes().length;
            writer.join();
            if (received != size) {
                throw new IOException("sent " + size + " bytes, got " + received);
            }
            bytes.add(size);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private static void write(Socket socket, byte[] sent) {
        try {
            OutputStream to = socket.getOutputStream();
            to.write(sent);
            socket.shutdownOutput();
        } catch (IOException e) {
            // The reader sees that bytes are missing.
        }
    }
}
