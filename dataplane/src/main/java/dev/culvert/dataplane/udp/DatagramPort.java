package dev.culvert.dataplane.udp;

import dev.culvert.proto.netstack.UdpEndpoint;
import java.nio.ByteBuffer;

/// A UDP socket on a loop: the kernel's, or one inside the tunnel. Owned by its loop, like all that it calls.
public interface DatagramPort extends AutoCloseable {
    /// What takes the datagrams of a port.
    interface Receiver {
        /// @param payload a heap buffer, position to limit; good until the call returns
        /// @param ends how it was addressed, for an answer; good until the call returns
        void datagram(ByteBuffer payload, UdpEndpoint ends);

        /// Somebody on the way to the far end of a connected port said that nothing listens there.
        default void refused() {}
    }

    /// Sends a datagram, soon. A connected port has one far end and asks for none.
    ///
    /// @return false if it is too large or there is no room: it is lost, as datagrams may be
    boolean send(ByteBuffer payload, UdpEndpoint ends);

    /// How many bytes one datagram carries at most.
    int maxPayload(UdpEndpoint ends);

    /// The local port.
    int port();

    /// Whether datagrams are taken, or wait where they are.
    void read(boolean wanted);

    /// The kernel's descriptor, which another process can be given; -1 where there is none.
    int descriptor();

    @Override
    void close();
}
