package dev.culvert.proto.wireguard;

import java.net.InetSocketAddress;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// The receiver's side of mac1 and of cookies (paper §5.3, §5.4.7): checks both macs and makes cookie replies.
///
/// A cookie is a MAC over the source address and port under a secret that changes every 120 s, so nothing is kept
/// per source.
final class CookieChecker {
    private final RandomGenerator random;
    private final byte[] cookieKey;
    private final byte[] secret = new byte[32];
    private final byte[] nonce = new byte[ChaCha20Poly1305.XNONCE_BYTES];
    private final byte[] cookie = new byte[Messages.MAC_BYTES];
    private final byte[] port = new byte[2];
    private final byte[] mac = new byte[Messages.MAC_BYTES];
    private final Blake2s digest = new Blake2s();
    private final int[] mac1Keyed;
    private int[] secretKeyed = new int[0];
    private ChaCha20Poly1305.@Nullable Sealer sealer;
    private long secretMadeAt = Protocol.NEVER;

    CookieChecker(PublicKey us, RandomGenerator random) {
        this.random = random;
        mac1Keyed = digest.keyed(Messages.MAC_BYTES, Macs.mac1Key(us));
        cookieKey = Macs.cookieKey(us);
    }

    /// Whether the sender of this handshake message knows our public key.
    boolean checkMac1(byte[] message, int offset, int length) {
        int at = Macs.mac1Offset(length);
        digest.start(Messages.MAC_BYTES, mac1Keyed).update(message, offset, at).finish(mac, 0);
        return Messages.equal(mac, 0, message, offset + at, Messages.MAC_BYTES);
    }

    /// Whether its sender holds the cookie that we gave to that address and port within the last 120 s.
    boolean checkMac2(byte[] message, int offset, int length, InetSocketAddress from, long now) {
        if (Protocol.passed(now, secretMadeAt, Protocol.COOKIE_SECRET_TIME)) {
            return false;
        }
        int at = Macs.mac2Offset(length);
        if (Messages.int64(message, offset + at) == 0 && Messages.int64(message, offset + at + 8) == 0) {
            // Who holds no cookie sends zeros, a flood above all: that costs no digest.
            return false;
        }
        digest.start(Messages.MAC_BYTES, cookie(from))
                .update(message, offset, at)
                .finish(mac, 0);
        return Messages.equal(mac, 0, message, offset + at, Messages.MAC_BYTES);
    }

    /// Writes a cookie reply for the handshake message with that mac1.
    void writeReply(int receiver, byte[] mac1, InetSocketAddress to, byte[] out, int offset, long now) {
        ChaCha20Poly1305.Sealer current = sealer;
        if (current == null || Protocol.passed(now, secretMadeAt, Protocol.COOKIE_SECRET_TIME)) {
            random.nextBytes(secret);
            secretKeyed = digest.keyed(Messages.MAC_BYTES, secret);
            // Nonces are random from one secret to the next (paper §5.4.7), and count in between: no two are the same.
            random.nextBytes(nonce);
            current = new ChaCha20Poly1305.Sealer(cookieKey, nonce);
            sealer = current;
            secretMadeAt = now;
        }
        Messages.int32(out, offset, Messages.COOKIE_REPLY);
        Messages.int32(out, offset + Messages.COOKIE_REPLY_RECEIVER, receiver);
        int nonceAt = offset + Messages.COOKIE_REPLY_NONCE;
        current.seal(cookie(to), mac1, out, nonceAt, offset + Messages.COOKIE_REPLY_COOKIE);
    }

    private byte[] cookie(InetSocketAddress source) {
        port[0] = (byte) (source.getPort() >>> 8);
        port[1] = (byte) source.getPort();
        digest.start(Messages.MAC_BYTES, secretKeyed)
                .update(source.getAddress().getAddress())
                .update(port)
                .finish(cookie, 0);
        return cookie;
    }
}
