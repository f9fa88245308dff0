package dev.culvert.dataplane.tunnel;

import java.net.InetSocketAddress;

/// What [PathDiagnosis] and [PathSize] want done, by whoever drives them.
sealed interface PathAction {
    /// Send an echo that makes an IP packet of `size` bytes, and its answer another; report it by `id`.
    record Probe(int id, int size) implements PathAction {}

    /// Look the endpoint's name up; one look-up at a time is asked for.
    record Resolve() implements PathAction {}

    /// Begin a handshake where the peer is believed to be.
    record Handshake() implements PathAction {}

    /// Begin a handshake there, and send there from now on.
    record Redirect(InetSocketAddress endpoint) implements PathAction {}

    /// Packets to the peer have at most so many bytes from now on.
    record Limit(int bytes) implements PathAction {}

    /// The way is open; told once after each time that it was not.
    record Up(long roundTripNanos) implements PathAction {}

    /// The way is broken, and this is what is known of it; told again when more is known.
    ///
    /// @param sinceNanos the `now` from which it was broken
    record Down(PathCause cause, long sinceNanos) implements PathAction {}

    /// What was broken is repaired.
    ///
    /// @param repair what was done to that end, in a few words
    record Repaired(PathCause cause, String repair, long sinceNanos, long durationNanos) implements PathAction {}
}
