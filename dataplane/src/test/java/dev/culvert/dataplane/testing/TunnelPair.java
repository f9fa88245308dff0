package dev.culvert.dataplane.testing;

import dev.culvert.dataplane.os.LinuxUdpPort;
import dev.culvert.dataplane.tunnel.NioUdpPort;
import dev.culvert.dataplane.tunnel.UdpPort;
import dev.culvert.dataplane.tunnel.WireGuardTunnel;
import dev.culvert.proto.inet.IpPrefix;
import dev.culvert.proto.wireguard.JdkCrypto;
import dev.culvert.proto.wireguard.PeerConfig;
import dev.culvert.proto.wireguard.PrivateKey;
import dev.culvert.proto.wireguard.PublicKey;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Two embedded tunnels that are each other's only peer, over UDP on loopback, each on a loop of its own.
public final class TunnelPair implements AutoCloseable {
    public static final InetAddress GATEWAY = InetAddress.ofLiteral("10.77.0.1");
    public static final InetAddress GATEWAY6 = InetAddress.ofLiteral("fd77:77:77::1");
    public static final InetAddress SITE = InetAddress.ofLiteral("10.77.0.2");
    public static final InetAddress SITE6 = InetAddress.ofLiteral("fd77:77:77::2");

    private static final int MTU = 1420;

    private final MultiThreadIoEventLoopGroup loops;
    private final WireGuardTunnel gateway;
    private final WireGuardTunnel site;
    private final PublicKey gatewayKey;
    private final PublicKey siteKey;

    /// Which UDP port the tunnels stand on.
    public enum Io {
        EPOLL,
        NIO;

        public IoHandlerFactory handlers() {
            return this == EPOLL ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
        }

        public UdpPort bind(InetSocketAddress address) throws IOException {
            return this == EPOLL ? LinuxUdpPort.bind(address) : NioUdpPort.bind(address);
        }
    }

    private TunnelPair(
            MultiThreadIoEventLoopGroup loops,
            WireGuardTunnel gateway,
            WireGuardTunnel site,
            PublicKey gatewayKey,
            PublicKey siteKey) {
        this.loops = loops;
        this.gateway = gateway;
        this.site = site;
        this.gatewayKey = gatewayKey;
        this.siteKey = siteKey;
    }

    public static TunnelPair open(Io io) throws Exception {
        MultiThreadIoEventLoopGroup loops = new MultiThreadIoEventLoopGroup(2, io.handlers());
        PrivateKey gatewayKey = PrivateKey.generate(new SecureRandom());
        PrivateKey siteKey = PrivateKey.generate(new SecureRandom());
        WireGuardTunnel gateway = tunnel(io, loops.next(), gatewayKey, List.of(GATEWAY, GATEWAY6));
        WireGuardTunnel site = tunnel(io, loops.next(), siteKey, List.of(SITE, SITE6));
        List<IpPrefix> atSite = List.of(IpPrefix.host(SITE), IpPrefix.host(SITE6));
        List<IpPrefix> atGateway = List.of(IpPrefix.host(GATEWAY), IpPrefix.host(GATEWAY6));
        gateway.put(new PeerConfig(siteKey.publicKey(), null, site.localAddress(), 0, atSite))
                .get(5, TimeUnit.SECONDS);
        site.put(new PeerConfig(gatewayKey.publicKey(), null, gateway.localAddress(), 0, atGateway))
                .get(5, TimeUnit.SECONDS);
        return new TunnelPair(loops, gateway, site, gatewayKey.publicKey(), siteKey.publicKey());
    }

    private static WireGuardTunnel tunnel(Io io, IoEventLoop loop, PrivateKey key, List<InetAddress> addresses)
            throws IOException {
        UdpPort port = io.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        return WireGuardTunnel.open(loop, new WireGuardTunnel.Settings(key, addresses, MTU), port, new JdkCrypto());
    }

    public WireGuardTunnel gateway() {
        return gateway;
    }

    public WireGuardTunnel site() {
        return site;
    }

    public PublicKey gatewayKey() {
        return gatewayKey;
    }

    public PublicKey siteKey() {
        return siteKey;
    }

    @Override
    public void close() {
        gateway.close();
        site.close();
        loops.shutdownGracefully(0, 2, TimeUnit.SECONDS).syncUninterruptibly();
    }
}
