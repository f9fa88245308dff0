package dev.culvert.proto.wireguard;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/// Vectors made with Python's hmac and hashlib.blake2s, from key "test-key" and input "test-input".
final class KdfTest {
    private static final String[] EXPECTED = {
        "6f0e5ad38daba1bea8a0d213688736f19763239305e0f58aba697f9ffc41c633",
        "df1194df20802a4fe594cde27e92991c8cae66c366e8106aaa937a55fa371e8a",
        "fac6e2745a325f5dc5d11a5b165aad08b0ada28e7b4e666b7c077934a4d76c24",
    };

    @Test
    void derive_oneToThreeOutputs_areAPrefixOfEachOther() {
        byte[] key = "test-key".getBytes(StandardCharsets.US_ASCII);
        byte[] input = "test-input".getBytes(StandardCharsets.US_ASCII);
        for (int outputs = 1; outputs <= 3; outputs++) {
            byte[][] derived = Kdf.derive(key, input, outputs);
            assertThat(derived).hasNumberOfRows(outputs);
            for (int i = 0; i < outputs; i++) {
                assertThat(HexFormat.of().formatHex(derived[i])).isEqualTo(EXPECTED[i]);
            }
        }
    }
}
