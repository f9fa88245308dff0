package dev.culvert.model;

/// Which end of the tunnel a node is; it decides which words its file may use.
public enum Role {
    GATEWAY("gateway"),
    SITE("site");

    private final String word;

    Role(String word) {
        this.word = word;
    }

    @Override
    public String toString() {
        return word;
    }
}
