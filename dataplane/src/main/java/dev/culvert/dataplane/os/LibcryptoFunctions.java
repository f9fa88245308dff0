package dev.culvert.dataplane.os;

import dev.culvert.proto.wireguard.Aead;
import dev.culvert.proto.wireguard.CryptoFunctions;
import dev.culvert.proto.wireguard.DhKeyPair;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/// X25519 and ChaCha20-Poly1305 by the system's OpenSSL: several times the JDK's handshakes in a second, and none
/// of the 0.1 s that the JDK takes to find and to warm up its own. [CryptoProvider] decides whether this machine has
/// it.
final class LibcryptoFunctions implements CryptoFunctions {
    private static final int NONCE = 12;
    private static final ValueLayout.OfLong COUNTER =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final MemorySegment NONE = MemorySegment.NULL;

    @Override
    public DhKeyPair keyPair(byte[] privateKey) {
        return new LibcryptoKeyPair(privateKey);
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

    /// One message under one key.
    private static final class Context implements AutoCloseable {
        private final MemorySegment length = MemorySegment.ofArray(new int[1]);
        private final MemorySegment context;

        Context(byte[] key, long n, long encrypt) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment nonce = arena.allocate(NONCE);
                nonce.set(COUNTER, NONCE - Long.BYTES, n);
                context = MemorySegment.ofAddress(Downcalls.call(LibcryptoAead.NEW_CONTEXT, 0, 0, 0, 0, 0));
                MemorySegment cipher =
                        MemorySegment.ofAddress(Downcalls.call(LibcryptoAead.CHACHA20_POLY1305, 0, 0, 0, 0, 0));
                MemorySegment secret = MemorySegment.ofArray(key);
                if (LibcryptoKeyPair.failed((long)
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
                if (LibcryptoKeyPair.failed(
                        (long) LibcryptoAead.UPDATE.invokeExact(context, out, length, text, (long) size, 0L))) {
                    throw new IllegalStateException("libcrypto could not take a text");
                }
            } catch (Throwable t) {
                throw LibcryptoAead.failed(t);
            }
        }

        boolean finish(MemorySegment rest) {
            try {
                return !LibcryptoKeyPair.failed(
                        (long) LibcryptoAead.FINISH.invokeExact(context, rest, length, NONE, 0L, 0L));
            } catch (Throwable t) {
                throw LibcryptoAead.failed(t);
            }
        }

        boolean control(MemorySegment what, MemorySegment tag) {
            try {
                return !LibcryptoKeyPair.failed(
                        (long) LibcryptoAead.CONTROL.invokeExact(context, what, LibcryptoAead.TAG_SIZE, tag, 0L, 0L));
            } catch (Throwable t) {
                throw LibcryptoAead.failed(t);
            }
        }

        /// OpenSSL overwrites the key first.
        @Override
        public void close() {
            Downcalls.call(LibcryptoAead.FREE_CONTEXT, context.address(), 0, 0, 0, 0);
        }
    }
}
