package dev.culvert.dataplane.os;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.culvert.proto.wireguard.Aead;
import dev.culvert.proto.wireguard.CryptoFunctions;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/// X25519 and ChaCha20-Poly1305 by the system's OpenSSL: several times the JDK's handshakes in a second, and none of
/// the
/// 0.1 s that the JDK takes to find and to warm up its own. [CryptoProvider] decides whether this machine has it.
final class LibcryptoFunctions implements CryptoFunctions {
    /// `NID_X25519` of openssl/obj_mac.h.
    private static final long X25519 = 1034;

    private static final int NONCE = 12;
    private static final ValueLayout.OfLong COUNTER =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final MemorySegment NONE = MemorySegment.NULL;

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

    @Override
    public byte @Nullable [] dh(byte[] privateKey, byte[] publicKey) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(Downcalls.stateLayout());
            MemorySegment scalar = arena.allocateFrom(JAVA_BYTE, privateKey);
            MemorySegment point = arena.allocateFrom(JAVA_BYTE, publicKey);
            MemorySegment secret = arena.allocate(DH_BYTES);
            MemorySegment size = arena.allocateFrom(JAVA_LONG, DH_BYTES);
            long ours = Downcalls.call(PRIVATE_KEY, state, X25519, 0, scalar.address(), DH_BYTES, 0);
            long theirs = Downcalls.call(PUBLIC_KEY, state, X25519, 0, point.address(), DH_BYTES, 0);
            long derivation = ours == 0 ? 0 : Downcalls.call(NEW_DERIVATION, state, ours, 0, 0, 0, 0);
            try {
                if (derivation == 0
                        || theirs == 0
                        || failed(Downcalls.call(DERIVE_INIT, state, derivation, 0, 0, 0, 0))
                        || failed(Downcalls.call(DERIVE_PEER, state, derivation, theirs, 0, 0, 0))) {
                    throw new IllegalStateException("libcrypto refuses X25519");
                }
                // It fails for nothing but a secret of zeros.
                long derived = Downcalls.call(DERIVE, state, derivation, secret.address(), size.address(), 0, 0);
                return failed(derived) ? null : secret.toArray(JAVA_BYTE);
            } finally {
                scalar.fill((byte) 0);
                secret.fill((byte) 0);
                Downcalls.call(FREE_DERIVATION, state, derivation, 0, 0, 0, 0);
                Downcalls.call(FREE_KEY, state, ours, 0, 0, 0, 0);
                Downcalls.call(FREE_KEY, state, theirs, 0, 0, 0, 0);
            }
        }
    }

    /// OpenSSL makes it with every private key, by tables and not by the ladder.
    @Override
    public byte[] publicKey(byte[] privateKey) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(Downcalls.stateLayout());
            MemorySegment scalar = arena.allocateFrom(JAVA_BYTE, privateKey);
            MemorySegment point = arena.allocate(DH_BYTES);
            MemorySegment size = arena.allocateFrom(JAVA_LONG, DH_BYTES);
            long key = Downcalls.call(PRIVATE_KEY, state, X25519, 0, scalar.address(), DH_BYTES, 0);
            scalar.fill((byte) 0);
            if (key == 0 || failed(Downcalls.call(RAW_PUBLIC, state, key, point.address(), size.address(), 0, 0))) {
                throw new IllegalStateException("libcrypto refuses X25519");
            }
            Downcalls.call(FREE_KEY, state, key, 0, 0, 0, 0);
            return point.toArray(JAVA_BYTE);
        }
    }

    @Override
    public byte[] encrypt(byte[] key, long n, byte[] associated, byte[] plaintext) {
        byte[] sealed = new byte[plaintext.length + Aead.TAG_BYTES];
        MemorySegment out = MemorySegment.ofArray(sealed);
        MemorySegment tag = out.asSlice(plaintext.length);
        try (Context context = new Context(key, n, 1)) {
            context.update(NONE, associated, associated.length);
            context.update(out, plaintext, plaintext.length);
            if (!context.finish(tag) || !context.control(LibcryptoAead.GET_TAG, tag)) {
                throw new IllegalStateException("libcrypto could not seal");
            }
        }
        return sealed;
    }

    @Override
    public byte @Nullable [] decrypt(byte[] key, long n, byte[] associated, byte[] ciphertext) {
        int length = ciphertext.length - Aead.TAG_BYTES;
        if (length < 0) {
            return null;
        }
        byte[] plaintext = new byte[length];
        MemorySegment out = MemorySegment.ofArray(plaintext);
        try (Context context = new Context(key, n, 0)) {
            context.control(
                    LibcryptoAead.SET_TAG, MemorySegment.ofArray(ciphertext).asSlice(length));
            context.update(NONE, associated, associated.length);
            context.update(out, ciphertext, length);
            return context.finish(out) ? plaintext : null;
        }
    }

    @Override
    public Aead aead(byte[] key) {
        return new LibcryptoAead(key);
    }

    /// OpenSSL answers 1, or 0 or a negative int.
    private static boolean failed(long answer) {
        return (int) answer != 1;
    }

    /// One message under one key.
    private static final class Context implements AutoCloseable {
        private final MemorySegment length = MemorySegment.ofArray(new int[1]);
        private final MemorySegment context;

        Context(byte[] key, long n, long encrypt) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment state = arena.allocate(Downcalls.stateLayout());
                MemorySegment nonce = arena.allocate(NONCE);
                nonce.set(COUNTER, NONCE - Long.BYTES, n);
                context = MemorySegment.ofAddress(Downcalls.call(LibcryptoAead.NEW_CONTEXT, state, 0, 0, 0, 0, 0));
                MemorySegment cipher =
                        MemorySegment.ofAddress(Downcalls.call(LibcryptoAead.CHACHA20_POLY1305, state, 0, 0, 0, 0, 0));
                MemorySegment secret = MemorySegment.ofArray(key);
                if (failed((long)
                        LibcryptoAead.INIT.invokeExact(context, cipher, NONE, secret, nonce.address(), encrypt))) {
                    throw new IllegalStateException("libcrypto refuses ChaCha20-Poly1305");
                }
            } catch (Throwable t) {
                throw LibcryptoAead.failed(t);
            }
        }

        void update(MemorySegment out, byte[] in, int size) {
            MemorySegment text = MemorySegment.ofArray(in);
            try {
                if (failed((long) LibcryptoAead.UPDATE.invokeExact(context, out, length, text, (long) size, 0L))) {
                    throw new IllegalStateException("libcrypto could not take a text");
                }
            } catch (Throwable t) {
                throw LibcryptoAead.failed(t);
            }
        }

        boolean finish(MemorySegment rest) {
            try {
                return !failed((long) LibcryptoAead.FINISH.invokeExact(context, rest, length, NONE, 0L, 0L));
            } catch (Throwable t) {
                throw LibcryptoAead.failed(t);
            }
        }

        boolean control(MemorySegment what, MemorySegment tag) {
            try {
                return !failed(
                        (long) LibcryptoAead.CONTROL.invokeExact(context, what, LibcryptoAead.TAG_SIZE, tag, 0L, 0L));
            } catch (Throwable t) {
                throw LibcryptoAead.failed(t);
            }
        }

        /// OpenSSL overwrites the key first.
        @Override
        public void close() {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment state = arena.allocate(Downcalls.stateLayout());
                Downcalls.call(LibcryptoAead.FREE_CONTEXT, state, context.address(), 0, 0, 0, 0);
            }
        }
    }
}
