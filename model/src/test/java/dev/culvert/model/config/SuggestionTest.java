package dev.culvert.model.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class SuggestionTest {
    @ParameterizedTest
    @CsvSource({
        "servcies, services",
        "tagret, target",
        "Target, target",
        "publickey, public-key",
        "hots, host",
        "list, ",
        "frobnicate, ",
    })
    void nearest_findsWithinTwoEdits(String word, String expected) {
        List<String> known = List.of("services", "target", "public-key", "host");

        assertThat(Suggestion.nearest(word, known)).isEqualTo(expected);
    }

    @Test
    void distance_agreesWithRecursiveDefinition() {
        long seed = 7;
        Random random = new Random(seed);
        for (int i = 0; i < 500; i++) {
            String a = word(random);
            String b = word(random);
            assertThat(Suggestion.distance(a, b, 99))
                    .as("seed %d: %s %s", seed, a, b)
                    .isEqualTo(naive(a, b));
        }
    }

    private static String word(Random random) {
        StringBuilder word = new StringBuilder();
        for (int length = random.nextInt(6); length > 0; length--) {
            word.append((char) ('a' + random.nextInt(3)));
        }
        return word.toString();
    }

    private static int naive(String a, String b) {
        if (a.isEmpty() || b.isEmpty()) {
            return a.length() + b.length();
        }
        String headA = a.substring(0, a.length() - 1);
        String headB = b.substring(0, b.length() - 1);
        char lastA = a.charAt(a.length() - 1);
        char lastB = b.charAt(b.length() - 1);
        int best = Math.min(naive(headA, b), naive(a, headB)) + 1;
        best = Math.min(best, naive(headA, headB) + (lastA == lastB ? 0 : 1));
        if (headA.endsWith(String.valueOf(lastB)) && headB.endsWith(String.valueOf(lastA))) {
            String a2 = headA.substring(0, headA.length() - 1);
            String b2 = headB.substring(0, headB.length() - 1);
            best = Math.min(best, naive(a2, b2) + 1);
        }
        return best;
    }
}
