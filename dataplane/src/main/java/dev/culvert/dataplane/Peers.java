package dev.culvert.dataplane;

import dev.culvert.dataplane.tunnel.PeerWatch;
import dev.culvert.dataplane.tunnel.TunnelDriver;
import dev.culvert.model.Endpoint;
import dev.culvert.model.GatewayPeer;
import dev.culvert.model.Model;
import dev.culvert.model.PeerType;
import dev.culvert.model.Site;
import dev.culvert.model.WireGuardPeer;
import dev.culvert.proto.wireguard.PeerConfig;
import dev.culvert.proto.wireguard.PresharedKey;
import dev.culvert.proto.wireguard.PublicKey;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// The model's peers, put into the tunnel and kept there as they change; and guests, which enrol and are no part of any
/// model. Owned by the reconciler; look-ups by address may come from any thread.
final class Peers {
    private final TunnelDriver tunnel;
    private final PresharedKeys presharedKeys;
    private final PeerWatch.Parts watching;
    private final Map<String, WireGuardPeer> present = new HashMap<>();
    private final Map<String, PeerWatch> watches = new HashMap<>();
    private Set<String> plain = Set.of();
    private final Map<InetAddress, Identity> identities = new ConcurrentHashMap<>();
    private final Map<PublicKey, Boolean> guests = new ConcurrentHashMap<>();

    /// Reads the file with a peer's preshared key.
    @FunctionalInterface
    interface PresharedKeys {
        PresharedKey read(String file) throws IOException;
    }

    /// Who has an address inside the tunnel; the tunnel lets nobody else use it.
    record Identity(String name, PublicKey key, boolean guest) {}

    Peers(TunnelDriver tunnel, PresharedKeys presharedKeys, PeerWatch.Parts watching) {
        this.tunnel = tunnel;
        this.presharedKeys = presharedKeys;
        this.watching = watching;
    }

    @Nullable
    Identity at(InetAddress address) {
        return identities.get(address);
    }

    /// Puts the peers of `next` in place; those that stay the same are not touched.
    ///
    /// @throws IOException if a key file cannot be read: nothing has changed then
    void apply(Model next) throws IOException {
        Map<String, WireGuardPeer> wanted = new LinkedHashMap<>();
        Set<String> nextPlain = new HashSet<>();
        for (Site site : next.sites().values()) {
            wanted.put(site.name(), site.peer());
            if (site.type() == PeerType.PLAIN) {
                nextPlain.add(site.name());
            }
        }
        for (GatewayPeer gateway : next.gateways().values()) {
            wanted.put(gateway.name(), gateway.peer());
            if (gateway.type() == PeerType.PLAIN) {
                nextPlain.add(gateway.name());
            }
        }
        wanted.values().removeIf(peer -> peer.publicKey() == null);
        Map<String, PeerConfig> changed = new LinkedHashMap<>();
        for (Map.Entry<String, WireGuardPeer> entry : wanted.entrySet()) {
            if (!entry.getValue().equals(present.get(entry.getKey()))) {
                changed.put(entry.getKey(), config(entry.getValue()));
            }
        }
        plain = nextPlain;
        for (String name : present.keySet().stream().toList()) {
            WireGuardPeer peer = wanted.get(name);
            if (peer == null || !key(peer).equals(key(present.get(name)))) {
                remove(name);
            }
        }
        changed.forEach((name, config) -> put(name, wanted.get(name), config));
    }

    private PeerConfig config(WireGuardPeer peer) throws IOException {
        String file = peer.presharedKeyFile();
        PresharedKey preshared = file == null ? null : presharedKeys.read(file);
        return new PeerConfig(key(peer), preshared, null, peer.keepalive(), peer.allowedIps());
    }

    private static PublicKey key(@Nullable WireGuardPeer peer) {
        if (peer == null || peer.publicKey() == null) {
            throw new IllegalStateException("a peer without a key in the tunnel");
        }
        return PublicKey.parse(peer.publicKey().base64());
    }

    private void put(String name, @Nullable WireGuardPeer peer, PeerConfig config) {
        if (peer == null) {
            return;
        }
        WireGuardPeer replaced = present.put(name, peer);
        if (replaced != null) {
            replaced.addresses().forEach(address -> forget(name, address));
        }
        tunnel.put(config);
        peer.addresses().forEach(address -> identities.put(address, new Identity(name, config.publicKey(), false)));
        watch(name, peer, config.publicKey());
    }

    private void watch(String name, WireGuardPeer peer, PublicKey key) {
        PeerWatch before = watches.remove(name);
        int packets = tunnel.mtu();
        if (before != null) {
            before.close();
            packets = before.packets();
        }
        if (peer.addresses().isEmpty()) {
            return;
        }
        Endpoint endpoint = peer.endpoint();
        PeerWatch.Target target = new PeerWatch.Target(
                name,
                key,
                peer.addresses().getFirst(),
                plain.contains(name),
                endpoint == null ? null : endpoint.host(),
                endpoint == null ? 0 : endpoint.port());
        PeerWatch watch = new PeerWatch(watching, target, packets);
        watches.put(name, watch);
        watch.start();
    }

    private void remove(String name) {
        WireGuardPeer peer = present.remove(name);
        PeerWatch watch = watches.remove(name);
        if (watch != null) {
            watch.close();
        }
        if (peer != null) {
            peer.addresses().forEach(address -> forget(name, address));
            tunnel.remove(key(peer));
        }
    }

    /// Unless another peer has the address by now.
    private void forget(String name, InetAddress address) {
        identities.computeIfPresent(address, (_, owner) -> owner.name().equals(name) ? null : owner);
    }

    /// A peer that may do nothing but ask to be enrolled, at an address of its own.
    void putGuest(PeerConfig config, InetAddress address) {
        guests.put(config.publicKey(), true);
        identities.put(address, new Identity("guest", config.publicKey(), true));
        tunnel.put(config);
    }

    void removeGuest(PublicKey key) {
        if (guests.remove(key) != null) {
            identities.values().removeIf(identity -> identity.key().equals(key));
            tunnel.remove(key);
        }
    }

    /// Where a peer was last heard of, before this process started: it is greeted there at once.
    void recall(PublicKey key, InetSocketAddress endpoint) {
        tunnel.redirect(key, endpoint, true);
    }

    void close() {
        watches.values().forEach(PeerWatch::close);
    }
}
