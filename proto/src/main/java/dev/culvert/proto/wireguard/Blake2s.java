package dev.culvert.proto.wireguard;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/// BLAKE2s, plain or keyed, with an output of 1 to 32 bytes (RFC 7693); no provider of the JDK has it.
///
/// One object computes one digest at a time: `start`, any number of `update`, `finish`; then it can start again.
final class Blake2s {
    static final int BLOCK_BYTES = 64;
    static final int HASH_BYTES = 32;

    private static final VarHandle LE32 = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private static final int[] IV = {
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19
    };

    /// The ten message schedules of RFC 7693 §2.7, one hexadecimal digit per word.
    private static final byte[] SIGMA = schedule("0123456789abcdef" + "ea489fd61c02b753" + "b8c052fdae367194"
            + "7931dcbe265a40f8" + "905724afe1bc683d" + "2c6a0b834d75fe19" + "c51fed4a0763928b" + "db7ec13950f4862a"
            + "6fe9b308c2d714a5" + "a2847615fb9e3cd0");

    private final int[] h = new int[8];
    private final int[] m = new int[16];
    private final int[] v = new int[16];
    private final byte[] block = new byte[BLOCK_BYTES];
    private int filled;
    private long counter;
    private int outputBytes;

    Blake2s start(int outputBytes) {
        return init(outputBytes, 0);
    }

    /// Starts a keyed digest (a MAC); the key has 1 to 32 bytes.
    Blake2s start(int outputBytes, byte[] key) {
        init(outputBytes, key.length);
        System.arraycopy(key, 0, block, 0, key.length);
        filled = BLOCK_BYTES;
        return this;
    }

    /// What a keyed digest is once its key is compressed. Whoever uses a key often computes this once, and starts from
    /// it.
    int[] keyed(int outputBytes, byte[] key) {
        start(outputBytes, key);
        counter = BLOCK_BYTES;
        compress(0);
        int[] state = h.clone();
        wipe();
        return state;
    }

    /// Starts a keyed digest of at least one byte from what [#keyed] has made of its key.
    Blake2s start(int outputBytes, int[] keyed) {
        this.outputBytes = outputBytes;
        System.arraycopy(keyed, 0, h, 0, keyed.length);
        filled = 0;
        counter = BLOCK_BYTES;
        return this;
    }

    Blake2s update(byte[] input) {
        return update(input, 0, input.length);
    }

    Blake2s update(byte[] input, int offset, int length) {
        int from = offset;
        int left = length;
        while (left > 0) {
            // The last block is compressed by finish, so a full block waits until more is known to follow.
            if (filled == BLOCK_BYTES) {
                counter += BLOCK_BYTES;
                compress(0);
                filled = 0;
            }
            int take = Math.min(left, BLOCK_BYTES - filled);
            System.arraycopy(input, from, block, filled, take);
            filled += take;
            from += take;
            left -= take;
        }
        return this;
    }

    void finish(byte[] output, int offset) {
        counter += filled;
        Arrays.fill(block, filled, BLOCK_BYTES, (byte) 0);
        compress(-1);
        for (int i = 0; i < outputBytes; i++) {
            output[offset + i] = (byte) (h[i >> 2] >>> (8 * (i & 3)));
        }
        wipe();
    }

    byte[] finish() {
        byte[] output = new byte[outputBytes];
        finish(output, 0);
        return output;
    }

    private Blake2s init(int output, int keyBytes) {
        outputBytes = output;
        System.arraycopy(IV, 0, h, 0, 8);
        h[0] ^= 0x01010000 ^ (keyBytes << 8) ^ output;
        Arrays.fill(block, (byte) 0);
        filled = 0;
        counter = 0;
        return this;
    }

    private void compress(int last) {
        for (int i = 0; i < 16; i++) {
            m[i] = (int) LE32.get(block, 4 * i);
        }
        System.arraycopy(h, 0, v, 0, 8);
        System.arraycopy(IV, 0, v, 8, 8);
        v[12] ^= (int) counter;
        v[13] ^= (int) (counter >>> 32);
        v[14] ^= last;
        for (int s = 0; s < SIGMA.length; s += 16) {
            mix(0, 4, 8, 12, s);
            mix(1, 5, 9, 13, s + 2);
            mix(2, 6, 10, 14, s + 4);
            mix(3, 7, 11, 15, s + 6);
            mix(0, 5, 10, 15, s + 8);
            mix(1, 6, 11, 12, s + 10);
            mix(2, 7, 8, 13, s + 12);
            mix(3, 4, 9, 14, s + 14);
        }
        for (int i = 0; i < 8; i++) {
            h[i] ^= v[i] ^ v[i + 8];
        }
    }

    /// The function G of RFC 7693 §3.1 on four words of `v`, with the two message words that stand at `s`.
    private void mix(int a, int b, int c, int d, int s) {
        int va = v[a] + v[b] + m[SIGMA[s]];
        int vd = Integer.rotateRight(v[d] ^ va, 16);
        int vc = v[c] + vd;
        int vb = Integer.rotateRight(v[b] ^ vc, 12);
        va += vb + m[SIGMA[s + 1]];
        vd = Integer.rotateRight(vd ^ va, 8);
        vc += vd;
        v[a] = va;
        v[b] = Integer.rotateRight(vb ^ vc, 7);
        v[c] = vc;
        v[d] = vd;
    }

    private void wipe() {
        Arrays.fill(block, (byte) 0);
        Arrays.fill(m, 0);
        Arrays.fill(v, 0);
        Arrays.fill(h, 0);
    }

    private static byte[] schedule(String digits) {
        byte[] words = new byte[digits.length()];
        for (int i = 0; i < words.length; i++) {
            words[i] = (byte) Character.digit(digits.charAt(i), 16);
        }
        return words;
    }
}
