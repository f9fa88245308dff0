package dev.culvert.control.doctor;

import dev.culvert.model.Bind;
import dev.culvert.model.Literals;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Set;

/// Whether a public port answers, asked from this machine.
final class PublicPortCheck implements Check {
    private static final int MILLIS = 1_500;

    private final Bind bind;
    private final Set<InetAddress> gateway;

    /// @param gateway the public addresses of this machine
    PublicPortCheck(Bind bind, Set<InetAddress> gateway) {
        this.bind = bind;
        this.gateway = gateway;
    }

    @Override
    public String name() {
        return "public port " + bind.port();
    }

    @Override
    public Finding run() {
        InetAddress address = bind.address() != null && !bind.address().isAnyLocalAddress()
                ? bind.address()
                : gateway.isEmpty()
                        ? InetAddress.getLoopbackAddress()
                        : gateway.iterator().next();
        String where = Literals.hostPort(Literals.format(address), bind.port());
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(address, bind.port()), MILLIS);
            return Finding.ok(
                    name(),
                    where + " answers from here; whether a firewall of the provider lets strangers in can only be seen"
                            + " from outside");
        } catch (IOException e) {
            return Finding.broken(
                    name(),
                    where + " does not answer even from this machine: " + e.getMessage(),
                    "is the port in the configuration that runs, and does this machine's own firewall allow it?");
        }
    }
}
