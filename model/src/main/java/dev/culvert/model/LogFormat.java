package dev.culvert.model;

/// How log lines are written.
public enum LogFormat {
    /// For people and the journal.
    PLAIN("plain"),
    /// One JSON object a line.
    JSON("json");

    private final String word;

    LogFormat(String word) {
        this.word = word;
    }

    @Override
    public String toString() {
        return word;
    }
}
