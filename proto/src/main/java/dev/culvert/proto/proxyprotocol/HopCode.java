package dev.culvert.proto.proxyprotocol;

import org.jspecify.annotations.Nullable;

/// What a site says to a [HopRequest]. Only after OK are bytes of the target on their way; after any other code the
/// gateway may try another target.
public enum HopCode {
    /// Connected; what follows is the target's.
    OK(1),
    /// The site's own list does not allow the target or the client address.
    DENIED(2),
    /// The target refused the connection.
    REFUSED(3),
    /// No route to the target, or its name does not resolve.
    UNREACHABLE(4),
    /// The target did not answer in time.
    TIMEOUT(5),
    /// The site is at one of its limits; later may be better.
    OVERLOADED(6),
    /// The site did not understand the request.
    BAD_HEADER(7),
    /// Datagrams: the site has no flow that this payload belongs to; the next datagram has to bring the request.
    UNKNOWN_FLOW(8);

    private static final HopCode[] BY_NUMBER = values();

    private final int number;

    HopCode(int number) {
        this.number = number;
    }

    /// The byte on the wire; never 0, so that zeroed memory is no answer.
    public int number() {
        return number;
    }

    static @Nullable HopCode of(int number) {
        return number < 1 || number > BY_NUMBER.length ? null : BY_NUMBER[number - 1];
    }
}
