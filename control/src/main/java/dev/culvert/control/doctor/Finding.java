package dev.culvert.control.doctor;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/// What a check found.
///
/// @param check the check's name
/// @param what one line: what is so
/// @param fix what to do about it; empty where there is nothing to do
public record Finding(String check, Level level, String what, String fix) {
    /// How bad it is.
    public enum Level {
        OK("ok"),
        /// It works, and may surprise.
        WARN("warn"),
        BROKEN("BROKEN"),
        /// It could not be seen from here.
        UNKNOWN("unknown");

        private final String word;

        Level(String word) {
            this.word = word;
        }

        @Override
        public String toString() {
            return word;
        }
    }

    public static Finding ok(String check, String what) {
        return new Finding(check, Level.OK, what, "");
    }

    public static Finding warn(String check, String what, String fix) {
        return new Finding(check, Level.WARN, what, fix);
    }

    public static Finding broken(String check, String what, String fix) {
        return new Finding(check, Level.BROKEN, what, fix);
    }

    public static Finding unknown(String check, String what) {
        return new Finding(check, Level.UNKNOWN, what, "");
    }

    public boolean isBroken() {
        return level == Level.BROKEN;
    }

    /// As it goes over the admin socket and to `--json`.
    public Map<String, Object> map() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("check", check);
        map.put("level", level.toString().toLowerCase(Locale.ROOT));
        map.put("what", what);
        map.put("fix", fix);
        return map;
    }

    /// The way back from [#map()].
    public static Finding of(Map<?, ?> map) {
        Level level = Level.valueOf(String.valueOf(map.get("level")).toUpperCase(Locale.ROOT));
        return new Finding(
                String.valueOf(map.get("check")),
                level,
                String.valueOf(map.get("what")),
                String.valueOf(map.get("fix")));
    }

    /// One line, and a second with the fix.
    @Override
    public String toString() {
        return "%-7s  %s: %s".formatted(level, check, what) + (fix.isEmpty() ? "" : "\n         fix: " + fix);
    }
}
