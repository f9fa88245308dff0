package dev.culvert.proto.wireguard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

final class JdkAeadTest {
    private final byte[] key = {
        1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30,
        31, 32
    };
    private final JdkAead aead = new JdkAead(key);

    @Test
    void seal_inPlace_isChaCha20Poly1305WithTheCounterAsNonce() {
        byte[] plaintext = "a packet".repeat(20).getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        byte[] nonce = {0, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1};
        byte[] buffer = new byte[200];
        System.arraycopy(plaintext, 0, buffer, 16, 160);
        aead.seal(0x0102030405060708L, buffer, 16, 160);
        assertThat(Arrays.copyOfRange(buffer, 16, 192))
                .isEqualTo(ChaCha20Poly1305.seal(key, nonce, plaintext, new byte[0]));
        assertThat(buffer[192]).isZero();
        assertThat(new JdkAead(key).open(0x0102030405060708L, buffer, 16, 176)).isTrue();
        assertThat(Arrays.copyOfRange(buffer, 16, 176)).isEqualTo(plaintext);
    }

    @Test
    void open_damaged_isFalseAndTheNextOneWorks() {
        byte[] buffer = new byte[64];
        aead.seal(7, buffer, 0, 48);
        byte[] damaged = buffer.clone();
        damaged[20] ^= 1;
        JdkAead receiver = new JdkAead(key);
        assertThat(receiver.open(7, damaged, 0, 64)).isFalse();
        assertThat(receiver.open(8, buffer.clone(), 0, 64)).isFalse();
        assertThat(receiver.open(7, buffer.clone(), 0, 64)).isTrue();
    }

    @Test
    void open_sameCounterAgain_isTrue() {
        byte[] buffer = new byte[16];
        aead.seal(7, buffer, 0, 0);
        assertThat(aead.open(7, buffer.clone(), 0, 16)).isTrue();
        assertThat(aead.open(7, buffer.clone(), 0, 16)).isTrue();
    }

    @Test
    void open_onSeveralThreadsAtOnce_keepsThemApart() throws InterruptedException {
        Thread[] threads = new Thread[4];
        int[] genuine = new int[threads.length];
        for (int i = 0; i < threads.length; i++) {
            int thread = i;
            threads[i] = new Thread(() -> {
                byte[] buffer = new byte[1440];
                for (int n = 0; n < 500; n++) {
                    long counter = thread * 1000L + n;
                    aead.seal(counter, buffer, 0, 1424);
                    genuine[thread] += aead.open(counter, buffer, 0, 1440) ? 1 : 0;
                }
            });
            threads[i].start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(genuine).containsOnly(500);
    }

    @Test
    void destroy_overwritesTheKey_andRefusesFurtherUse() {
        byte[] buffer = new byte[32];
        aead.seal(1, buffer, 0, 16);
        aead.destroy();
        assertThat(aead.key.bytes).containsOnly(0);
        assertThatThrownBy(() -> aead.seal(2, buffer, 0, 16)).isInstanceOf(IllegalStateException.class);
    }
}
