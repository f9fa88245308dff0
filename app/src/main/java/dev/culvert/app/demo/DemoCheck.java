package dev.culvert.app.demo;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Random;

/// Uses the demo as a visitor would, and says what it saw.
public final class DemoCheck {
    private static final int ECHO_BYTES = 20 << 20;
    private static final int TIMEOUT_MILLIS = 10_000;

    private final Demo demo;
    private final PrintStream out;
    private int failures;

    @FunctionalInterface
    private interface Step {
        /// @return what was seen, for people; throws where it was not as it should be
        String run() throws IOException;
    }

    public DemoCheck(Demo demo, PrintStream out) {
        this.demo = demo;
        this.out = out;
    }

    /// @return whether everything was as it should be
    public boolean run() {
        step("page through the tunnel", this::page);
        step("visitor's address at the service", this::address);
        step("forged header removed", this::forged);
        step("file through the tunnel", this::file);
        step("WebSocket ticks", this::webSocket);
        step("TCP echo, half-close kept", this::echo);
        step("unknown host refused", this::unknownHost);
        out.println(7 - failures + " passed, " + failures + " failed");
        return failures == 0;
    }

    private void step(String name, Step step) {
        long start = System.nanoTime();
        try {
            String seen = step.run();
            out.printf("ok    %-34s %s (%d ms)%n", name, seen, (System.nanoTime() - start) / 1_000_000);
        } catch (IOException | RuntimeException e) {
            failures++;
            out.printf("FAIL  %-34s %s%n", name, e.getMessage());
        }
    }

    private String page() throws IOException {
        return expect(get("clock.localhost", "/", ""), "HTTP/1.1 200", "A clock at home");
    }

    private String address() throws IOException {
        expect(get("clock.localhost", "/", ""), "<code>127.0.0.1</code>", "clock.localhost:" + demo.httpPort());
        return "127.0.0.1";
    }

    private String forged() throws IOException {
        String answer =
                get("clock.localhost", "/", "X-Forwarded-For: 203.0.113.66\r\nX_Forwarded_For: 203.0.113.66\r\n");
        if (answer.contains("203.0.113.66")) {
            throw new IOException("the service saw the forged address");
        }
        return expect(answer, "<code>127.0.0.1</code>");
    }

    private String file() throws IOException {
        return expect(get("files.localhost", "/hello.txt", ""), "HTTP/1.1 200", "This file lies at home");
    }

    private String unknownHost() throws IOException {
        return expect(get("nobody.localhost", "/", ""), "HTTP/1.1 404");
    }

    private static String expect(String answer, String... parts) throws IOException {
        for (String part : parts) {
            if (!answer.contains(part)) {
                String line = answer.lines().findFirst().orElse("nothing");
                throw new IOException("expected " + part + ", got: " + line);
            }
        }
        return answer.lines().findFirst().orElse("");
    }

    private Socket connect(int port) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(TIMEOUT_MILLIS);
        return socket;
    }

    private String get(String host, String path, String headers) throws IOException {
        try (Socket socket = connect(demo.httpPort())) {
            String request = "GET " + path + " HTTP/1.1\r\nHost: " + host + ":" + demo.httpPort() + "\r\n" + headers
                    + "Connection: close\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private String webSocket() throws IOException {
        try (Socket socket = connect(demo.httpPort())) {
            String key = Base64.getEncoder().encodeToString(new byte[16]);
            String request = "GET /clock HTTP/1.1\r\nHost: clock.localhost:" + demo.httpPort()
                    + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                    + "Sec-WebSocket-Key: " + key + "\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            InputStream in = socket.getInputStream();
            StringBuilder head = new StringBuilder();
            while (head.indexOf("\r\n\r\n") < 0) {
                int next = in.read();
                if (next < 0) {
                    throw new IOException("closed after: " + head);
                }
                head.append((char) next);
            }
            expect(head.toString(), "HTTP/1.1 101");
            frame(in);
            return "two ticks, the second " + frame(in);
        }
    }

    private static String frame(InputStream in) throws IOException {
        if (in.read() != 0x81) {
            throw new IOException("no text frame");
        }
        return new String(in.readNBytes(in.read()), StandardCharsets.US_ASCII);
    }

    private String echo() throws IOException {
        byte[] sent = new byte[ECHO_BYTES];
        new Random(7).nextBytes(sent);
        try (Socket socket = connect(demo.echoPort())) {
            Thread writer = Thread.ofVirtual().start(() -> {
                try {
                    OutputStream to = socket.getOutputStream();
                    to.write(sent);
                    socket.shutdownOutput();
                } catch (IOException e) {
                    // The reader sees that bytes are missing.
                }
            });
            byte[] received = socket.getInputStream().readAllBytes();
            writer.join();
            if (!Arrays.equals(sent, received)) {
                throw new IOException("sent " + sent.length + " bytes, got " + received.length + " or others");
            }
            return (ECHO_BYTES >> 20) + " MiB there and back";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }
}
