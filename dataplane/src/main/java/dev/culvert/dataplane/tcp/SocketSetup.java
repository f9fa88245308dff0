package dev.culvert.dataplane.tcp;

import io.netty.channel.unix.Socket;
import java.io.IOException;

/// What is done to a socket before it connects or listens.
@FunctionalInterface
public interface SocketSetup {
    /// Nothing.
    SocketSetup NONE = (_, _) -> {};

    /// @param fresh neither bound nor connected
    /// @param ipv6 whether it is of that family; one that listens takes both
    /// @throws IOException if the kernel refuses
    void apply(Socket fresh, boolean ipv6) throws IOException;
}
