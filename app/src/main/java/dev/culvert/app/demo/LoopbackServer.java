package dev.culvert.app.demo;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// A server on a free port of loopback, each connection on a virtual thread of its own.
final class LoopbackServer implements AutoCloseable {
    private final ServerSocket socket = new ServerSocket();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    /// What is done with a connection; it is closed afterwards.
    @FunctionalInterface
    interface Conversation {
        void with(Socket connection) throws IOException, InterruptedException;
    }

    LoopbackServer(Conversation conversation) throws IOException {
        socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        threads.execute(() -> accept(conversation));
    }

    int port() {
        return socket.getLocalPort();
    }

    private void accept(Conversation conversation) {
        while (!socket.isClosed()) {
            try {
                Socket connection = socket.accept();
                threads.execute(() -> serve(conversation, connection));
            } catch (IOException e) {
                return;
            }
        }
    }

    private static void serve(Conversation conversation, Socket connection) {
        try (connection) {
            conversation.with(connection);
        } catch (IOException | InterruptedException e) {
            // The visitor has left, or the demo ends.
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
        threads.shutdownNow();
    }
}
