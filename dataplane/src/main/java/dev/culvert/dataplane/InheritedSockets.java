package dev.culvert.dataplane;

import dev.culvert.dataplane.os.DescriptorSocket;
import dev.culvert.model.Bind;
import java.net.InetSocketAddress;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Open sockets that another process gave to this one, each by a name that says what it is bound to. Who binds asks
/// here first; what nobody has asked for is closed by [#close].
///
/// May be asked from any thread.
public final class InheritedSockets implements AutoCloseable {
    private final Map<String, Integer> descriptors = new LinkedHashMap<>();

    /// A socket to give away.
    ///
    /// @param descriptor stays open in the process that gives it
    public record Lent(String name, int descriptor) {}

    /// The sockets of a process that was started by itself.
    public static InheritedSockets none() {
        return new InheritedSockets(List.of());
    }

    /// @param sockets belong to this object from now on
    public InheritedSockets(List<Lent> sockets) {
        for (Lent socket : sockets) {
            Integer twice = descriptors.put(socket.name(), socket.descriptor());
            if (twice != null) {
                DescriptorSocket.close(twice);
            }
        }
    }

    /// The name of the tunnel's UDP socket.
    static String udp(InetSocketAddress address) {
        return "udp "
                + (address.getAddress().isAnyLocalAddress()
                        ? Bind.any(address.getPort())
                        : new Bind(address.getAddress(), address.getPort()));
    }

    /// The name of the UDP socket beside a listener with TLS.
    static String quic(Bind bind) {
        return "quic " + bind;
    }

    /// The name of a UDP socket at which visitors of a service arrive.
    static String service(Bind bind) {
        return "service " + bind;
    }

    static String tcp(Bind bind) {
        return "tcp " + bind;
    }

    /// The socket of that name, which belongs to the caller from now on; -1 if there is none.
    synchronized int take(String name) {
        Integer found = descriptors.remove(name);
        return found == null ? -1 : found;
    }

    @Override
    public synchronized void close() {
        descriptors.values().forEach(DescriptorSocket::close);
        descriptors.clear();
    }
}
