package dev.culvert.client;

import java.net.Socket;
import java.net.SocketException;

/// The JDK's socket on a [TcpConnection].
final class TunnelSocket extends Socket {
    TunnelSocket(TcpConnection connection) throws SocketException {
        super(connection);
    }
}
