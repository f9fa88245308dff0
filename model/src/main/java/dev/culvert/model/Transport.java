package dev.culvert.model;

/// What carries a service: connections, or datagrams.
public enum Transport {
    TCP("tcp"),
    UDP("udp");

    private final String word;

    Transport(String word) {
        this.word = word;
    }

    /// The word behind a port: `2222/tcp`.
    @Override
    public String toString() {
        return word;
    }
}
