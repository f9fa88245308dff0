package dev.culvert.dataplane.http;

/// The streams that this side has reset lately: frames for them may still come. One per connection.
final class RecentResets {
    private static final int KEPT = 64;

    // Made with the first one: most connections know none.
    private int[] streams = {};
    private int next;

    void add(int stream) {
        if (streams.length == 0) {
            streams = new int[KEPT];
        }
        streams[next++ % KEPT] = stream;
    }

    boolean contains(int stream) {
        for (int known : streams) {
            if (known == stream) {
                return true;
            }
        }
        return false;
    }
}
