package dev.culvert.client;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;

/// The JDK's server socket on a [TcpConnection], which listens.
final class TunnelServerSocket extends ServerSocket {
    private final PacketLoop loop;

    TunnelServerSocket(PacketLoop loop) {
        super(new TcpConnection(loop));
        this.loop = loop;
    }

    @Override
    public Socket accept() throws IOException {
        if (isClosed()) {
            throw new SocketException("Socket is closed");
        }
        if (!isBound()) {
            throw new SocketException("Socket is not bound yet");
        }
        Socket accepted = new TunnelSocket(new TcpConnection(loop));
        implAccept(accepted);
        return accepted;
    }
}
