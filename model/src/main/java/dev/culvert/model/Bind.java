package dev.culvert.model;

import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/// A local address and port to listen on.
///
/// @param address the address, or null for every address of both families
/// @param port 1..65535, or 0 where any free port will do (tunnel of a site)
public record Bind(@Nullable InetAddress address, int port) {
    public Bind {
        if (port < 0 || port > 65535) {
            throw new IllegalArgumentException("port: " + port + " (expected: 0..65535)");
        }
    }

    public static Bind any(int port) {
        return new Bind(null, port);
    }

    /// Whether two sockets of one protocol cannot hold both. `[::]` counts as every address: Linux binds it dual-stack.
    public boolean overlaps(Bind other) {
        if (port != other.port || port == 0) {
            return false;
        }
        InetAddress mine = address;
        InetAddress theirs = other.address;
        if (mine == null || theirs == null || mine.equals(theirs)) {
            return true;
        }
        return covers(mine, theirs) || covers(theirs, mine);
    }

    private static boolean covers(InetAddress any, InetAddress one) {
        return any.isAnyLocalAddress()
                && (any.getAddress().length == 16 || any.getAddress().length == one.getAddress().length);
    }

    /// The text that the configuration takes: `80`, `192.0.2.1:80`, `[::]:80`.
    @Override
    public String toString() {
        return address == null ? Integer.toString(port) : Literals.hostPort(Literals.format(address), port);
    }
}
