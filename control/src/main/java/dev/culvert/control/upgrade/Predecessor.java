package dev.culvert.control.upgrade;

import dev.culvert.dataplane.InheritedSockets;
import dev.culvert.dataplane.InheritedSockets.Lent;
import dev.culvert.dataplane.os.DescriptorSocket;
import dev.culvert.model.Role;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The process whose place this one takes: the new side of a handover. Blocks; one thread.
///
/// The order is [#greet], [#takeOver], and then either [#ready] or [#refuse].
public final class Predecessor implements AutoCloseable {
    /// In the environment of a process that shall take over: the path of the old one's socket.
    static final String VARIABLE = "CULVERT_TAKE_OVER";

    // No node has so many; a message of 64 each.
    private static final int MAX_SOCKETS = 4096;
    private static final Duration STEP = Duration.ofSeconds(10);

    private final HandoverLine line;

    private Predecessor(HandoverLine line) {
        this.line = line;
    }

    /// The process that started this one to take its place; null if this one was started by itself.
    ///
    /// @throws IOException if there should be one and it cannot be reached, or is another user's
    public static @Nullable Predecessor find(Map<String, String> environment) throws IOException {
        String path = environment.get(VARIABLE);
        if (path == null || path.isEmpty()) {
            return null;
        }
        return connect(Path.of(path), DescriptorSocket.ownUser());
    }

    static Predecessor connect(Path path, int user) throws IOException {
        HandoverLine line = HandoverLine.connect(path, "the running node");
        try {
            line.requireUser(user);
            return new Predecessor(line);
        } catch (IOException e) {
            line.close();
            throw e;
        }
    }

    /// Introduces this process. The old one serves on.
    ///
    /// @param program this one's version, for people
    public void greet(String program, Role role) throws IOException {
        line.send(new HandoverMessage.Hello(List.of(HandoverMessage.VERSION), program, role.toString()));
    }

    /// Says that nothing is missing but sockets and state, and waits until the old process has let its visitors
    /// go: then both belong to this one.
    ///
    /// @param limit the old one's drain, and something more
    public InheritedSockets takeOver(Duration limit) throws IOException {
        line.send(new HandoverMessage.Prepared());
        List<Lent> all = new ArrayList<>();
        try {
            for (Duration wait = limit; ; wait = STEP) {
                HandoverLine.Received received = line.receive(wait);
                if (!(received.message() instanceof HandoverMessage.Sockets sockets)) {
                    throw new HandoverLine.Broken("the running node said something else than was due");
                }
                for (int i = 0; i < sockets.names().size(); i++) {
                    all.add(new Lent(
                            sockets.names().get(i), received.descriptors().get(i)));
                }
                if (sockets.last()) {
                    return new InheritedSockets(all);
                }
                if (all.size() > MAX_SOCKETS) {
                    throw new HandoverLine.Broken("the running node hands over more sockets than any node has");
                }
            }
        } catch (IOException e) {
            new InheritedSockets(all).close();
            throw e;
        }
    }

    /// Says that this process serves. The old one ends.
    public void ready() {
        try {
            line.send(new HandoverMessage.Ready());
        } catch (IOException e) {
            // It has ended by itself, and this one serves: what was wanted.
        }
    }

    /// Says that this process does not take over, and why. The old one goes on.
    public void refuse(String reason) {
        line.refuse(reason);
    }

    @Override
    public void close() {
        line.close();
    }
}
