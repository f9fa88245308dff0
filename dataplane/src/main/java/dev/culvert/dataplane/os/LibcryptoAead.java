package dev.culvert.dataplane.os;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.culvert.proto.wireguard.Aead;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.ByteOrder;

/// ChaCha20-Poly1305 by the system's OpenSSL, in place on heap arrays and without garbage; several times the speed of
/// the
/// JDK's cipher. To be used by one thread at a time. [AeadProvider] decides whether this machine has it.
final class LibcryptoAead implements Aead {
    private static final int TAG = 16;
    private static final int NONCE = 12;
    private static final int KEY = 32;
    // openssl/evp.h
    private static final int EVP_CTRL_AEAD_GET_TAG = 0x10;
    private static final int EVP_CTRL_AEAD_SET_TAG = 0x11;
    private static final ValueLayout.OfLong COUNTER = JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /// The library's functions, bound once.
    record Functions(
            MethodHandle newContext,
            MethodHandle freeContext,
            MethodHandle cipher,
            MethodHandle init,
            MethodHandle initKey,
            MethodHandle update,
            MethodHandle finish,
            MethodHandle control) {
        static Functions of(SymbolLookup library) {
            return new Functions(
                    bind(library, "EVP_CIPHER_CTX_new", FunctionDescriptor.of(ADDRESS)),
                    bind(library, "EVP_CIPHER_CTX_free", FunctionDescriptor.ofVoid(ADDRESS)),
                    bind(library, "EVP_chacha20_poly1305", FunctionDescriptor.of(ADDRESS)),
                    quick(library, "EVP_CipherInit_ex", ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, JAVA_INT),
                    bind(
                            library,
                            "EVP_CipherInit_ex",
                            FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, JAVA_INT)),
                    quick(library, "EVP_CipherUpdate", ADDRESS, ADDRESS, ADDRESS, ADDRESS, JAVA_INT),
                    quick(library, "EVP_CipherFinal_ex", ADDRESS, ADDRESS, ADDRESS),
                    quick(library, "EVP_CIPHER_CTX_ctrl", ADDRESS, JAVA_INT, JAVA_INT, ADDRESS));
        }

        private static MethodHandle bind(SymbolLookup library, String name, FunctionDescriptor descriptor) {
            return Linker.nativeLinker().downcallHandle(library.findOrThrow(name), descriptor);
        }

        /// A call of about a microsecond, which may hold the garbage collector up and so work on heap arrays.
        private static MethodHandle quick(SymbolLookup library, String name, MemoryLayout... arguments) {
            return Linker.nativeLinker()
                    .downcallHandle(
                            library.findOrThrow(name),
                            FunctionDescriptor.of(JAVA_INT, arguments),
                            Linker.Option.critical(true));
        }
    }

    private final Arena arena = Arena.ofShared();
    private final MemorySegment nonce = arena.allocate(NONCE, 8);
    private final MemorySegment length = arena.allocate(JAVA_INT);
    private final MemorySegment sealing;
    private final MemorySegment opening;
    private boolean destroyed;

    LibcryptoAead(byte[] key) {
        MemorySegment copy = arena.allocate(KEY);
        MemorySegment.copy(key, 0, copy, JAVA_BYTE, 0, KEY);
        sealing = context(copy, 1);
        opening = context(copy, 0);
        copy.fill((byte) 0);
    }

    private MemorySegment context(MemorySegment key, int encrypt) {
        try {
            MemorySegment context =
                    (MemorySegment) Openssl.FUNCTIONS.newContext().invokeExact();
            MemorySegment cipher = (MemorySegment) Openssl.FUNCTIONS.cipher().invokeExact();
            int ok = (int)
                    Openssl.FUNCTIONS.initKey().invokeExact(context, cipher, MemorySegment.NULL, key, nonce, encrypt);
            if (ok != 1) {
                throw new IllegalStateException("libcrypto refuses ChaCha20-Poly1305");
            }
            return context;
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    @Override
    public void seal(long counter, byte[] buffer, int offset, int size) {
        MemorySegment text = MemorySegment.ofArray(buffer).asSlice(offset);
        nonce.set(COUNTER, 4, counter);
        try {
            int ok = (int)
                    INIT.invokeExact(sealing, MemorySegment.NULL, MemorySegment.NULL, MemorySegment.NULL, nonce, 1);
            ok &= (int) UPDATE.invokeExact(sealing, text, length, text, size);
            MemorySegment tag = text.asSlice(size, TAG);
            ok &= (int) FINISH.invokeExact(sealing, tag, length);
            ok &= (int) CONTROL.invokeExact(sealing, EVP_CTRL_AEAD_GET_TAG, TAG, tag);
            if (ok != 1) {
                throw new IllegalStateException("libcrypto could not seal");
            }
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    @Override
    public boolean open(long counter, byte[] buffer, int offset, int size) {
        int plain = size - TAG;
        if (plain < 0) {
            return false;
        }
        MemorySegment text = MemorySegment.ofArray(buffer).asSlice(offset);
        nonce.set(COUNTER, 4, counter);
        try {
            MemorySegment tag = text.asSlice(plain, TAG);
            int ok = (int)
                    INIT.invokeExact(opening, MemorySegment.NULL, MemorySegment.NULL, MemorySegment.NULL, nonce, 0);
            ok &= (int) CONTROL.invokeExact(opening, EVP_CTRL_AEAD_SET_TAG, TAG, tag);
            ok &= (int) UPDATE.invokeExact(opening, text, length, text, plain);
            ok &= (int) FINISH.invokeExact(opening, tag, length);
            return ok == 1;
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    /// Frees both contexts, which OpenSSL overwrites first.
    @Override
    public void destroy() {
        if (destroyed) {
            return;
        }
        destroyed = true;
        try {
            Openssl.FUNCTIONS.freeContext().invokeExact(sealing);
            Openssl.FUNCTIONS.freeContext().invokeExact(opening);
        } catch (Throwable t) {
            throw failed(t);
        }
        arena.close();
    }

    private static IllegalStateException failed(Throwable t) {
        return t instanceof IllegalStateException known
                ? known
                : new IllegalStateException("a call into libcrypto failed in the JVM", t);
    }

    /// Loaded with the first use only: where there is no library, this class fails to initialise and nothing else does.
    private static final class Openssl {
        static final Functions FUNCTIONS = Functions.of(AeadProvider.library());
    }

    // The hot calls stand in constants of their own, so that the compiler sees through them.
    private static final MethodHandle INIT = Openssl.FUNCTIONS.init();
    private static final MethodHandle UPDATE = Openssl.FUNCTIONS.update();
    private static final MethodHandle FINISH = Openssl.FUNCTIONS.finish();
    private static final MethodHandle CONTROL = Openssl.FUNCTIONS.control();
}
