package dev.culvert.dataplane.tunnel;

import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// The echoes that wait for their reply, and how long the last ones took. Owned by the tunnel loop, but for the times.
final class Pings {
    private final Map<Integer, Ping> waiting = new HashMap<>();
    private final RoundTrips roundTrips = new RoundTrips();
    private int next = 1;

    private record Ping(InetAddress address, int length, long sent, Promise<Long> reply) {}

    /// Remembers a request that is sent now.
    ///
    /// @param reply gets the round trip in nanoseconds, or fails after the time
    /// @return its identifier
    int sent(
            InetAddress address,
            int payloadLength,
            long timeoutMillis,
            EventExecutor loop,
            Promise<Long> reply,
            long now) {
        int id = next;
        next = next % 0xffff + 1;
        Ping ping = new Ping(address, payloadLength, now, reply);
        waiting.put(id, ping);
        Future<?> limit = loop.schedule(
                () -> reply.tryFailure(
                        new TimeoutException("no echo from " + address.getHostAddress() + " inside the tunnel")),
                timeoutMillis,
                TimeUnit.MILLISECONDS);
        reply.addListener(_ -> {
            waiting.remove(id, ping);
            limit.cancel(false);
        });
        return id;
    }

    /// @return whether somebody waited for this reply
    boolean replied(InetAddress source, int identifier, int payloadLength, long now) {
        Ping ping = waiting.get(identifier);
        // Identifiers are easily guessed: no peer may answer in the place of another.
        if (ping == null || ping.length() != payloadLength || !ping.address().equals(source)) {
            return false;
        }
        roundTrips.measured(source, now - ping.sent());
        ping.reply().trySuccess(now - ping.sent());
        return true;
    }

    /// Whether any reply is waited for.
    boolean isEmpty() {
        return waiting.isEmpty();
    }

    /// Whether a reply with that identifier is waited for.
    boolean expect(int identifier) {
        return waiting.containsKey(identifier);
    }

    RoundTrips roundTrips() {
        return roundTrips;
    }
}
