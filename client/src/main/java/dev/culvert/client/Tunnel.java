package dev.culvert.client;

import dev.culvert.proto.wireguard.JdkCrypto;
import dev.culvert.proto.wireguard.PeerConfig;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import javax.net.SocketFactory;

/// A WireGuard interface with a TCP/IP stack, all inside this process. Its sockets are the JDK's [Socket]: blocking,
/// for platform and virtual threads, usable wherever a library takes a socket or a [SocketFactory].
///
/// ```
/// try (Tunnel tunnel = Tunnel.open(TunnelSettings.of(key, address, peer));
///         Socket socket = tunnel.connect(new InetSocketAddress("10.77.0.1", 80), Duration.ofSeconds(5))) {
///     socket.getOutputStream().write(request);
///     socket.getInputStream().transferTo(System.out);
/// }
/// ```
/// Names are not resolved inside the tunnel. All methods may be called from any thread.
public final class Tunnel implements AutoCloseable {
    /// How long [#close] waits until peers have what was written to closed sockets.
    private static final Duration LINGER = Duration.ofSeconds(2);

    private final PacketLoop loop;

    private Tunnel(PacketLoop loop) {
        this.loop = loop;
    }

    /// Opens the UDP socket and starts the tunnel's daemon thread. The handshake begins with the first packet.
    ///
    /// @throws UnknownHostException if a peer's endpoint was not resolved
    /// @throws IOException if the UDP port cannot be bound
    public static Tunnel open(TunnelSettings settings) throws IOException {
        for (PeerConfig peer : settings.peers()) {
            InetSocketAddress endpoint = peer.endpoint();
            if (endpoint != null && endpoint.isUnresolved()) {
                throw new UnknownHostException(
                        endpoint.getHostString() + ": no such host (endpoint of peer " + peer.publicKey() + ")");
            }
        }
        return new Tunnel(PacketLoop.start(settings, new JdkCrypto()));
    }

    /// Opens a TCP connection.
    ///
    /// @param timeout more than zero, for the handshake of WireGuard and that of TCP together
    /// @throws java.net.SocketTimeoutException if nobody has answered by then
    /// @throws java.net.ConnectException if the peer refuses
    /// @throws java.net.NoRouteToHostException if no peer's allowed IPs hold the address
    public Socket connect(InetSocketAddress remote, Duration timeout) throws IOException {
        Socket socket = socket();
        socket.connect(remote, Math.clamp(timeout.toMillis(), 1, Integer.MAX_VALUE));
        return socket;
    }

    /// A socket that is not connected yet.
    public Socket socket() throws IOException {
        return new TunnelSocket(new TcpConnection(loop));
    }

    /// Makes sockets through the tunnel, for libraries that take a factory.
    public SocketFactory socketFactory() {
        return new TunnelSocketFactory(this);
    }

    /// Accepts connections to a port on all own addresses.
    ///
    /// @param port 0 for any
    /// @throws java.net.BindException if it is taken
    public ServerSocket listen(int port) throws IOException {
        ServerSocket server = new TunnelServerSocket(loop);
        server.bind(new InetSocketAddress(port));
        return server;
    }

    /// Holds a UDP port on all own addresses.
    ///
    /// @param port 0 for any
    /// @throws java.net.BindException if it is taken
    public TunnelDatagrams datagrams(int port) throws IOException {
        return TunnelDatagrams.bind(loop, port);
    }

    /// How each peer is doing.
    public List<PeerStatus> peers() {
        return loop.peers();
    }

    /// Why packets were dropped, and how often: `wireguard.…` and `netstack.…`, without those that are zero.
    public Map<String, Long> drops() {
        return loop.drops();
    }

    /// The UDP port outside.
    public int listenPort() {
        return loop.port();
    }

    /// Resets the open sockets, waits, two seconds at most, until what was written to closed ones has arrived, and
    /// overwrites the keys.
    @Override
    public void close() {
        loop.close(LINGER);
    }
}
