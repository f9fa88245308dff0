package dev.culvert.dataplane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.dataplane.internal.InternalService.Response;
import dev.culvert.dataplane.internal.TunnelClient;
import dev.culvert.dataplane.testing.TestNode;
import dev.culvert.dataplane.tunnel.NioUdpPort;
import dev.culvert.dataplane.tunnel.WireGuardTunnel;
import dev.culvert.model.Role;
import dev.culvert.proto.inet.IpPrefix;
import dev.culvert.proto.wireguard.JdkCrypto;
import dev.culvert.proto.wireguard.PeerConfig;
import dev.culvert.proto.wireguard.PrivateKey;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Who has a token reaches enrolment, and no listener inside the tunnel.
@Timeout(30)
class GuestTest {
    private static final InetAddress GATEWAY = InetAddress.ofLiteral("10.77.0.1");
    private static final InetAddress PEER = InetAddress.ofLiteral("10.77.0.2");
    private static final InetAddress GUEST = InetAddress.ofLiteral("10.77.0.254");

    @Test
    void listenerInsideTheTunnel_servesPeersAndNoGuests() throws Exception {
        PrivateKey peerKey = PrivateKey.generate(new SecureRandom());
        PrivateKey guestKey = PrivateKey.generate(new SecureRandom());
        MultiThreadIoEventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        try (TestNode gateway = TestNode.start(
                        Role.GATEWAY, PrivateKey.generate(new SecureRandom()), """
                http:
                  listen: [127.0.0.1:8080, tunnel:80]
                sites:
                  nas:
                    type: plain
                    public-key: %s
                    address: 10.77.0.2
                """.formatted(peerKey.publicKey()));
                WireGuardTunnel peer = tunnel(loops, peerKey, PEER, gateway);
                WireGuardTunnel guest = tunnel(loops, guestKey, GUEST, gateway)) {
            List<IpPrefix> one = List.of(IpPrefix.host(GUEST));
            gateway.node().putGuest(new PeerConfig(guestKey.publicKey(), null, null, 0, one), GUEST);

            assertThat(ask(peer).status()).isEqualTo(404);
            assertThatThrownBy(() -> ask(guest)).hasCauseInstanceOf(IOException.class);
        } finally {
            loops.shutdownGracefully(0, 2, TimeUnit.SECONDS).syncUninterruptibly();
        }
    }

    private static Response ask(WireGuardTunnel from) throws Exception {
        return new TunnelClient(from)
                .request(new InetSocketAddress(GATEWAY, 80), "GET", "/", "", 10_000)
                .get(15, TimeUnit.SECONDS);
    }

    private static WireGuardTunnel tunnel(
            MultiThreadIoEventLoopGroup loops, PrivateKey key, InetAddress address, TestNode gateway) throws Exception {
        WireGuardTunnel tunnel = WireGuardTunnel.open(
                loops.next(),
                new WireGuardTunnel.Settings(key, List.of(address), 1420),
                NioUdpPort.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)),
                new JdkCrypto());
        InetSocketAddress endpoint = gateway.tunnel().localAddress();
        List<IpPrefix> hub = List.of(IpPrefix.host(GATEWAY));
        tunnel.put(new PeerConfig(gateway.key().publicKey(), null, endpoint, 0, hub))
                .get(5, TimeUnit.SECONDS);
        return tunnel;
    }
}
