package dev.culvert.control.upgrade;

import dev.culvert.dataplane.os.DescriptorSocket;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/// One end of the talk between an old and a new process. Blocks; one thread at a time.
final class HandoverLine implements AutoCloseable {
    private final DescriptorSocket socket;
    private final String other;

    /// What a message brought.
    record Received(HandoverMessage message, List<Integer> descriptors) {}

    /// The other process will not, or cannot be understood.
    static final class Broken extends IOException {
        private static final long serialVersionUID = 1;

        Broken(String message) {
            super(message);
        }
    }

    /// @param socket connected
    /// @param other who is at the other end, for messages
    HandoverLine(DescriptorSocket socket, String other) {
        this.socket = socket;
        this.other = other;
    }

    static HandoverLine connect(Path path, String other) throws IOException {
        return new HandoverLine(DescriptorSocket.connect(path), other);
    }

    /// Lets go of the other end unless it is of the user with the number `uid`.
    ///
    /// @return the other process's id
    int requireUser(int uid) throws IOException {
        DescriptorSocket.Credentials peer = socket.peer();
        if (peer.uid() != uid) {
            throw new Broken(
                    other + " runs as user " + peer.uid() + ", and a node hands over to its own user " + uid + " only");
        }
        return peer.pid();
    }

    void send(HandoverMessage message) throws IOException {
        send(message, List.of());
    }

    void send(HandoverMessage message, List<Integer> descriptors) throws IOException {
        socket.limit(5_000);
        socket.send(message.text(), descriptors);
    }

    /// The next message, which is no refusal.
    ///
    /// @throws Broken if it is one, or no message of this protocol: its descriptors are closed
    /// @throws InterruptedIOException if none comes in time
    Received receive(Duration limit) throws IOException {
        socket.limit(Math.max(1, limit.toMillis()));
        DescriptorSocket.Message received = socket.receive();
        if (received == null) {
            throw new Broken(other + " ended in the middle of the handover");
        }
        HandoverMessage message = HandoverMessage.parse(received.text());
        int expected = message instanceof HandoverMessage.Sockets sockets
                ? sockets.names().size()
                : 0;
        if (message == null || received.descriptors().size() != expected) {
            received.descriptors().forEach(DescriptorSocket::close);
            throw new Broken(other + " sent what is no message of a handover");
        }
        if (message instanceof HandoverMessage.Refused(var reason)) {
            throw new Broken(other + ": " + reason);
        }
        return new Received(message, received.descriptors());
    }

    /// The next message, of one kind and without descriptors.
    <T extends HandoverMessage> T receive(Class<T> kind, Duration limit) throws IOException {
        Received received = receive(limit);
        if (!kind.isInstance(received.message())) {
            received.descriptors().forEach(DescriptorSocket::close);
            throw new Broken(other + " said something else than was due");
        }
        return kind.cast(received.message());
    }

    /// Says why not, if the other end still listens.
    void refuse(String reason) {
        try {
            send(new HandoverMessage.Refused(reason));
        } catch (IOException e) {
            // It will find the line closed, which says enough.
        }
    }

    @Override
    public void close() {
        socket.close();
    }
}
