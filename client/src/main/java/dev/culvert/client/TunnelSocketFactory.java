package dev.culvert.client;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import javax.net.SocketFactory;
import org.jspecify.annotations.Nullable;

/// [Tunnel#socket] in the form that libraries ask for. Hosts must be address literals: names are not looked up, for
/// that would tell the network outside what is asked for inside.
final class TunnelSocketFactory extends SocketFactory {
    private final Tunnel tunnel;

    TunnelSocketFactory(Tunnel tunnel) {
        this.tunnel = tunnel;
    }

    @Override
    public Socket createSocket() throws IOException {
        return tunnel.socket();
    }

    @Override
    public Socket createSocket(String host, int port) throws IOException {
        return connected(literal(host), port, null, 0);
    }

    @Override
    public Socket createSocket(String host, int port, @Nullable InetAddress local, int localPort) throws IOException {
        return connected(literal(host), port, local, localPort);
    }

    @Override
    public Socket createSocket(InetAddress host, int port) throws IOException {
        return connected(host, port, null, 0);
    }

    @Override
    public Socket createSocket(InetAddress host, int port, @Nullable InetAddress local, int localPort)
            throws IOException {
        return connected(host, port, local, localPort);
    }

    private Socket connected(InetAddress host, int port, @Nullable InetAddress local, int localPort)
            throws IOException {
        Socket socket = tunnel.socket();
        if (local != null || localPort != 0) {
            socket.bind(new InetSocketAddress(local, localPort));
        }
        socket.connect(new InetSocketAddress(host, port));
        return socket;
    }

    private static InetAddress literal(String host) throws UnknownHostException {
        try {
            return InetAddress.ofLiteral(host);
        } catch (IllegalArgumentException _) {
            throw new UnknownHostException(host + ": names are not resolved inside the tunnel (expected: an address)");
        }
    }
}
