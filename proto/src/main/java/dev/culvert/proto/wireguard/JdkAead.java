package dev.culvert.proto.wireguard;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReference;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.IvParameterSpec;
import org.jspecify.annotations.Nullable;

/// [Aead] by the JDK's own ChaCha20-Poly1305: always there, and at half the speed of libcrypto.
///
/// The JCA allocates some hundred bytes per packet in `Cipher.init`; nothing else is allocated.
public final class JdkAead implements Aead {
    private static final VarHandle LE64 = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final Key key;

    /// The idle engine; a second thread that finds it taken makes its own, and the last one back stays.
    private final AtomicReference<@Nullable Engine> idle = new AtomicReference<>();

    /// Copies the 32 bytes of `key`.
    public JdkAead(byte[] key) {
        this.key = new Key(KeyText.copy(key, "transport key"));
    }

    @Override
    public void seal(long counter, byte[] buffer, int offset, int length) {
        Engine engine = take();
        try {
            engine.init(Cipher.ENCRYPT_MODE, key, counter);
            engine.cipher.doFinal(buffer, offset, length, buffer, offset);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("seal of counter " + counter, e);
        }
        idle.set(engine);
    }

    @Override
    public boolean open(long counter, byte[] buffer, int offset, int length) {
        Engine engine = take();
        boolean genuine;
        try {
            engine.init(Cipher.DECRYPT_MODE, key, counter);
            engine.cipher.doFinal(buffer, offset, length, buffer, offset);
            genuine = true;
        } catch (AEADBadTagException _) {
            genuine = false;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("open of counter " + counter, e);
        }
        idle.set(engine);
        return genuine;
    }

    @Override
    public void destroy() {
        Arrays.fill(key.bytes, (byte) 0);
        Engine engine = idle.getAndSet(null);
        if (engine != null) {
            try {
                // The cipher overwrites its copy of a key when it gets the next one: this one is all zeros.
                engine.init(Cipher.DECRYPT_MODE, key, 0);
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("a zero key is a key", e);
            }
        }
    }

    private Engine take() {
        Engine engine = idle.getAndSet(null);
        return engine == null ? new Engine() : engine;
    }

    private static final class Engine {
        private final Cipher cipher;
        private final byte[] nonce = new byte[ChaCha20Poly1305.NONCE_BYTES];

        Engine() {
            try {
                cipher = Cipher.getInstance("ChaCha20-Poly1305");
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("ChaCha20-Poly1305 is part of every JDK", e);
            }
        }

        void init(int mode, Key key, long counter) throws GeneralSecurityException {
            LE64.set(nonce, 4, counter);
            cipher.init(mode, key, new IvParameterSpec(nonce));
        }
    }

    /// A key that can be overwritten, which `SecretKeySpec` cannot.
    private static final class Key implements SecretKey {
        private static final long serialVersionUID = 1;

        private final transient byte[] bytes;

        Key(byte[] bytes) {
            this.bytes = bytes;
        }

        @Override
        public String getAlgorithm() {
            return "ChaCha20";
        }

        @Override
        public String getFormat() {
            return "RAW";
        }

        @Override
        public byte[] getEncoded() {
            return bytes.clone();
        }
    }
}
