package dev.culvert.model;

/// What becomes of a connection that is not let in.
public enum Refusal {
    /// It is closed, which tells a scanner that somebody is there.
    CLOSE("close"),
    /// It is forgotten without a word: the other end waits until it gives up.
    DROP("drop");

    private final String word;

    Refusal(String word) {
        this.word = word;
    }

    @Override
    public String toString() {
        return word;
    }
}
