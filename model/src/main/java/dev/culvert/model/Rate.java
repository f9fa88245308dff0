package dev.culvert.model;

import org.jspecify.annotations.Nullable;

/// How often one visitor (an IPv4 address or IPv6 /64) may ask.
///
/// @param events how many in each `per`, at least 1
/// @param burst how many at once, at least 1
public record Rate(int events, Per per, int burst) {
    public enum Per {
        SECOND("s", 1),
        MINUTE("m", 60),
        HOUR("h", 3600);

        private final String word;
        private final int seconds;

        Per(String word, int seconds) {
            this.word = word;
            this.seconds = seconds;
        }

        public int seconds() {
            return seconds;
        }

        /// `s`, `m` or `h`, or null.
        public static @Nullable Per of(String word) {
            for (Per per : values()) {
                if (per.word.equals(word)) {
                    return per;
                }
            }
            return null;
        }
    }

    /// Nanoseconds from one to the next in the long run.
    public long interval() {
        return per.seconds * 1_000_000_000L / events;
    }

    public Rate withBurst(int many) {
        return new Rate(events, per, many);
    }

    /// `10/s`, without the burst.
    @Override
    public String toString() {
        return events + "/" + per.word;
    }
}
