package dev.culvert.proto.wireguard;

import static dev.culvert.proto.wireguard.testing.Packets.packet;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.wireguard.testing.Datagram;
import dev.culvert.proto.wireguard.testing.End;
import dev.culvert.proto.wireguard.testing.Pair;
import java.net.InetSocketAddress;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// A hub whose public key is known to a botnet: 20,000 initiations with a right mac1 each second, and as much junk,
/// from
/// many addresses.
final class FloodTest {
    private static final int MILLIS = 2000;
    private static final int EACH_MILLI = 20;

    private final Random random = new Random(13);
    private final Pair pair = Pair.established(13);
    private final End a = pair.a;
    private final End b = pair.b;
    private final byte[] mac1Key = Macs.mac1Key(a.key.publicKey());
    private final Blake2s digest = new Blake2s();
    private long cookies;

    @Test
    void initiationsWithRightMac1AndJunk_getCookieRepliesOnly_andTheTunnelGoesOn() {
        b.send(packet("10.0.0.2", "10.0.0.1", 64, 0));
        Datagram pattern = pair.takeOne(b);
        for (int milli = 0; milli < MILLIS; milli++) {
            pair.skip(Pair.MILLI);
            for (int i = 0; i < EACH_MILLI; i++) {
                a.receive(pattern.with(initiation()).from(somewhere()));
                a.receive(pattern.with(junk()).from(somewhere()));
            }
            a.send(packet("10.0.0.1", "10.0.0.2", 64, milli));
            pair.take(a).forEach(this::sent);
            b.send(packet("10.0.0.2", "10.0.0.1", 64, milli));
            pair.take(b).forEach(a::receive);
        }

        assertThat(a.received).hasSize(MILLIS);
        assertThat(b.received).hasSize(MILLIS);
        long worked = a.device.drops(Drop.FORGED_HANDSHAKE) + a.device.drops(Drop.LOW_ORDER_POINT);
        long asked = a.device.drops(Drop.COOKIE_REQUIRED);
        assertThat(worked + asked).isEqualTo((long) MILLIS * EACH_MILLI);
        // Half a second's budget at once, then 200 each second.
        assertThat(worked).isLessThan(800);
        assertThat(cookies).isPositive().isLessThanOrEqualTo(asked);
        assertThat(a.device.drops(Drop.MALFORMED) + a.device.drops(Drop.UNKNOWN_INDEX))
                .isEqualTo((long) MILLIS * EACH_MILLI);
        assertThat(a.device.parts.indices.size()).isLessThanOrEqualTo(2);
    }

    private void sent(Datagram datagram) {
        if (datagram.to.equals(b.address)) {
            b.receive(datagram);
        } else {
            assertThat(datagram.type()).isEqualTo("cookie");
            assertThat(datagram.bytes).hasSize(64);
            cookies++;
        }
    }

    private byte[] initiation() {
        byte[] bytes = new byte[148];
        random.nextBytes(bytes);
        Messages.int32(bytes, 0, Messages.INITIATION);
        int at = Macs.mac1Offset(148);
        digest.start(Messages.MAC_BYTES, mac1Key).update(bytes, 0, at).finish(bytes, at);
        return bytes;
    }

    private byte[] junk() {
        byte[] bytes = new byte[64 + random.nextInt(1400)];
        random.nextBytes(bytes);
        Messages.int32(bytes, 0, random.nextBoolean() ? Messages.TRANSPORT : 77);
        return bytes;
    }

    private InetSocketAddress somewhere() {
        int host = random.nextInt(1 << 17);
        byte[] address = {(byte) 198, (byte) (18 + (host >>> 16)), (byte) (host >>> 8), (byte) host};
        try {
            return new InetSocketAddress(java.net.InetAddress.getByAddress(address), 1 + random.nextInt(65535));
        } catch (java.net.UnknownHostException e) {
            throw new AssertionError(e);
        }
    }
}
