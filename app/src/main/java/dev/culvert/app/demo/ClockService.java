package dev.culvert.app.demo;

import dev.culvert.proto.http.WebSocketHandshake;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/// A sample service at home: a page with a clock that a WebSocket feeds, and what the service knows of its visitor.
final class ClockService implements AutoCloseable {
    // RFC 6455, 5.2: a final text frame of the server, unmasked.
    private static final int TEXT_FRAME = 0x81;

    private final LoopbackServer server = new LoopbackServer(ClockService::serve);

    ClockService() throws IOException {}

    int port() {
        return server.port();
    }

    private static void serve(Socket connection) throws IOException, InterruptedException {
        BufferedReader in =
                new BufferedReader(new InputStreamReader(connection.getInputStream(), StandardCharsets.ISO_8859_1));
        String line = in.readLine();
        Map<String, String> headers = new TreeMap<>();
        String header;
        while ((header = in.readLine()) != null && !header.isEmpty()) {
            int colon = header.indexOf(':');
            headers.put(
                    header.substring(0, colon).toLowerCase(Locale.ROOT),
                    header.substring(colon + 1).strip());
        }
        String key = headers.get("sec-websocket-key");
        if (line != null && key != null) {
            tick(connection.getOutputStream(), key);
        } else if (line != null) {
            page(connection, headers);
        }
    }

    private static void page(Socket connection, Map<String, String> headers) throws IOException {
        byte[] body = Pages.clock(headers, connection.getRemoteSocketAddress().toString())
                .getBytes(StandardCharsets.UTF_8);
        String head = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: " + body.length
                + "\r\nConnection: close\r\n\r\n";
        connection.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
        connection.getOutputStream().write(body);
        connection.getOutputStream().flush();
    }

    private static void tick(OutputStream out, String key) throws IOException, InterruptedException {
        String head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Accept: " + WebSocketHandshake.accept(key) + "\r\n\r\n";
        out.write(head.getBytes(StandardCharsets.US_ASCII));
        while (true) {
            byte[] text = LocalTime.now(ZoneId.systemDefault())
                    .truncatedTo(ChronoUnit.SECONDS)
                    .toString()
                    .getBytes(StandardCharsets.US_ASCII);
            out.write(TEXT_FRAME);
            out.write(text.length);
            out.write(text);
            out.flush();
            TimeUnit.SECONDS.sleep(1);
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
