package dev.culvert.dataplane.tunnel;

import dev.culvert.dataplane.udp.DatagramPorts;
import dev.culvert.proto.inet.IpPrefix;
import dev.culvert.proto.netstack.Stack;
import dev.culvert.proto.netstack.StackConfig;
import dev.culvert.proto.netstack.StackStatus;
import dev.culvert.proto.wireguard.CryptoFunctions;
import dev.culvert.proto.wireguard.Drop;
import dev.culvert.proto.wireguard.Peer;
import dev.culvert.proto.wireguard.PeerConfig;
import dev.culvert.proto.wireguard.PrivateKey;
import dev.culvert.proto.wireguard.PublicKey;
import dev.culvert.proto.wireguard.WireGuardDevice;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoEventLoop;
import io.netty.channel.ServerChannel;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/// WireGuard in this process, owned by one event loop. Inside it is a TCP/IP stack of this process ([#open]: the driver
/// `embedded`, which needs no root, no interface and no kernel module) or an interface of the kernel's ([#tun]).
public final class WireGuardTunnel implements TunnelDriver {
    /// What a tunnel is made of.
    ///
    /// @param addresses the node's own addresses inside the tunnel
    /// @param mtu the largest IP packet inside the tunnel, in bytes
    public record Settings(PrivateKey key, List<InetAddress> addresses, int mtu) {}

    private final TunnelLoop tunnel;
    private final UdpPort port;
    private final Inside inside;
    private final Pings pings;

    // One entry for each peer of this run and the last: as many as an operator has named.
    private final Map<PublicKey, HandshakeTimestamps> restored = new HashMap<>();
    private final int mtu;
    private final Map<PublicKey, Integer> limits = new HashMap<>();

    private WireGuardTunnel(TunnelLoop tunnel, Pings pings, UdpPort port, int mtu) {
        this.tunnel = tunnel;
        this.inside = tunnel.inside();
        this.pings = pings;
        this.port = port;
        this.mtu = mtu;
    }

    /// Opens a tunnel with a stack of its own on an event loop, which owns it from now on.
    ///
    /// @param port the bound UDP port; it is closed with the tunnel
    /// @throws IOException if the port cannot be registered with the loop
    public static WireGuardTunnel open(IoEventLoop loop, Settings settings, UdpPort port, CryptoFunctions crypto)
            throws IOException {
        Pings pings = new Pings();
        Stack stack = new Stack(StackConfig.of(settings.addresses(), settings.mtu()), new SecureRandom());
        return open(loop, settings, port, crypto, pings, new StackInside(stack, pings));
    }

    /// Opens a tunnel whose inner end is an interface of the kernel's, on an event loop of epoll, which owns all of it
    /// from now on.
    ///
    /// @param port the bound UDP port; it is closed with the tunnel, as are the interface and the network
    /// @param network told of routes and openings; [HostNetwork#UNTOUCHED] where somebody else cares for them
    /// @throws IOException if they cannot be registered with the loop
    public static WireGuardTunnel tun(
            IoEventLoop loop, Settings settings, UdpPort port, CryptoFunctions crypto, TunPort tun, HostNetwork network)
            throws IOException {
        Pings pings = new Pings();
        Inside inside = new TunInside(tun, network, pings, settings.addresses(), settings.mtu());
        return open(loop, settings, port, crypto, pings, inside);
    }

    private static WireGuardTunnel open(
            IoEventLoop loop, Settings settings, UdpPort port, CryptoFunctions crypto, Pings pings, Inside inside)
            throws IOException {
        TunnelClock clock = new TunnelClock();
        WireGuardDevice device = new WireGuardDevice(settings.key(), crypto, new SecureRandom(), clock.wallOrigin());
        device.mtu(settings.mtu());
        TunnelLoop tunnel = new TunnelLoop(loop, device, inside, port, clock, settings.mtu());
        tunnel.start();
        return new WireGuardTunnel(tunnel, pings, port, settings.mtu());
    }

    @Override
    public String type() {
        return inside.type();
    }

    @Override
    public boolean sharesPorts() {
        return inside instanceof TunInside;
    }

    @Override
    public EventLoopGroup group() {
        return tunnel.eventLoop();
    }

    @Override
    public ChannelFactory<Channel> connections() {
        return inside.connections();
    }

    @Override
    public ChannelFactory<ServerChannel> listeners() {
        return inside.listeners();
    }

    @Override
    public @Nullable DatagramPorts datagrams() {
        return inside.datagrams();
    }

    @Override
    public Future<?> put(PeerConfig peer) {
        return onLoop(() -> {
            Peer before = tunnel.device().peer(peer.publicKey());
            Integer limit = limits.get(peer.publicKey());
            if (before != null && limit != null) {
                inside.pathMtu(before.allowedIps(), mtu);
            }
            List<IpPrefix> had = before == null ? List.of() : List.copyOf(before.allowedIps());
            Peer put = tunnel.device().addPeer(peer, tunnel.now());
            inside.addresses(had, peer.allowedIps());
            if (before == null) {
                restore(put, restored.getOrDefault(peer.publicKey(), HandshakeTimestamps.NONE));
            }
            if (limit != null) {
                inside.pathMtu(peer.allowedIps(), limit);
            }
            return null;
        });
    }

    @Override
    public Future<?> remove(PublicKey peer) {
        return onLoop(() -> {
            Peer removed = tunnel.device().peer(peer);
            if (removed != null) {
                if (limits.remove(peer) != null) {
                    inside.pathMtu(removed.allowedIps(), mtu);
                }
                inside.addresses(List.copyOf(removed.allowedIps()), List.of());
                restored.put(peer, timestamps(removed));
                tunnel.device().removePeer(peer);
            }
            return null;
        });
    }

    @Override
    public Future<?> redirect(PublicKey key, InetSocketAddress endpoint, boolean initiate) {
        return onLoop(() -> {
            Peer peer = tunnel.device().peer(key);
            if (peer != null) {
                peer.endpoint(endpoint);
                if (initiate) {
                    tunnel.device().initiate(peer, true, tunnel.now());
                }
            }
            return null;
        });
    }

    @Override
    public Future<?> initiate(PublicKey key) {
        return onLoop(() -> {
            Peer peer = tunnel.device().peer(key);
            if (peer != null && peer.endpoint() != null) {
                tunnel.device().initiate(peer, true, tunnel.now());
            }
            return null;
        });
    }

    @Override
    public Future<?> restore(PublicKey key, HandshakeTimestamps timestamps) {
        return onLoop(() -> {
            restored.put(key, timestamps);
            Peer peer = tunnel.device().peer(key);
            if (peer != null) {
                restore(peer, timestamps);
            }
            return null;
        });
    }

    private static void restore(Peer peer, HandshakeTimestamps earlier) {
        HandshakeTimestamps latest = timestamps(peer).max(earlier);
        peer.restoreTimestamps(latest.received(), latest.sent());
    }

    private static HandshakeTimestamps timestamps(Peer peer) {
        return new HandshakeTimestamps(peer.receivedTimestamp(), peer.sentTimestamp());
    }

    @Override
    public void onPeerNews(Runnable task) {
        onLoop(() -> {
            tunnel.onPeerNews(task);
            return null;
        });
    }

    @Override
    public Future<List<PeerStatus>> status() {
        return onLoop(() -> {
            long now = tunnel.now();
            List<PeerStatus> all = new ArrayList<>();
            for (Peer peer : tunnel.device().peers()) {
                long last = peer.lastHandshakeNanos();
                all.add(new PeerStatus(
                        peer.publicKey(),
                        peer.endpoint(),
                        last < 0 ? -1 : now - last,
                        peer.rxBytes(),
                        peer.txBytes(),
                        peer.roams(),
                        timestamps(peer)));
            }
            return all;
        });
    }

    @Override
    public Future<@Nullable PathEvidence> evidence(PublicKey key) {
        return this.<@Nullable PathEvidence>onLoop(() -> {
            Peer peer = tunnel.device().peer(key);
            if (peer == null) {
                return null;
            }
            long last = peer.lastHandshakeNanos();
            return new PathEvidence(
                    peer.endpoint(),
                    last < 0 ? -1 : tunnel.now() - last,
                    peer.rxBytes(),
                    peer.txBytes(),
                    port.unsendable().to(peer.endpoint()));
        });
    }

    @Override
    public Future<?> limitPackets(PublicKey key, int bytes) {
        return onLoop(() -> {
            Peer peer = tunnel.device().peer(key);
            if (peer != null) {
                if (bytes >= mtu) {
                    limits.remove(key);
                } else {
                    limits.put(key, bytes);
                }
                inside.pathMtu(peer.allowedIps(), bytes);
            }
            return null;
        });
    }

    @Override
    public int mtu() {
        return mtu;
    }

    @Override
    public Future<@Nullable StackStatus> stackStatus(int most) {
        return onLoop(() -> inside.status(most, tunnel.now()));
    }

    @Override
    public Future<Map<String, Long>> drops() {
        return onLoop(() -> {
            Map<String, Long> all = new TreeMap<>();
            for (Drop reason : Drop.values()) {
                all.put("wireguard." + reason, tunnel.device().drops(reason));
            }
            inside.drops(all);
            all.put("udp.HANDSHAKE_OVERFLOW", tunnel.handshakeOverflow());
            all.put("udp.DROPPED_BY_KERNEL", port.kernelDrops());
            all.put("udp.UNSENDABLE", port.unsendable().total());
            all.values().removeIf(count -> count == 0);
            return all;
        });
    }

    @Override
    public Future<Long> ping(InetAddress address, int payloadLength, long timeoutMillis) {
        Promise<Long> reply = tunnel.eventLoop().newPromise();
        onLoop(() -> {
                    long now = tunnel.now();
                    int id = pings.sent(address, payloadLength, timeoutMillis, tunnel.eventLoop(), reply, now);
                    inside.sendEcho(address, id, payloadLength, now);
                    return null;
                })
                .addListener(done -> {
                    if (!done.isSuccess()) {
                        reply.tryFailure(done.cause());
                    }
                });
        return reply;
    }

    @Override
    public RoundTrips roundTrips() {
        return pings.roundTrips();
    }

    @Override
    public @Nullable String interfaceName() {
        return inside.interfaceName();
    }

    @Override
    public Future<?> forwards(boolean wanted) {
        return onLoop(() -> {
            inside.forwards(wanted);
            return null;
        });
    }

    @Override
    public Future<?> acceptNew(boolean accept) {
        return onLoop(() -> {
            inside.acceptNew(accept);
            return null;
        });
    }

    @Override
    public Future<?> suspend() {
        return onLoop(() -> {
            tunnel.suspend();
            return null;
        });
    }

    @Override
    public Future<?> resume() {
        return onLoop(() -> {
            tunnel.resume();
            for (Peer peer : tunnel.device().peers()) {
                tunnel.device().initiate(peer, true, tunnel.now());
            }
            return null;
        });
    }

    @Override
    public int descriptor() {
        // An interface and its sockets would have to go with it.
        return sharesPorts() ? -1 : port.descriptor();
    }

    @Override
    public InetSocketAddress localAddress() {
        return port.localAddress();
    }

    @Override
    public void close() {
        onLoop(() -> {
            tunnel.close();
            return null;
        });
    }

    private <T extends @Nullable Object> Future<T> onLoop(Callable<T> task) {
        return tunnel.eventLoop().submit(() -> {
            T result = task.call();
            tunnel.schedulePump();
            return result;
        });
    }
}
