package dev.culvert.model;

/// The least severity that is logged, from few lines to many.
public enum LogLevel {
    ERROR("error"),
    WARN("warn"),
    INFO("info"),
    DEBUG("debug");

    private final String word;

    LogLevel(String word) {
        this.word = word;
    }

    @Override
    public String toString() {
        return word;
    }
}
