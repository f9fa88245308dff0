package dev.culvert.proto.wireguard;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The Noise state of one handshake, `Noise_IKpsk2` as in paper §5.4.2 and §5.4.3: chaining key, hash and ephemeral
/// keys.
///
/// An initiator calls `writeInitiation`, `readResponse`, `transportKeys`; a responder `readStatic`,
/// `readTimestamp`, `writeResponse`, `transportKeys`. Macs and time are not its business. A read that fails changes
/// nothing, so that a forged response does not end a handshake. What fails is named by a [Drop]; null is success.
final class Handshake {
    private static final byte[] NOTHING = new byte[0];
    private static final byte[] NO_PRESHARED_KEY = new byte[32];
    private static final byte[] CONSTRUCTION = Kdf.hash(ascii("Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s"));
    private static final byte[] IDENTIFIED = Kdf.hash(CONSTRUCTION, ascii("WireGuard v1 zx2c4 Jason@zx2c4.com"));

    private final CryptoFunctions crypto;
    private byte[] chainingKey = CONSTRUCTION.clone();
    private byte[] hash;
    private @Nullable DhKeyPair ephemeral;
    private byte @Nullable [] remoteEphemeral;
    private @Nullable PublicKey initiator;
    private byte[] timestamp = NOTHING;
    private int remoteIndex;

    Handshake(CryptoFunctions crypto, PublicKey responder) {
        this.crypto = crypto;
        hash = Kdf.hash(IDENTIFIED, responder.raw());
    }

    /// Writes everything of an initiation but its macs.
    @Nullable
    Drop writeInitiation(LocalStatic us, RemoteStatic peer, int index, byte[] label, byte[] out, int offset) {
        DhKeyPair fresh = us.ephemeral();
        byte[] shared = fresh.dh(peer.key.raw());
        if (shared == null || peer.shared == null) {
            fresh.destroy();
            return Drop.LOW_ORDER_POINT;
        }
        ephemeral = fresh;
        byte[] publicEphemeral = fresh.publicKey();
        Messages.int32(out, offset, Messages.INITIATION);
        Messages.int32(out, offset + Messages.INITIATION_SENDER, index);
        mixEphemeral(publicEphemeral);
        put(publicEphemeral, out, offset + Messages.INITIATION_EPHEMERAL);
        byte[] key = mixKey(shared);
        put(seal(key, us.publicKey.raw()), out, offset + Messages.INITIATION_STATIC);
        key = mixKey(peer.shared);
        put(seal(key, label), out, offset + Messages.INITIATION_TIMESTAMP);
        return null;
    }

    /// Reads whose initiation it is; the sender has not proved that it holds that key.
    @Nullable
    Drop readStatic(LocalStatic us, byte[] in, int offset) {
        byte[] publicEphemeral = slice(in, offset + Messages.INITIATION_EPHEMERAL, CryptoFunctions.DH_BYTES);
        byte[] shared = us.keyPair.dh(publicEphemeral);
        if (shared == null) {
            return Drop.LOW_ORDER_POINT;
        }
        remoteEphemeral = publicEphemeral;
        remoteIndex = Messages.int32(in, offset + Messages.INITIATION_SENDER);
        mixEphemeral(publicEphemeral);
        byte[] key = mixKey(shared);
        byte[] opened =
                open(key, slice(in, offset + Messages.INITIATION_STATIC, CryptoFunctions.DH_BYTES + Aead.TAG_BYTES));
        if (opened == null) {
            return Drop.FORGED_HANDSHAKE;
        }
        initiator = new PublicKey(opened);
        return null;
    }

    /// The static key that [#readStatic] found.
    PublicKey initiator() {
        if (initiator == null) {
            throw new IllegalStateException("initiator before initiation");
        }
        return initiator;
    }

    /// Reads the timestamp: only the holder of the static key can have written it.
    @Nullable
    Drop readTimestamp(RemoteStatic peer, byte[] in, int offset) {
        if (peer.shared == null) {
            return Drop.LOW_ORDER_POINT;
        }
        byte[] key = mixKey(peer.shared);
        byte[] label = open(key, slice(in, offset + Messages.INITIATION_TIMESTAMP, Tai64n.BYTES + Aead.TAG_BYTES));
        if (label == null) {
            return Drop.FORGED_HANDSHAKE;
        }
        timestamp = label;
        return null;
    }

    /// The TAI64N label that [#readTimestamp] found.
    byte[] timestamp() {
        return timestamp;
    }

    /// Writes everything of a response but its macs.
    @Nullable
    Drop writeResponse(
            LocalStatic us, RemoteStatic peer, @Nullable PresharedKey psk, int index, byte[] out, int offset) {
        byte[] initiatorEphemeral = remoteEphemeral;
        if (initiatorEphemeral == null) {
            throw new IllegalStateException("response before initiation");
        }
        DhKeyPair fresh = us.ephemeral();
        byte[] withEphemeral = fresh.dh(initiatorEphemeral);
        byte[] withStatic = fresh.dh(peer.key.raw());
        byte[] publicEphemeral = fresh.publicKey();
        // The other side's first packet proves that it has the keys; this is needed no more.
        fresh.destroy();
        if (withEphemeral == null || withStatic == null) {
            return Drop.LOW_ORDER_POINT;
        }
        Messages.int32(out, offset, Messages.RESPONSE);
        Messages.int32(out, offset + Messages.RESPONSE_SENDER, index);
        Messages.int32(out, offset + Messages.RESPONSE_RECEIVER, remoteIndex);
        put(publicEphemeral, out, offset + Messages.RESPONSE_EPHEMERAL);
        mixEphemeral(publicEphemeral);
        byte[] key = mixResponse(withEphemeral, withStatic, psk);
        put(seal(key, NOTHING), out, offset + Messages.RESPONSE_EMPTY);
        return null;
    }

    /// Reads the answer to our initiation.
    @Nullable
    Drop readResponse(LocalStatic us, @Nullable PresharedKey psk, byte[] in, int offset) {
        DhKeyPair ours = ephemeral;
        if (ours == null) {
            throw new IllegalStateException("response to no initiation");
        }
        byte[] publicEphemeral = slice(in, offset + Messages.RESPONSE_EPHEMERAL, CryptoFunctions.DH_BYTES);
        byte[] withEphemeral = ours.dh(publicEphemeral);
        byte[] withStatic = us.keyPair.dh(publicEphemeral);
        if (withEphemeral == null || withStatic == null) {
            return Drop.LOW_ORDER_POINT;
        }
        byte[] chainingKeyBefore = chainingKey;
        byte[] hashBefore = hash;
        mixEphemeral(publicEphemeral);
        byte[] key = mixResponse(withEphemeral, withStatic, psk);
        if (open(key, slice(in, offset + Messages.RESPONSE_EMPTY, Aead.TAG_BYTES)) == null) {
            chainingKey = chainingKeyBefore;
            hash = hashBefore;
            return Drop.FORGED_HANDSHAKE;
        }
        remoteIndex = Messages.int32(in, offset + Messages.RESPONSE_SENDER);
        Arrays.fill(chainingKeyBefore, (byte) 0);
        return null;
    }

    /// The other side's index.
    int remoteIndex() {
        return remoteIndex;
    }

    /// The initiator's and the responder's sending key; the state is of no use afterwards.
    byte[][] transportKeys() {
        byte[][] keys = Kdf.derive(chainingKey, NOTHING, 2);
        wipe();
        return keys;
    }

    void wipe() {
        Arrays.fill(chainingKey, (byte) 0);
        Arrays.fill(hash, (byte) 0);
        if (ephemeral != null) {
            ephemeral.destroy();
        }
        ephemeral = null;
        remoteEphemeral = null;
    }

    private byte[] mixResponse(byte[] withEphemeral, byte[] withStatic, @Nullable PresharedKey psk) {
        chainingKey = Kdf.derive(chainingKey, withEphemeral, 1)[0];
        chainingKey = Kdf.derive(chainingKey, withStatic, 1)[0];
        byte[][] derived = Kdf.derive(chainingKey, psk == null ? NO_PRESHARED_KEY : psk.raw(), 3);
        chainingKey = derived[0];
        hash = Kdf.hash(hash, derived[1]);
        return derived[2];
    }

    private void mixEphemeral(byte[] publicEphemeral) {
        chainingKey = Kdf.derive(chainingKey, publicEphemeral, 1)[0];
        hash = Kdf.hash(hash, publicEphemeral);
    }

    private byte[] mixKey(byte[] shared) {
        byte[][] derived = Kdf.derive(chainingKey, shared, 2);
        chainingKey = derived[0];
        return derived[1];
    }

    private byte[] seal(byte[] key, byte[] plaintext) {
        byte[] sealed = crypto.encrypt(key, 0, hash, plaintext);
        hash = Kdf.hash(hash, sealed);
        return sealed;
    }

    private byte @Nullable [] open(byte[] key, byte[] sealed) {
        byte[] plaintext = crypto.decrypt(key, 0, hash, sealed);
        hash = Kdf.hash(hash, sealed);
        return plaintext;
    }

    private static byte[] slice(byte[] in, int offset, int length) {
        return Arrays.copyOfRange(in, offset, offset + length);
    }

    private static void put(byte[] bytes, byte[] out, int offset) {
        System.arraycopy(bytes, 0, out, offset, bytes.length);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
