package dev.culvert.dataplane.tunnel;

import dev.culvert.proto.inet.IpPrefix;
import dev.culvert.proto.wireguard.PeerConfig;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A peer of the kernel's WireGuard, as last seen. Owned by the tunnel loop.
final class KernelPeer {
    private PeerConfig config;
    private @Nullable InetSocketAddress endpoint;
    private long handshakeStamp;
    private long handshakeAt = -1;
    private long rxBytes;
    private long txBytes;
    private long moves;

    KernelPeer(PeerConfig config) {
        this.config = without(config, config.allowedIps());
        this.endpoint = config.endpoint();
    }

    /// The secret is the kernel's now; nobody here needs it again.
    private static PeerConfig without(PeerConfig config, List<IpPrefix> allowedIps) {
        return new PeerConfig(
                config.publicKey(), null, config.endpoint(), config.persistentKeepaliveSeconds(), allowedIps);
    }

    PeerConfig config() {
        return config;
    }

    void config(PeerConfig next) {
        config = without(next, next.allowedIps());
        redirected(next.endpoint());
    }

    /// Addresses that another peer has from now on.
    void lose(List<IpPrefix> taken) {
        if (config.allowedIps().stream().anyMatch(taken::contains)) {
            config = without(
                    config,
                    config.allowedIps().stream()
                            .filter(prefix -> !taken.contains(prefix))
                            .toList());
        }
    }

    @Nullable
    InetSocketAddress endpoint() {
        return endpoint;
    }

    /// Somebody here said where it is.
    void redirected(@Nullable InetSocketAddress to) {
        if (to != null) {
            endpoint = to;
        }
    }

    KernelWireGuard.Change greeting() {
        return new KernelWireGuard.Change.Greet(config.publicKey(), config.persistentKeepaliveSeconds());
    }

    /// Takes what the kernel knows now.
    ///
    /// @param wallMillis of this machine's clock, by which the kernel stamps handshakes; it may be set at any time
    /// @return whether it has shaken hands or moved since the last time
    boolean seen(KernelWireGuard.Seen now, long wallMillis, long nanos) {
        rxBytes = now.rxBytes();
        txBytes = now.txBytes();
        boolean moved = now.endpoint() != null && !now.endpoint().equals(endpoint);
        if (moved) {
            moves += endpoint == null ? 0 : 1;
            endpoint = now.endpoint();
        }
        boolean shaken = now.handshakeNanos() != handshakeStamp;
        if (shaken) {
            handshakeStamp = now.handshakeNanos();
            long age = TimeUnit.MILLISECONDS.toNanos(wallMillis) - handshakeStamp;
            handshakeAt = Math.max(0, nanos - Math.max(0, age));
        }
        return moved || shaken;
    }

    private long handshakeAge(long nanos) {
        return handshakeAt < 0 ? -1 : nanos - handshakeAt;
    }

    PeerStatus status(HandshakeTimestamps timestamps, long nanos) {
        return new PeerStatus(config.publicKey(), endpoint, handshakeAge(nanos), rxBytes, txBytes, moves, timestamps);
    }

    PathEvidence evidence(long nanos) {
        // The kernel does not say what it could not send.
        return new PathEvidence(endpoint, handshakeAge(nanos), rxBytes, txBytes, 0);
    }
}
