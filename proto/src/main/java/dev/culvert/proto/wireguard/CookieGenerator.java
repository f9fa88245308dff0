package dev.culvert.proto.wireguard;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The sender's side of mac1 and of cookies (paper §5.4.4, §5.4.7), one per peer: adds both macs, keeps the cookie.
final class CookieGenerator {
    private final byte[] mac1Key;
    private final byte[] cookieKey;
    private final byte[] lastMac1 = new byte[Messages.MAC_BYTES];
    private boolean awaitsReply;
    private byte @Nullable [] cookie;
    private long cookieReceivedAt;

    CookieGenerator(PublicKey peer) {
        mac1Key = Macs.mac1Key(peer);
        cookieKey = Macs.cookieKey(peer);
    }

    /// Fills in the macs of a handshake message; mac2 is zero without a cookie of the last 115 s.
    void addMacs(byte[] message, int offset, int length, long now) {
        int mac1 = Macs.mac1Offset(length);
        Blake2s digest = new Blake2s();
        digest.start(Messages.MAC_BYTES, mac1Key).update(message, offset, mac1).finish(lastMac1, 0);
        System.arraycopy(lastMac1, 0, message, offset + mac1, Messages.MAC_BYTES);
        awaitsReply = true;
        int mac2 = Macs.mac2Offset(length);
        byte[] known = cookie;
        if (known == null || Protocol.passed(now, cookieReceivedAt, Protocol.COOKIE_USE_TIME)) {
            Arrays.fill(message, offset + mac2, offset + length, (byte) 0);
        } else {
            digest.start(Messages.MAC_BYTES, known)
                    .update(message, offset, mac2)
                    .finish(message, offset + mac2);
        }
    }

    /// Takes the cookie out of a reply to the last handshake message.
    ///
    /// @return false if the reply is forged, or answers another message
    boolean handleReply(byte[] in, int offset, long now) {
        if (!awaitsReply) {
            return false;
        }
        int nonceAt = offset + Messages.COOKIE_REPLY_NONCE;
        int cookieAt = offset + Messages.COOKIE_REPLY_COOKIE;
        byte[] nonce = Arrays.copyOfRange(in, nonceAt, nonceAt + ChaCha20Poly1305.XNONCE_BYTES);
        byte[] sealed = Arrays.copyOfRange(in, cookieAt, offset + Messages.COOKIE_REPLY_BYTES);
        byte[] opened = ChaCha20Poly1305.xopen(cookieKey, nonce, sealed, lastMac1);
        if (opened == null) {
            return false;
        }
        cookie = opened;
        cookieReceivedAt = now;
        awaitsReply = false;
        return true;
    }
}
