package dev.culvert.model;

/// Where the access log goes, and how.
///
/// @param file a path, or [#STDOUT]
public record AccessLogSettings(String file, Format format) {
    /// In the place of a path: the process's standard output.
    public static final String STDOUT = "stdout";

    public enum Format {
        /// The combined log format of Apache and nginx, which fail2ban and goaccess read.
        COMBINED("combined"),
        /// One JSON object a line, with everything that is known.
        JSON("json");

        private final String word;

        Format(String word) {
            this.word = word;
        }

        @Override
        public String toString() {
            return word;
        }
    }
}
