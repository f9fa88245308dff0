package dev.culvert.control.doctor;

import dev.culvert.control.machine.SaneClock;
import dev.culvert.dataplane.Ports;
import dev.culvert.dataplane.internal.TunnelClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/// How far this machine's clock and a peer's are apart, by the Date of the peer's control port.
final class PeerClockCheck implements Check {
    private static final long MILLIS = 2_000;
    // Tokens live for fifteen minutes: a third of that would already be felt.
    private static final Duration TOLERANCE = Duration.ofMinutes(5);

    private final TunnelClient client;
    private final String peer;
    private final InetAddress address;
    private final InstantSource clock;

    PeerClockCheck(TunnelClient client, String peer, InetAddress address, InstantSource clock) {
        this.client = client;
        this.peer = peer;
        this.address = address;
        this.clock = clock;
    }

    @Override
    public String name() {
        return peer + ": clock";
    }

    @Override
    public Finding run() {
        Instant theirs;
        try {
            theirs = Answers.of(client.clock(new InetSocketAddress(address, Ports.CONTROL), MILLIS), MILLIS + 500);
        } catch (IOException e) {
            return Finding.unknown(name(), "it does not tell its time through the tunnel");
        }
        Duration apart = Duration.between(clock.instant(), theirs);
        if (apart.abs().compareTo(TOLERANCE) <= 0) {
            return Finding.ok(name(), "the same as here, within minutes");
        }
        return Finding.broken(
                name(),
                "the clocks are apart: here " + second(clock.instant()) + ", at " + peer + " " + second(theirs),
                "on the machine whose clock is wrong, " + SaneClock.FIX);
    }

    private static String second(Instant instant) {
        return instant.toString().substring(0, 19) + "Z";
    }
}
