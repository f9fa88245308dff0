package dev.culvert.proto.wireguard;

import org.jspecify.annotations.Nullable;

/// A key pair of Noise's function `DH` (revision 34 §4.1), which for the name `25519` is X25519 (RFC 7748 §5). What
/// follows from the private key alone is computed once. To be used by one thread at a time, and not after [#destroy].
public interface DhKeyPair {
    /// The public key; a copy.
    byte[] publicKey();

    /// `DH(this, public)`; the top bit of the public key is ignored.
    ///
    /// @return null if all bits of the result are zero, as with a public key of low order (RFC 7748 §6.1)
    byte @Nullable [] dh(byte[] publicKey);

    /// Overwrites the private key, as far as its library lets that be done, and frees what it holds. A second call
    /// does nothing.
    void destroy();
}
