package dev.culvert.proto.wireguard;

import static dev.culvert.proto.wireguard.testing.Packets.packet;

import dev.culvert.proto.wireguard.testing.Datagram;
import dev.culvert.proto.wireguard.testing.End;
import dev.culvert.proto.wireguard.testing.Pair;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// A whole device with one session, and a stranger who sends what a fuzzer thinks of: raw bytes, initiations to which a
/// right
/// mac1 is added, and genuine data with some bits turned over; time passes in between. Nothing may come of it but
/// cookie
/// replies.
public final class DeviceFuzz {
    private static final InetSocketAddress STRANGER = new InetSocketAddress("203.0.113.1", 4711);
    private static final int SESSION_LASTS = 5000;

    private static @Nullable DeviceFuzz current;

    private final Pair pair = Pair.established(19);
    private final End end = pair.b;
    private final Datagram genuine;
    private final byte[] mac1Key;
    private final Blake2s digest = new Blake2s();
    private int inputs;

    private DeviceFuzz() {
        pair.a.send(packet("10.0.0.1", "10.0.0.2", 200, 1));
        genuine = pair.takeOne(pair.a);
        mac1Key = Macs.mac1Key(end.key.publicKey());
    }

    /// @throws AssertionError if something did come of it
    public static void take(byte[] data) {
        DeviceFuzz device = current;
        if (device == null || device.inputs++ == SESSION_LASTS) {
            device = new DeviceFuzz();
            current = device;
        }
        device.takeAll(ByteBuffer.wrap(data));
    }

    private void takeAll(ByteBuffer data) {
        while (data.remaining() > 2) {
            int what = data.get() & 3;
            byte[] bytes = new byte[Math.min(data.get() & 0xff, data.remaining())];
            data.get(bytes);
            switch (what) {
                case 0 -> end.receive(genuine.with(bytes).from(STRANGER));
                case 1 -> end.receive(genuine.with(initiation(bytes)).from(STRANGER));
                case 2 -> bent(bytes);
                default -> pair.skip(bytes.length * Pair.MILLI);
            }
        }
        end.device.handleTimeout(pair.now());
        for (Datagram sent : pair.take(end)) {
            require(!sent.to.equals(STRANGER) || sent.type().equals("cookie"), sent.type() + " to a stranger");
        }
        require(end.received.isEmpty(), "a packet came out");
        require(pair.a.address.equals(end.peer().endpoint()), "the endpoint moved");
        require(end.device.parts.indices.size() <= 3, "indices are left");
    }

    private byte[] initiation(byte[] body) {
        byte[] message = new byte[Messages.INITIATION_BYTES];
        System.arraycopy(body, 0, message, 4, Math.min(body.length, message.length - 4));
        Messages.int32(message, 0, Messages.INITIATION);
        int at = Macs.mac1Offset(message.length);
        digest.start(Messages.MAC_BYTES, mac1Key).update(message, 0, at).finish(message, at);
        return message;
    }

    private void bent(byte[] mask) {
        byte[] bytes = genuine.bytes.clone();
        int bits = 0;
        for (int i = 0; i < Math.min(mask.length, bytes.length); i++) {
            bytes[i] ^= mask[i];
            bits |= mask[i];
        }
        if (bits != 0) {
            end.receive(genuine.with(bytes).from(STRANGER));
        }
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }
}
