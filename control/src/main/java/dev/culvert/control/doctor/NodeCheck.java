package dev.culvert.control.doctor;

import java.nio.file.Files;
import java.nio.file.Path;

/// Says that no node runs, to somebody who asked a node.
final class NodeCheck implements Check {
    private final Path socket;
    private final String start;

    /// @param start the command that starts it
    NodeCheck(Path socket, String start) {
        this.socket = socket;
        this.start = start;
    }

    @Override
    public String name() {
        return "node";
    }

    @Override
    public Finding run() {
        boolean barred = Files.exists(socket) && !Files.isWritable(socket);
        return barred
                ? Finding.broken(name(), "you may not ask the node at " + socket, "ask as its user, or with sudo")
                : Finding.broken(
                        name(),
                        "no culvert runs with the state in " + socket.getParent(),
                        "start it: " + start + "; or name its folder with --state. Where systemd runs it:"
                                + " journalctl -u 'culvert*' says why it ended");
    }
}
