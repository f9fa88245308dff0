package dev.culvert.dataplane.tunnel;

import dev.culvert.proto.netstack.EchoReply;
import dev.culvert.proto.netstack.Stack;
import dev.culvert.proto.netstack.StackConfig;
import dev.culvert.proto.netstack.StackStatus;
import dev.culvert.proto.wireguard.Aead;
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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// WireGuard and TCP/IP inside the process: needs no root, no interface and no kernel module.
public final class EmbeddedTunnel implements TunnelDriver {
    /// What an embedded tunnel is made of.
    ///
    /// @param addresses the node's own addresses inside the tunnel
    /// @param mtu the largest IP packet inside the tunnel, in bytes
    public record Settings(PrivateKey key, List<InetAddress> addresses, int mtu) {}

    private final TunnelLoop tunnel;
    private final UdpPort port;
    private final Map<Integer, Ping> pings = new HashMap<>();

    // One entry for each peer of this run and the last: as many as an operator has named.
    private final Map<PublicKey, HandshakeTimestamps> restored = new HashMap<>();
    private final EchoReply echoReply = new EchoReply();
    private final RoundTrips roundTrips = new RoundTrips();
    private final int mtu;
    private final Map<PublicKey, Integer> limits = new HashMap<>();
    private int nextPing = 1;

    private record Ping(InetAddress address, int length, Promise<Long> reply) {}

    private EmbeddedTunnel(TunnelLoop tunnel, UdpPort port, int mtu) {
        this.tunnel = tunnel;
        this.port = port;
        this.mtu = mtu;
    }

    /// Opens the tunnel on an event loop, which owns it from now on.
    ///
    /// @param port the bound UDP port; it is closed with the tunnel
    /// @throws IOException if the port cannot be registered with the loop
    public static EmbeddedTunnel open(IoEventLoop loop, Settings settings, UdpPort port, Aead.Factory aead)
            throws IOException {
        SecureRandom random = new SecureRandom();
        TunnelClock clock = new TunnelClock();
        WireGuardDevice device = new WireGuardDevice(settings.key(), aead, random, clock.wallOrigin());
        device.mtu(settings.mtu());
        Stack stack = new Stack(StackConfig.of(settings.addresses(), settings.mtu()), random);
        TunnelLoop tunnel = new TunnelLoop(loop, device, stack, port, clock, settings.mtu());
        EmbeddedTunnel embedded = new EmbeddedTunnel(tunnel, port, settings.mtu());
        tunnel.onEchoReplies(embedded::echoReplies);
        tunnel.start();
        return embedded;
    }

    @Override
    public String type() {
        return "embedded";
    }

    @Override
    public EventLoopGroup group() {
        return tunnel.eventLoop();
    }

    @Override
    public ChannelFactory<Channel> connections() {
        return () -> new StackChannel(tunnel);
    }

    @Override
    public ChannelFactory<ServerChannel> listeners() {
        return () -> new StackServerChannel(tunnel);
    }

    @Override
    public Future<?> put(PeerConfig peer) {
        return onLoop(() -> {
            Peer before = tunnel.device().peer(peer.publicKey());
            Integer limit = limits.get(peer.publicKey());
            if (before != null && limit != null) {
                tunnel.stack().pathMtu(before.allowedIps(), mtu);
            }
            Peer put = tunnel.device().addPeer(peer, tunnel.now());
            if (before == null) {
                restore(put, restored.getOrDefault(peer.publicKey(), HandshakeTimestamps.NONE));
            }
            if (limit != null) {
                tunnel.stack().pathMtu(peer.allowedIps(), limit);
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
                    tunnel.stack().pathMtu(removed.allowedIps(), mtu);
                }
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
                tunnel.stack().pathMtu(peer.allowedIps(), bytes);
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
        return onLoop(() -> tunnel.stack().status(most, tunnel.now()));
    }

    @Override
    public Future<Map<String, Long>> drops() {
        return onLoop(() -> {
            Map<String, Long> all = new TreeMap<>();
            for (Drop reason : Drop.values()) {
                all.put("wireguard." + reason, tunnel.device().drops(reason));
            }
            for (dev.culvert.proto.netstack.Drop reason : dev.culvert.proto.netstack.Drop.values()) {
                all.put("netstack." + reason, tunnel.stack().drops(reason));
            }
            all.put("udp.UNSENDABLE", port.unsendable().total());
            all.values().removeIf(count -> count == 0);
            return all;
        });
    }

    @Override
    public Future<Long> ping(InetAddress address, int payloadLength, long timeoutMillis) {
        Promise<Long> promise = tunnel.eventLoop().newPromise();
        onLoop(() -> {
                    int id = nextPing;
                    nextPing = nextPing % 0xffff + 1;
                    long sent = tunnel.now();
                    tunnel.stack().sendEcho(null, address, id, 1, payloadLength, sent);
                    Promise<Long> reply = tunnel.eventLoop().newPromise();
                    Ping ping = new Ping(address, payloadLength, reply);
                    pings.put(id, ping);
                    Future<?> limit = tunnel.eventLoop()
                            .schedule(
                                    () -> reply.tryFailure(new TimeoutException(
                                            "no echo from " + address.getHostAddress() + " inside the tunnel")),
                                    timeoutMillis,
                                    TimeUnit.MILLISECONDS);
                    reply.addListener(_ -> {
                        pings.remove(id, ping);
                        limit.cancel(false);
                        if (reply.isSuccess()) {
                            roundTrips.measured(address, reply.getNow() - sent);
                            promise.trySuccess(reply.getNow() - sent);
                        } else {
                            promise.tryFailure(reply.cause());
                        }
                    });
                    return null;
                })
                .addListener(done -> {
                    if (!done.isSuccess()) {
                        promise.tryFailure(done.cause());
                    }
                });
        return promise;
    }

    private void echoReplies() {
        while (tunnel.stack().pollEchoReply(echoReply)) {
            Ping waiting = pings.get(echoReply.identifier());
            // Identifiers are easily guessed: no peer may answer in the place of another.
            if (waiting != null
                    && waiting.length() == echoReply.payloadLength()
                    && waiting.address().equals(echoReply.source())) {
                waiting.reply().trySuccess(tunnel.now());
            }
        }
    }

    @Override
    public RoundTrips roundTrips() {
        return roundTrips;
    }

    @Override
    public Future<?> acceptNew(boolean accept) {
        return onLoop(() -> {
            tunnel.stack().acceptNew(accept);
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
        return port.descriptor();
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
