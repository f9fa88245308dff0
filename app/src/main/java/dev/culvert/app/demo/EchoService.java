package dev.culvert.app.demo;

import java.io.IOException;

/// A sample TCP service at home: what comes in goes back, and the end of one direction is the end of the other.
final class EchoService implements AutoCloseable {
    private final LoopbackServer server =
            new LoopbackServer(connection -> connection.getInputStream().transferTo(connection.getOutputStream()));

    EchoService() throws IOException {}

    int port() {
        return server.port();
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
