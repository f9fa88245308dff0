package dev.culvert.proto.wireguard;

/// ChaCha20-Poly1305 on transport packets, in place: one object per key and direction.
///
/// Each call stands alone, so jobs of one session may run on several threads at once; an implementation that keeps
/// native or JDK state must allow for that. The nonce is four zero bytes and the little-endian counter (paper
/// §5.4.6), there is no associated data.
public interface Aead {
    /// Bytes that sealing adds.
    int TAG_BYTES = 16;

    /// Encrypts `length` bytes at `offset` in place and puts the tag behind them, at `offset + length`.
    void seal(long counter, byte[] buffer, int offset, int length);

    /// Checks and decrypts in place; `length` includes the tag, the plaintext is 16 bytes shorter.
    ///
    /// @return false if the tag does not fit; the bytes are then of no use
    boolean open(long counter, byte[] buffer, int offset, int length);

    /// Overwrites the key; no call is under way and none may follow.
    void destroy();
}
