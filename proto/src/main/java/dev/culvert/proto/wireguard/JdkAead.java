package dev.culvert.proto.wireguard;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.ChaCha20ParameterSpec;

/// [Aead] by the JDK's ChaCha20, with our own [Poly1305]: always there, and at a third to a half of libcrypto's speed.
///
/// The JCA allocates some hundred bytes per packet in `Cipher.init`; nothing else is allocated.
public final class JdkAead implements Aead {
    private static final VarHandle LE64 = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final int BLOCK = 64;

    final Key key;

    private final Engines<Engine> engines = new Engines<>(Engine::new, this::end);

    /// Copies the 32 bytes of `key`.
    public JdkAead(byte[] key) {
        this.key = new Key(KeyText.copy(key, "transport key"));
    }

    @Override
    public void seal(long counter, byte[] buffer, int offset, int length) {
        Engine engine = engines.take();
        try {
            engine.start(key, counter);
            engine.apply(buffer, offset, length);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("seal of counter " + counter, e);
        }
        engine.authenticate(buffer, offset, length);
        LE64.set(buffer, offset + length, engine.poly.tagLow());
        LE64.set(buffer, offset + length + 8, engine.poly.tagHigh());
        engines.give(engine);
    }

    @Override
    public boolean open(long counter, byte[] buffer, int offset, int length) {
        int plain = length - TAG_BYTES;
        if (plain < 0) {
            return false;
        }
        Engine engine = engines.take();
        boolean genuine;
        try {
            engine.start(key, counter);
            engine.authenticate(buffer, offset, plain);
            // Both halves are always compared: how long this takes tells nothing about where they differ.
            long different = (engine.poly.tagLow() ^ (long) LE64.get(buffer, offset + plain))
                    | (engine.poly.tagHigh() ^ (long) LE64.get(buffer, offset + plain + 8));
            genuine = different == 0;
            if (genuine) {
                engine.apply(buffer, offset, plain);
            }
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("open of counter " + counter, e);
        }
        engines.give(engine);
        return genuine;
    }

    @Override
    public void destroy() {
        Arrays.fill(key.bytes, (byte) 0);
        engines.destroy();
    }

    /// The cipher overwrites its copy of a key when it gets the next one, which is all zeros by now.
    private void end(Engine engine) {
        try {
            engine.start(key, 0);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a zero key is a key", e);
        }
        engine.poly.destroy();
        Arrays.fill(engine.first, (byte) 0);
    }

    private static final class Engine {
        private final Cipher cipher;
        private final Poly1305 poly = new Poly1305();
        private final byte[] nonce = new byte[ChaCha20Poly1305.NONCE_BYTES];
        private final byte[] zeros = new byte[BLOCK];
        private final byte[] first = new byte[BLOCK];

        Engine() {
            try {
                cipher = Cipher.getInstance("ChaCha20");
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("ChaCha20 is part of every JDK", e);
            }
        }

        /// The first block of the stream is the authenticator's key, the next one is the text's (RFC 8439 §2.6).
        void start(Key key, long counter) throws GeneralSecurityException {
            LE64.set(nonce, 4, counter);
            // To decrypt is the same, and permits the nonce of before, of which the device has to take care anyway.
            cipher.init(Cipher.DECRYPT_MODE, key, new ChaCha20ParameterSpec(nonce, 0));
            cipher.update(zeros, 0, BLOCK, first, 0);
            poly.start(first);
        }

        void apply(byte[] buffer, int offset, int length) throws GeneralSecurityException {
            cipher.doFinal(buffer, offset, length, buffer, offset);
        }

        /// RFC 8439 §2.8, without associated data.
        void authenticate(byte[] buffer, int offset, int length) {
            poly.padded(buffer, offset, length);
            poly.block(0, length);
            poly.finish();
        }
    }

    /// A key that can be overwritten, which `SecretKeySpec` cannot.
    static final class Key implements SecretKey {
        private static final long serialVersionUID = 1;

        final transient byte[] bytes;

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
