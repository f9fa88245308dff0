package dev.culvert.proto.wireguard.uapi;

import dev.culvert.proto.inet.IpPrefix;
import dev.culvert.proto.wireguard.Peer;
import dev.culvert.proto.wireguard.PeerConfig;
import dev.culvert.proto.wireguard.PresharedKey;
import dev.culvert.proto.wireguard.PrivateKey;
import dev.culvert.proto.wireguard.WireGuardDevice;
import dev.culvert.proto.wireguard.uapi.UapiRequest.PeerChange;
import dev.culvert.proto.wireguard.uapi.UapiRequest.PrefixChange;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// An interface as `wg` sees it: a device, and what of it lies in its UDP socket. Driven by the device's owner.
public final class UapiInterface {
    /// The UDP socket of the interface. Each setter answers 0, or an errno of Linux such as 98, EADDRINUSE.
    public interface Socket {
        /// The port in use.
        int listenPort();

        /// Moves to a port, 0 for any.
        int listenPort(int port);

        /// The mark of outgoing datagrams, 0 for none.
        int fwmark();

        /// Marks outgoing datagrams, 0 for none.
        int fwmark(int mark);
    }

    private final WireGuardDevice device;
    private final Socket socket;
    private final RandomGenerator random;
    private @Nullable PrivateKey key;

    /// An interface that has no key yet: the device's own is nobody's business.
    ///
    /// @param random cryptographically strong: makes the key of an interface that has none
    public UapiInterface(WireGuardDevice device, Socket socket, RandomGenerator random) {
        this.device = device;
        this.socket = socket;
        this.random = random;
    }

    /// Carries out a request.
    ///
    /// @param wallClockOffset nanoseconds since the Unix epoch at `now == 0`
    /// @return the answer, with its empty line
    public String handle(UapiRequest request, long wallClockOffset, long now) {
        return switch (request) {
            case UapiRequest.Get() -> get(wallClockOffset);
            case UapiRequest.Set set -> answer(-set(set, now));
            case UapiRequest.Refused(boolean get, int errno) -> answer(get ? errno : -errno);
        };
    }

    /// `wg` reads the number after `get` without a sign, and that after `set` with one.
    private static String answer(int errno) {
        return "errno=" + errno + "\n\n";
    }

    private int set(UapiRequest.Set set, long now) {
        if (set.listenPort() != null && set.listenPort() != socket.listenPort()) {
            int errno = socket.listenPort(set.listenPort());
            if (errno != 0) {
                return errno;
            }
        }
        if (set.fwmark() != null && set.fwmark() != socket.fwmark()) {
            int errno = socket.fwmark(set.fwmark());
            if (errno != 0) {
                return errno;
            }
        }
        if (set.privateKey() != null) {
            key(set.privateKey().value(), now);
        }
        if (set.replacePeers()) {
            for (Peer peer : List.copyOf(device.peers())) {
                device.removePeer(peer.publicKey());
            }
        }
        for (PeerChange change : set.peers()) {
            change(change, now);
        }
        return 0;
    }

    /// The same key again, as `wg syncconf` sends it, leaves every session alone.
    private void key(@Nullable PrivateKey wanted, long now) {
        if (wanted == null ? key == null : wanted.equals(key)) {
            return;
        }
        key = wanted;
        device.privateKey(wanted == null ? PrivateKey.generate(random) : wanted, now);
    }

    private void change(PeerChange change, long now) {
        Peer peer = device.peer(change.key());
        if (change.remove()) {
            device.removePeer(change.key());
            return;
        }
        // As the kernel: a peer with the interface's own key is passed over in silence.
        if ((peer == null && change.updateOnly()) || change.key().equals(device.publicKey())) {
            return;
        }
        PresharedKey psk = peer == null ? null : peer.presharedKey();
        int keepalive = peer == null ? 0 : peer.persistentKeepaliveSeconds();
        device.addPeer(
                new PeerConfig(
                        change.key(),
                        change.presharedKey() == null
                                ? psk
                                : change.presharedKey().value(),
                        change.endpoint(),
                        change.keepaliveSeconds() == null ? keepalive : change.keepaliveSeconds(),
                        prefixes(change, peer)),
                now);
    }

    private static List<IpPrefix> prefixes(PeerChange change, @Nullable Peer peer) {
        Set<IpPrefix> prefixes = new LinkedHashSet<>();
        if (peer != null && !change.replaceAllowedIps()) {
            prefixes.addAll(peer.allowedIps());
        }
        for (PrefixChange each : change.allowedIps()) {
            if (each.remove()) {
                prefixes.remove(each.prefix());
            } else {
                prefixes.add(each.prefix());
            }
        }
        return List.copyOf(prefixes);
    }

    private String get(long wallClockOffset) {
        StringBuilder out = new StringBuilder();
        if (key != null) {
            line(out, "private_key", hex(key.base64()));
        }
        line(out, "listen_port", socket.listenPort());
        if (socket.fwmark() != 0) {
            line(out, "fwmark", Integer.toUnsignedString(socket.fwmark()));
        }
        for (Peer peer : device.peers()) {
            peer(out, peer, wallClockOffset);
        }
        return out.append(answer(0)).toString();
    }

    private static void peer(StringBuilder out, Peer peer, long wallClockOffset) {
        line(out, "public_key", HexFormat.of().formatHex(peer.publicKey().bytes()));
        PresharedKey psk = peer.presharedKey();
        line(out, "preshared_key", psk == null ? "0".repeat(64) : hex(psk.base64()));
        line(out, "protocol_version", 1);
        InetSocketAddress endpoint = peer.endpoint();
        if (endpoint != null) {
            line(out, "endpoint", text(endpoint));
        }
        long last = peer.lastHandshakeNanos();
        long wall = last == Peer.NEVER ? 0 : wallClockOffset + last;
        line(out, "last_handshake_time_sec", TimeUnit.NANOSECONDS.toSeconds(wall));
        line(out, "last_handshake_time_nsec", wall % TimeUnit.SECONDS.toNanos(1));
        line(out, "tx_bytes", peer.txBytes());
        line(out, "rx_bytes", peer.rxBytes());
        line(out, "persistent_keepalive_interval", peer.persistentKeepaliveSeconds());
        for (IpPrefix prefix : peer.allowedIps()) {
            line(out, "allowed_ip", prefix);
        }
    }

    private static String text(InetSocketAddress endpoint) {
        InetAddress address = endpoint.getAddress();
        String literal = address.getHostAddress();
        return (address.getAddress().length == 4 ? literal : "[" + literal + "]") + ":" + endpoint.getPort();
    }

    private static String hex(String base64) {
        return HexFormat.of().formatHex(Base64.getDecoder().decode(base64));
    }

    private static void line(StringBuilder out, String key, Object value) {
        out.append(key).append('=').append(value).append('\n');
    }
}
