package dev.culvert.dataplane.udp;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/// Makes UDP sockets of one kind, all on one loop; to be called there.
public interface DatagramPorts {
    /// @param address an own address, null for all of them
    /// @param port 0 for any
    /// @param shared whether the next process of this user may bind it as well, as it does at an upgrade
    /// @throws IOException with the remedy, if it is taken or not allowed
    DatagramPort bind(@Nullable InetAddress address, int port, boolean shared, DatagramPort.Receiver receiver)
            throws IOException;

    /// A port with one far end: what others send to it is not heard.
    ///
    /// @throws IOException if nothing leads there
    DatagramPort connect(InetSocketAddress remote, DatagramPort.Receiver receiver) throws IOException;

    /// The same from the address of somebody else, whose answers come back here: see
    /// [dev.culvert.dataplane.os.LinuxReturnPath].
    ///
    /// @param from also its port, if that is free, else any
    /// @throws IOException if nothing leads there, or this process may not
    DatagramPort connectFrom(InetSocketAddress from, InetSocketAddress remote, DatagramPort.Receiver receiver)
            throws IOException;

    /// Takes over a bound socket of another process, which belongs to the port from now on.
    ///
    /// @throws IOException if it is none
    DatagramPort adopt(int descriptor, DatagramPort.Receiver receiver) throws IOException;
}
