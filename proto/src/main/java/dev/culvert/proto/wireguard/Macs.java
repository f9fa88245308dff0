package dev.culvert.proto.wireguard;

import java.nio.charset.StandardCharsets;

/// mac1, mac2 and the keys they take (paper §5.4.4): keyed BLAKE2s with 16 bytes of output.
final class Macs {
    private static final byte[] MAC1_LABEL = "mac1----".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] COOKIE_LABEL = "cookie--".getBytes(StandardCharsets.US_ASCII);

    private Macs() {}

    /// The key of mac1 on messages to the holder of `receiver`.
    static byte[] mac1Key(PublicKey receiver) {
        return Kdf.hash(MAC1_LABEL, receiver.raw());
    }

    /// The key of cookie replies by the holder of `sender`.
    static byte[] cookieKey(PublicKey sender) {
        return Kdf.hash(COOKIE_LABEL, sender.raw());
    }

    /// Where mac1 of a handshake message of `length` bytes stands.
    static int mac1Offset(int length) {
        return length - 2 * Messages.MAC_BYTES;
    }

    /// Where mac2 of a handshake message of `length` bytes stands.
    static int mac2Offset(int length) {
        return length - Messages.MAC_BYTES;
    }
}
