package dev.culvert.dataplane.os;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.culvert.proto.wireguard.Aead;
import dev.culvert.proto.wireguard.Engines;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/// ChaCha20-Poly1305 by the system's OpenSSL, in place on heap arrays and without garbage; several times the speed
/// of the JDK's cipher. [CryptoProvider] decides whether this machine has it.
final class LibcryptoAead implements Aead {
    static final int TAG = 16;
    private static final int NONCE = 12;
    // openssl/evp.h; numbers stand where other functions have addresses (see Downcalls).
    static final MemorySegment GET_TAG = MemorySegment.ofAddress(0x10);
    static final MemorySegment SET_TAG = MemorySegment.ofAddress(0x11);
    static final MemorySegment TAG_SIZE = MemorySegment.ofAddress(TAG);
    private static final ValueLayout.OfLong COUNTER = JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    // Where there is no library, this class fails to initialise and nothing else does.
    private static final SymbolLookup LIBRARY = CryptoProvider.library();
    static final MethodHandle NEW_CONTEXT = Downcalls.words(LIBRARY, "EVP_CIPHER_CTX_new");
    static final MethodHandle FREE_CONTEXT = Downcalls.words(LIBRARY, "EVP_CIPHER_CTX_free");
    static final MethodHandle CHACHA20_POLY1305 = Downcalls.words(LIBRARY, "EVP_chacha20_poly1305");
    static final MethodHandle INIT = Downcalls.segments(LIBRARY, "EVP_CipherInit_ex");
    static final MethodHandle UPDATE = Downcalls.segments(LIBRARY, "EVP_CipherUpdate");
    static final MethodHandle FINISH = Downcalls.segments(LIBRARY, "EVP_CipherFinal_ex");
    static final MethodHandle CONTROL = Downcalls.segments(LIBRARY, "EVP_CIPHER_CTX_ctrl");

    private final byte[] key;
    private final Engines<Engine> engines = new Engines<>(Engine::new, Engine::free);

    LibcryptoAead(byte[] key) {
        this.key = key.clone();
    }

    @Override
    public void seal(long counter, byte[] buffer, int offset, int size) {
        Engine engine = engines.take();
        engine.seal(key, counter, buffer, offset, size);
        engines.give(engine);
    }

    @Override
    public boolean open(long counter, byte[] buffer, int offset, int size) {
        int plain = size - TAG;
        if (plain < 0) {
            return false;
        }
        Engine engine = engines.take();
        boolean genuine = engine.open(key, counter, buffer, offset, plain);
        engines.give(engine);
        return genuine;
    }

    /// Frees the contexts, which OpenSSL overwrites first.
    @Override
    public void destroy() {
        Arrays.fill(key, (byte) 0);
        engines.destroy();
    }

    /// One direction's context of OpenSSL, and what its calls need beside it. A session's key serves one direction: the
    /// other's context is never made.
    private static final class Engine {
        // Not a shared one: its end stops every thread of the process for a moment, and each handshake ends two
        // ciphers.
        private final Arena arena = Arena.ofAuto();
        private final MemorySegment nonce = arena.allocate(NONCE, 8);
        private final MemorySegment length = arena.allocate(JAVA_INT);
        private MemorySegment sealing = MemorySegment.NULL;
        private MemorySegment opening = MemorySegment.NULL;

        // Segments are made where they are used, or they would be objects whenever one of the two methods is not
        // inlined.
        void seal(byte[] key, long counter, byte[] buffer, int offset, int size) {
            MemorySegment text = MemorySegment.ofArray(buffer).asSlice(offset);
            if (sealing.address() == 0) {
                sealing = context(key, 1);
            }
            nonce.set(COUNTER, 4, counter);
            try {
                int ok = init(sealing, 1L);
                ok &= (int) (long) UPDATE.invokeExact(sealing, text, length, text, (long) size, 0L);
                MemorySegment tag = text.asSlice(size, TAG);
                ok &= (int) (long) FINISH.invokeExact(sealing, tag, length, MemorySegment.NULL, 0L, 0L);
                ok &= (int) (long) CONTROL.invokeExact(sealing, GET_TAG, TAG_SIZE, tag, 0L, 0L);
                if (ok != 1) {
                    throw new IllegalStateException("libcrypto could not seal");
                }
            } catch (Throwable t) {
                throw failed(t);
            }
        }

        boolean open(byte[] key, long counter, byte[] buffer, int offset, int plain) {
            MemorySegment text = MemorySegment.ofArray(buffer).asSlice(offset);
            if (opening.address() == 0) {
                opening = context(key, 0);
            }
            nonce.set(COUNTER, 4, counter);
            try {
                MemorySegment tag = text.asSlice(plain, TAG);
                int ok = init(opening, 0L);
                ok &= (int) (long) CONTROL.invokeExact(opening, SET_TAG, TAG_SIZE, tag, 0L, 0L);
                ok &= (int) (long) UPDATE.invokeExact(opening, text, length, text, (long) plain, 0L);
                ok &= (int) (long) FINISH.invokeExact(opening, tag, length, MemorySegment.NULL, 0L, 0L);
                return ok == 1;
            } catch (Throwable t) {
                throw failed(t);
            }
        }

        void free() {
            Downcalls.call(FREE_CONTEXT, sealing.address(), 0, 0, 0, 0);
            Downcalls.call(FREE_CONTEXT, opening.address(), 0, 0, 0, 0);
        }

        private MemorySegment context(byte[] key, long encrypt) {
            try {
                MemorySegment context = MemorySegment.ofAddress(Downcalls.call(NEW_CONTEXT, 0, 0, 0, 0, 0));
                MemorySegment cipher = MemorySegment.ofAddress(Downcalls.call(CHACHA20_POLY1305, 0, 0, 0, 0, 0));
                MemorySegment secret = MemorySegment.ofArray(key);
                int ok = (int)
                        (long) INIT.invokeExact(context, cipher, MemorySegment.NULL, secret, nonce.address(), encrypt);
                if (ok != 1) {
                    throw new IllegalStateException("libcrypto refuses ChaCha20-Poly1305");
                }
                return context;
            } catch (Throwable t) {
                throw failed(t);
            }
        }

        /// The next packet's nonce, with the key that the context has.
        private int init(MemorySegment context, long encrypt) throws Throwable {
            MemorySegment none = MemorySegment.NULL;
            return (int) (long) INIT.invokeExact(context, none, none, none, nonce.address(), encrypt);
        }
    }

    static IllegalStateException failed(Throwable t) {
        return t instanceof IllegalStateException known ? known : Downcalls.unexpected(t);
    }
}
