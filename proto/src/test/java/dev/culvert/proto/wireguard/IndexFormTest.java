package dev.culvert.proto.wireguard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.wireguard.testing.Pair;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class IndexFormTest {
    private static final int COUNT = 256 * 1000;

    private final Random random = new Random(17);
    private final IndexForm form = IndexForm.random(random);

    @Test
    void index_ofAnyBits_fitsAndKeepsThem() {
        Set<Integer> seen = new HashSet<>();
        for (int i = 0; i < COUNT; i++) {
            int bits = random.nextInt();
            int index = form.index(bits);
            assertThat(form.fits(index)).isTrue();
            assertThat(Integer.reverseBytes(index) >>> 8).isEqualTo(bits & 0xffffff);
            seen.add(index);
        }
        assertThat(seen).hasSizeGreaterThan(COUNT - 3000);
    }

    @Test
    void index_ofAStranger_fitsOnceIn256() {
        int fitting = 0;
        for (int i = 0; i < COUNT; i++) {
            fitting += form.fits(random.nextInt()) ? 1 : 0;
        }
        assertThat(fitting).isBetween(800, 1200);
    }

    /// Nobody who has not seen one of ours can do better than by chance, whatever number is taken.
    @Test
    void index_thatIsFixed_fitsFewForms() {
        for (int index : new int[] {0, -1, 1, 1 << 24, 0x01020304}) {
            int fitting = 0;
            for (int i = 0; i < COUNT / 10; i++) {
                fitting += IndexForm.random(random).fits(index) ? 1 : 0;
            }
            assertThat(fitting).as("%x", index).isBetween(50, 150);
        }
    }

    @Test
    void device_givesOutItsOwnFormOnly() {
        Pair pair = Pair.established(9);
        pair.skip(6 * Pair.SECOND);
        pair.a.device.initiate(pair.a.peer(), pair.now());
        byte[] initiation = pair.takeOne(pair.a).bytes;

        assertThat(pair.a.device.indexForm().fits(Messages.int32(initiation, Messages.INITIATION_SENDER)))
                .isTrue();
    }
}
