package dev.culvert.model.config;

import java.util.Collection;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// "Did you mean": the known word nearest to a written one.
public final class Suggestion {
    private Suggestion() {}

    /// The nearest of `known` within two edits (one for words of up to four letters), or null.
    public static @Nullable String nearest(String word, Collection<String> known) {
        int limit = word.length() <= 4 ? 1 : 2;
        String best = null;
        int bestDistance = limit + 1;
        for (String candidate : known) {
            int distance = distance(word.toLowerCase(Locale.ROOT), candidate, bestDistance);
            if (distance < bestDistance) {
                best = candidate;
                bestDistance = distance;
            }
        }
        return best;
    }

    /// `, did you mean "x"?`, or nothing.
    public static String phrase(@Nullable String suggestion) {
        return suggestion == null ? "" : ", did you mean " + Echo.quote(suggestion) + "?";
    }

    /// Damerau-Levenshtein distance with adjacent transpositions (optimal string alignment), or anything ≥ `cap`.
    static int distance(String a, String b, int cap) {
        if (Math.abs(a.length() - b.length()) >= cap) {
            return cap;
        }
        int[] before = new int[b.length() + 1];
        int[] above = new int[b.length() + 1];
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            above[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                row[j] = Math.min(Math.min(row[j - 1], above[j]) + 1, above[j - 1] + change);
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    row[j] = Math.min(row[j], before[j - 2] + 1);
                }
            }
            int[] spare = before;
            before = above;
            above = row;
            row = spare;
        }
        return above[b.length()];
    }
}
