package dev.culvert.model;

import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/// A local address and port to listen on, or with datagrams several ports in a row.
///
/// @param address the address, or null for every address of both families
/// @param port 1..65535, or 0 where any free port will do (tunnel of a site)
/// @param last the last port; `port` itself where it is one
public record Bind(@Nullable InetAddress address, int port, int last) {
    public Bind {
        if (port < 0 || last < port || last > 65535) {
            throw new IllegalArgumentException("ports: " + port + "-" + last + " (expected: within 0..65535)");
        }
    }

    /// One port.
    public Bind(@Nullable InetAddress address, int port) {
        this(address, port, port);
    }

    public static Bind any(int port) {
        return new Bind(null, port);
    }

    /// How many ports it has.
    public int count() {
        return last - port + 1;
    }

    public boolean hasPort(int wanted) {
        return wanted >= port && wanted <= last;
    }

    /// The one of its ports that is `offset` behind the first.
    public Bind at(int offset) {
        return new Bind(address, port + offset);
    }

    /// Whether two sockets of one protocol cannot hold both. `[::]` counts as every address: Linux binds it dual-stack.
    public boolean overlaps(Bind other) {
        if (port == 0 || other.port == 0 || port > other.last || other.port > last) {
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

    /// The text that the configuration takes: `80`, `192.0.2.1:80`, `[::]:80`, `27000-27100`.
    @Override
    public String toString() {
        String text = address == null ? Integer.toString(port) : Literals.hostPort(Literals.format(address), port);
        return last == port ? text : text + "-" + last;
    }
}
