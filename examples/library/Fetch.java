import dev.culvert.client.Tunnel;
import dev.culvert.client.TunnelSettings;
import dev.culvert.proto.inet.IpPrefix;
import dev.culvert.proto.wireguard.PeerConfig;
import dev.culvert.proto.wireguard.PrivateKey;
import dev.culvert.proto.wireguard.PublicKey;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/// Fetches a page through a WireGuard peer, without root:
/// `Fetch KEY-FILE OWN-ADDRESS PEER-PUBLIC-KEY PEER-HOST PEER-UDP-PORT TARGET-ADDRESS TARGET-PORT`.
public final class Fetch {
    private Fetch() {}

    public static void main(String[] args) throws IOException {
        PrivateKey key = PrivateKey.parse(Files.readString(Path.of(args[0])).strip());
        InetSocketAddress target = new InetSocketAddress(args[5], Integer.parseInt(args[6]));
        InetSocketAddress endpoint = new InetSocketAddress(args[3], Integer.parseInt(args[4]));
        List<IpPrefix> allowedIps = List.of(IpPrefix.host(target.getAddress()));
        PeerConfig peer = new PeerConfig(PublicKey.parse(args[2]), null, endpoint, 0, allowedIps);

        try (Tunnel tunnel = Tunnel.open(TunnelSettings.of(key, InetAddress.ofLiteral(args[1]), peer));
                Socket socket = tunnel.connect(target, Duration.ofSeconds(10))) {
            String request = "GET / HTTP/1.0\r\nHost: " + args[5] + "\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            socket.getInputStream().transferTo(System.out);
        }
    }
}
