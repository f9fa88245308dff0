package dev.culvert.dataplane.os;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.culvert.proto.wireguard.CryptoFunctions;
import dev.culvert.proto.wireguard.DhKeyPair;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/// X25519 by the system's OpenSSL, which computes the public key whenever it is given a private one: by tables, but for
/// half of what an agreement costs.
final class LibcryptoKeyPair implements DhKeyPair {
    /// `NID_X25519` of openssl/obj_mac.h.
    private static final long X25519 = 1034;

    private static final int BYTES = CryptoFunctions.DH_BYTES;
    private static final SymbolLookup LIBRARY = CryptoProvider.library();
    private static final MethodHandle PRIVATE_KEY = Downcalls.words(LIBRARY, "EVP_PKEY_new_raw_private_key");
    private static final MethodHandle PUBLIC_KEY = Downcalls.words(LIBRARY, "EVP_PKEY_new_raw_public_key");
    private static final MethodHandle RAW_PUBLIC = Downcalls.words(LIBRARY, "EVP_PKEY_get_raw_public_key");
    private static final MethodHandle FREE_KEY = Downcalls.words(LIBRARY, "EVP_PKEY_free");
    private static final MethodHandle NEW_DERIVATION = Downcalls.words(LIBRARY, "EVP_PKEY_CTX_new");
    private static final MethodHandle DERIVE_INIT = Downcalls.words(LIBRARY, "EVP_PKEY_derive_init");
    private static final MethodHandle DERIVE_PEER = Downcalls.words(LIBRARY, "EVP_PKEY_derive_set_peer");
    private static final MethodHandle DERIVE = Downcalls.words(LIBRARY, "EVP_PKEY_derive");
    private static final MethodHandle FREE_DERIVATION = Downcalls.words(LIBRARY, "EVP_PKEY_CTX_free");

    private long key;
    private long derivation;

    LibcryptoKeyPair(byte[] privateKey) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment scalar = arena.allocateFrom(JAVA_BYTE, privateKey);
            key = Downcalls.call(PRIVATE_KEY, X25519, 0, scalar.address(), BYTES, 0);
            scalar.fill((byte) 0);
        }
        derivation = key == 0 ? 0 : Downcalls.call(NEW_DERIVATION, key, 0, 0, 0, 0);
        if (derivation == 0 || failed(Downcalls.call(DERIVE_INIT, derivation, 0, 0, 0, 0))) {
            destroy();
            throw new IllegalStateException("libcrypto refuses X25519");
        }
    }

    @Override
    public byte[] publicKey() {
        requireKey();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment point = arena.allocate(BYTES);
            MemorySegment size = arena.allocateFrom(JAVA_LONG, BYTES);
            if (failed(Downcalls.call(RAW_PUBLIC, key, point.address(), size.address(), 0, 0))) {
                throw new IllegalStateException("libcrypto has no public key");
            }
            return point.toArray(JAVA_BYTE);
        }
    }

    @Override
    public byte @Nullable [] dh(byte[] publicKey) {
        requireKey();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment point = arena.allocateFrom(JAVA_BYTE, publicKey);
            MemorySegment secret = arena.allocate(BYTES);
            MemorySegment size = arena.allocateFrom(JAVA_LONG, BYTES);
            long theirs = Downcalls.call(PUBLIC_KEY, X25519, 0, point.address(), BYTES, 0);
            try {
                if (theirs == 0 || failed(Downcalls.call(DERIVE_PEER, derivation, theirs, 0, 0, 0))) {
                    throw new IllegalStateException("libcrypto refuses a public key");
                }
                // It fails for nothing but a secret of zeros.
                long derived = Downcalls.call(DERIVE, derivation, secret.address(), size.address(), 0, 0);
                return failed(derived) ? null : secret.toArray(JAVA_BYTE);
            } finally {
                secret.fill((byte) 0);
                Downcalls.call(FREE_KEY, theirs, 0, 0, 0, 0);
            }
        }
    }

    /// OpenSSL overwrites the private key.
    @Override
    public void destroy() {
        Downcalls.call(FREE_DERIVATION, derivation, 0, 0, 0, 0);
        Downcalls.call(FREE_KEY, key, 0, 0, 0, 0);
        derivation = 0;
        key = 0;
    }

    private void requireKey() {
        if (key == 0) {
            throw new IllegalStateException("key pair was destroyed");
        }
    }

    /// OpenSSL answers 1, or 0 or a negative int.
    static boolean failed(long answer) {
        return (int) answer != 1;
    }
}
