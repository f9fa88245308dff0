package dev.culvert.dataplane.tunnel;

import dev.culvert.dataplane.tunnel.KernelWireGuard.Change;
import dev.culvert.dataplane.udp.DatagramPorts;
import dev.culvert.proto.inet.IpPrefix;
import dev.culvert.proto.netstack.Stack;
import dev.culvert.proto.netstack.StackConfig;
import dev.culvert.proto.netstack.StackStatus;
import dev.culvert.proto.wireguard.PeerConfig;
import dev.culvert.proto.wireguard.PublicKey;
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
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Linux's own WireGuard: the driver `kernel`. Packets of TCP never come near this process; datagrams and our own
/// echoes are a stack's of this process, beside the interface, for the reasons that [TunInside] has.
///
/// The kernel tells nobody what happens to peers, so they are looked at once a second. It keeps its own timestamps of
/// handshakes and takes none from elsewhere. All of it is owned by one event loop.
public final class KernelTunnel implements TunnelDriver {
    private static final Logger LOG = LoggerFactory.getLogger(KernelTunnel.class);
    private static final long LOOK_MILLIS = 1_000;
    // Every peer's watch asks by itself; what was seen so lately is good for all of them.
    private static final long FRESH_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private final IoEventLoop loop;
    private final Parts parts;
    private final InetSocketAddress local;
    private final Pings pings;
    private final StackInside stack;
    private final PacketPump pump;
    private final HostEnd host;
    private final int mtu;
    private final Map<PublicKey, KernelPeer> peers = new HashMap<>();
    // One entry for each peer of this run and the last: as many as an operator has named.
    private final Map<PublicKey, HandshakeTimestamps> restored = new HashMap<>();
    private final Map<PublicKey, Integer> limits = new HashMap<>();
    private Runnable onPeerNews = () -> {};
    private long lookedAt = Long.MIN_VALUE / 2;
    private boolean gone;
    private boolean closed;

    /// What it is made of, all of which is closed with it.
    public record Parts(KernelWireGuard wireGuard, PacketPort packets, HostNetwork network) {}

    private KernelTunnel(IoEventLoop loop, List<InetAddress> addresses, int mtu, Parts parts) {
        this.loop = loop;
        this.parts = parts;
        this.mtu = mtu;
        this.local = new InetSocketAddress(parts.wireGuard().listenPort());
        this.pings = new Pings();
        this.stack = new StackInside(new Stack(StackConfig.of(addresses, mtu), new SecureRandom()), pings);
        this.pump = new PacketPump(loop, stack, parts.packets(), addresses, mtu);
        this.host = new HostEnd(parts.wireGuard().name(), parts.network(), mtu);
    }

    /// Takes over an interface that is up, isolated and without peers, on an event loop of epoll.
    ///
    /// @param addresses the node's own inside the tunnel
    /// @param mtu the largest IP packet inside the tunnel, in bytes
    public static KernelTunnel open(IoEventLoop loop, List<InetAddress> addresses, int mtu, Parts parts) {
        KernelTunnel tunnel = new KernelTunnel(loop, addresses, mtu, parts);
        loop.execute(tunnel.pump::start);
        loop.scheduleWithFixedDelay(tunnel::tick, LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
        return tunnel;
    }

    @Override
    public String type() {
        return "kernel";
    }

    @Override
    public boolean sharesPorts() {
        return true;
    }

    @Override
    public EventLoopGroup group() {
        return loop;
    }

    @Override
    public ChannelFactory<Channel> connections() {
        return host::connection;
    }

    @Override
    public ChannelFactory<ServerChannel> listeners() {
        return host::listener;
    }

    @Override
    public DatagramPorts datagrams() {
        return stack.datagrams();
    }

    /// By differences: the kernel is told of the addresses that are new, and only where one is gone of all of them.
    @Override
    public Future<?> put(PeerConfig config) {
        return onLoop(() -> {
            KernelPeer before = peers.get(config.publicKey());
            List<IpPrefix> had = before == null ? List.of() : before.config().allowedIps();
            boolean replace = !config.allowedIps().containsAll(had);
            List<IpPrefix> told = config.allowedIps().stream()
                    .filter(prefix -> replace || !had.contains(prefix))
                    .toList();
            tell(List.of(new Change.Put(config, replace, told)));
            if (before == null) {
                peers.put(config.publicKey(), new KernelPeer(config));
            } else {
                before.config(config);
            }
            takenOver(config);
            host.addresses(had, config.allowedIps());
            Integer limit = limits.get(config.publicKey());
            if (limit != null) {
                pathMtu(config.allowedIps(), limit);
            }
            return null;
        });
    }

    private void tell(List<Change> changes) throws IOException {
        try {
            parts.wireGuard().change(changes);
        } catch (IOException e) {
            LOG.warn("{}", e.getMessage());
            throw e;
        }
    }

    /// A prefix belongs to the last peer that was given it, in the kernel as well.
    private void takenOver(PeerConfig by) {
        for (KernelPeer other : peers.values()) {
            if (!other.config().publicKey().equals(by.publicKey())) {
                other.lose(by.allowedIps());
            }
        }
    }

    @Override
    public Future<?> remove(PublicKey key) {
        return onLoop(() -> {
            KernelPeer removed = peers.remove(key);
            if (removed != null) {
                if (limits.remove(key) != null) {
                    pathMtu(removed.config().allowedIps(), mtu);
                }
                host.addresses(removed.config().allowedIps(), List.of());
                tell(List.of(new Change.Remove(key)));
            }
            return null;
        });
    }

    @Override
    public Future<?> redirect(PublicKey key, InetSocketAddress endpoint, boolean initiate) {
        return onLoop(() -> {
            KernelPeer peer = peers.get(key);
            if (peer != null) {
                List<Change> changes = new ArrayList<>();
                changes.add(new Change.Redirect(key, endpoint));
                if (initiate) {
                    changes.add(peer.greeting());
                }
                tell(changes);
                peer.redirected(endpoint);
            }
            return null;
        });
    }

    @Override
    public Future<?> initiate(PublicKey key) {
        return onLoop(() -> {
            KernelPeer peer = peers.get(key);
            if (peer != null && peer.endpoint() != null) {
                tell(List.of(peer.greeting()));
            }
            return null;
        });
    }

    /// Kept for the next process, which may have another driver: the kernel takes none.
    @Override
    public Future<?> restore(PublicKey key, HandshakeTimestamps timestamps) {
        return onLoop(() -> {
            restored.merge(key, timestamps, HandshakeTimestamps::max);
            return null;
        });
    }

    @Override
    public void onPeerNews(Runnable task) {
        loop.execute(() -> onPeerNews = task);
    }

    private void tick() {
        look();
        if (!closed && !gone) {
            host.keep();
        }
    }

    /// Reads what the kernel knows of peers.
    private void look() {
        if (closed || gone) {
            return;
        }
        long now = pump.now();
        boolean news = false;
        try {
            for (KernelWireGuard.Seen seen : parts.wireGuard().peers()) {
                KernelPeer peer = peers.get(seen.peer());
                if (peer != null && peer.seen(seen, System.currentTimeMillis(), now)) {
                    news = true;
                }
            }
        } catch (IOException e) {
            gone = true;
            LOG.error("{}", e.getMessage());
        } catch (RuntimeException e) {
            pump.failed(e);
        }
        lookedAt = now;
        if (news) {
            onPeerNews.run();
        }
    }

    private void lookIfOld() {
        if (pump.now() - lookedAt > FRESH_NANOS) {
            look();
        }
    }

    @Override
    public Future<List<PeerStatus>> status() {
        return onLoop(() -> {
            lookIfOld();
            List<PeerStatus> all = new ArrayList<>();
            peers.forEach((key, peer) ->
                    all.add(peer.status(restored.getOrDefault(key, HandshakeTimestamps.NONE), pump.now())));
            return all;
        });
    }

    @Override
    public Future<@Nullable PathEvidence> evidence(PublicKey key) {
        return this.<@Nullable PathEvidence>onLoop(() -> {
            lookIfOld();
            KernelPeer peer = peers.get(key);
            return peer == null ? null : peer.evidence(pump.now());
        });
    }

    @Override
    public Future<?> limitPackets(PublicKey key, int bytes) {
        return onLoop(() -> {
            KernelPeer peer = peers.get(key);
            if (peer != null) {
                if (bytes >= mtu) {
                    limits.remove(key);
                } else {
                    limits.put(key, bytes);
                }
                pathMtu(peer.config().allowedIps(), bytes);
            }
            return null;
        });
    }

    private void pathMtu(List<IpPrefix> destinations, int bytes) {
        stack.pathMtu(destinations, bytes);
        host.pathMtu(destinations, bytes);
    }

    @Override
    public int mtu() {
        return mtu;
    }

    @Override
    public Future<@Nullable StackStatus> stackStatus(int most) {
        return this.<@Nullable StackStatus>onLoop(() -> null);
    }

    @Override
    public Future<Map<String, Long>> drops() {
        return onLoop(() -> {
            Map<String, Long> all = new TreeMap<>();
            stack.drops(all);
            parts.wireGuard().drops().forEach((reason, count) -> all.put("kernel." + reason, count));
            all.put("kernel.REFUSED", parts.packets().writeErrors());
            all.values().removeIf(count -> count == 0);
            return all;
        });
    }

    @Override
    public Future<Long> ping(InetAddress address, int payloadLength, long timeoutMillis) {
        Promise<Long> reply = loop.newPromise();
        onLoop(() -> {
                    long now = pump.now();
                    int id = pings.sent(address, payloadLength, timeoutMillis, loop, reply, now);
                    stack.sendEcho(address, id, payloadLength, now);
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
    public String interfaceName() {
        return parts.wireGuard().name();
    }

    @Override
    public Future<?> forwards(boolean wanted) {
        return onLoop(() -> {
            pump.forwards(wanted);
            return null;
        });
    }

    @Override
    public Future<?> acceptNew(boolean accept) {
        return onLoop(() -> {
            host.acceptNew(accept);
            return null;
        });
    }

    /// There is no process to hand the interface to (see [#descriptor]), so nobody asks for silence.
    @Override
    public Future<?> suspend() {
        return loop.newSucceededFuture(null);
    }

    @Override
    public Future<?> resume() {
        return loop.newSucceededFuture(null);
    }

    @Override
    public int descriptor() {
        return -1;
    }

    @Override
    public InetSocketAddress localAddress() {
        return local;
    }

    @Override
    public void close() {
        loop.execute(() -> {
            closed = true;
            pump.close();
            parts.packets().close();
            parts.wireGuard().close();
            host.close();
        });
    }

    private <T extends @Nullable Object> Future<T> onLoop(Callable<T> task) {
        return loop.submit(() -> {
            T result = task.call();
            pump.schedulePump();
            return result;
        });
    }
}
