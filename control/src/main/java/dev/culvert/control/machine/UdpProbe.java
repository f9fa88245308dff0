package dev.culvert.control.machine;

import dev.culvert.model.Endpoint;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;

/// What the network says to a datagram: WireGuard answers no stranger, but a closed port and a missing route do.
public enum UdpProbe {
    /// The name has no address.
    UNRESOLVED,
    /// The other machine says that nobody has the port (ICMP port unreachable).
    CLOSED,
    /// This machine has no route.
    NO_WAY,
    /// Nothing: all is well, or somebody drops it.
    SILENT;

    private static final int MILLIS = 700;

    /// Asks; blocks for 0.7 s at most, and for a name look-up.
    public static UdpProbe of(Endpoint endpoint) {
        InetAddress address;
        try {
            address = InetAddress.getByName(endpoint.host());
        } catch (UnknownHostException e) {
            return UNRESOLVED;
        }
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.connect(new InetSocketAddress(address, endpoint.port()));
            socket.setSoTimeout(MILLIS);
            // One byte is no message of WireGuard's: a gateway drops and counts it.
            socket.send(new DatagramPacket(new byte[1], 1));
            socket.receive(new DatagramPacket(new byte[1], 1));
            return SILENT;
        } catch (PortUnreachableException e) {
            return CLOSED;
        } catch (SocketTimeoutException e) {
            return SILENT;
        } catch (IOException e) {
            return NO_WAY;
        }
    }
}
