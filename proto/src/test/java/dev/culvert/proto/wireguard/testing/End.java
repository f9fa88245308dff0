package dev.culvert.proto.wireguard.testing;

import dev.culvert.proto.inet.IpPrefix;
import dev.culvert.proto.wireguard.JdkCrypto;
import dev.culvert.proto.wireguard.OpenJob;
import dev.culvert.proto.wireguard.Peer;
import dev.culvert.proto.wireguard.PeerConfig;
import dev.culvert.proto.wireguard.PresharedKey;
import dev.culvert.proto.wireguard.PrivateKey;
import dev.culvert.proto.wireguard.SealJob;
import dev.culvert.proto.wireguard.Transmit;
import dev.culvert.proto.wireguard.WireGuardDevice;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/// One device of a [Pair]: its key, its address, what it has received.
public final class End {
    /// 2026-01-01T00:00:00Z.
    public static final long EPOCH = 1_767_225_600_000_000_000L;

    public final String name;
    public final PrivateKey key;
    public final WireGuardDevice device;

    /// The inner packets that came out, in order.
    public final List<byte[]> received = new ArrayList<>();

    public InetSocketAddress address;
    private final Pair pair;
    private final Transmit transmit = new Transmit(2048);

    @Nullable
    Peer peer;

    End(Pair pair, String name, InetSocketAddress address, Random random) {
        this.pair = pair;
        this.name = name;
        this.address = address;
        key = PrivateKey.generate(random);
        device = new WireGuardDevice(key, new JdkCrypto(), random, EPOCH);
    }

    /// The other end, as this one knows it.
    public Peer peer() {
        if (peer == null) {
            throw new IllegalStateException(name + " has no peer");
        }
        return peer;
    }

    /// Adds the other end, or changes it.
    public Peer know(End other, @Nullable PresharedKey psk, boolean endpoint, int keepalive, String... allowedIps) {
        List<IpPrefix> prefixes = new ArrayList<>();
        for (String prefix : allowedIps) {
            prefixes.add(IpPrefix.parse(prefix));
        }
        peer = device.addPeer(
                new PeerConfig(other.key.publicKey(), psk, endpoint ? other.address : null, keepalive, prefixes),
                pair.now());
        return peer;
    }

    /// Sends an inner packet; if it can be sealed, its datagram is put on the wire.
    public void send(byte[] packet) {
        SealJob job = device.encapsulate(buffer(packet), pair.now());
        if (job != null) {
            job.run();
            if (device.complete(job, pair.now())) {
                pair.put(this, job.endpoint(), bytes(job.datagram()));
            }
        }
    }

    /// Puts on the wire what the device itself wants to send.
    ///
    /// @return whether there was anything
    public boolean transmit() {
        boolean any = false;
        while (device.pollTransmit(transmit, pair.now())) {
            pair.put(this, transmit.destination(), bytes(transmit.buffer()));
            any = true;
        }
        return any;
    }

    /// Takes a datagram in and completes its job at once.
    public void receive(Datagram datagram) {
        OpenJob job = device.handleDatagram(ByteBuffer.wrap(datagram.bytes.clone()), datagram.from, pair.now());
        if (job != null) {
            job.run();
            if (device.complete(job, pair.now())) {
                received.add(bytes(job.packet()));
            }
        }
    }

    /// The numbers of the received packets.
    public List<Integer> numbers() {
        return received.stream().map(Packets::number).toList();
    }

    /// A packet with the room that `encapsulate` wants.
    public static ByteBuffer buffer(byte[] packet) {
        byte[] array = new byte[packet.length + 48];
        System.arraycopy(packet, 0, array, 16, packet.length);
        return ByteBuffer.wrap(array, 16, packet.length);
    }

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(buffer.position(), bytes);
        return bytes;
    }
}
