package dev.culvert.dataplane.tcp;

import io.netty.channel.epoll.LinuxSocket;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.UnresolvedAddressException;
import org.jspecify.annotations.Nullable;

/// What is done to a socket before it connects or listens.
@FunctionalInterface
public interface SocketSetup {
    /// Nothing.
    SocketSetup NONE = (_, _) -> {};

    /// @param fresh neither bound nor connected
    /// @param ipv6 whether it is of that family; one that listens takes both
    /// @throws IOException if the kernel refuses
    void apply(Socket fresh, boolean ipv6) throws IOException;

    /// A socket that is about to connect.
    ///
    /// @param from where it is bound to; null for whatever the kernel takes
    /// @throws IOException if there is no descriptor left, or the kernel refuses
    default Socket open(InetSocketAddress target, @Nullable SocketAddress from) throws IOException {
        if (target.isUnresolved()) {
            throw new UnresolvedAddressException();
        }
        boolean ipv6 = target.getAddress() instanceof Inet6Address;
        Socket fresh = LinuxSocket.newSocketStream(ipv6);
        try {
            fresh.setTcpNoDelay(true);
            apply(fresh, ipv6);
            if (from != null) {
                fresh.bind(from);
            }
            return fresh;
        } catch (IOException | RuntimeException e) {
            fresh.close();
            throw e;
        }
    }
}
