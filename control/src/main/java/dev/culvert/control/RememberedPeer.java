package dev.culvert.control;

import dev.culvert.dataplane.tunnel.HandshakeTimestamps;
import dev.culvert.dataplane.tunnel.PeerStatus;
import dev.culvert.proto.wireguard.PublicKey;
import dev.culvert.proto.wireguard.Timestamp;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/// What outlives the process of one peer, and its document: a line for each thing that is known.
///
/// @param endpoint where it was heard last
/// @param received the greatest timestamp of its initiations: they are refused up to this one
/// @param mark no initiation of ours up to now has had a later timestamp, and the next ones will not at once
record RememberedPeer(@Nullable InetSocketAddress endpoint, Timestamp received, Timestamp mark) {
    static final RememberedPeer NOTHING = new RememberedPeer(null, Timestamp.NONE, Timestamp.NONE);
    static final String KIND = "peers";

    /// How far the mark is ahead of the clock when it is written. Ours go out every two minutes while the peer
    /// answers, so every other one costs a write. Whoever takes the key to another program after a crash is
    /// refused for so long.
    static final int AHEAD_SECONDS = 300;

    // A mark that is ahead of the clock already, for the clock went back or the process came back soon, grows by this
    // only: an initiation then takes one nanosecond, and restarts in a loop shall not carry it into the far future.
    private static final int STEP_SECONDS = 1;

    /// With a mark that covers what may be sent before it is written again.
    ///
    /// @param now of the clock that the tunnel's timestamps are made of
    RememberedPeer markedAhead(Timestamp sent, Timestamp now) {
        Timestamp next = Timestamp.max(now.plusSeconds(AHEAD_SECONDS), sent.plusSeconds(STEP_SECONDS));
        return new RememberedPeer(endpoint, received, Timestamp.max(mark, next));
    }

    /// What is known after a look at the peer; the same if nothing is to be written.
    RememberedPeer after(PeerStatus status, Timestamp now) {
        // Who has not called since the start is still where it was last time.
        InetSocketAddress place = status.handshakeAgeNanos() >= 0 ? status.endpoint() : endpoint;
        HandshakeTimestamps seen = status.timestamps();
        RememberedPeer next =
                new RememberedPeer(place == null ? endpoint : place, Timestamp.max(received, seen.received()), mark);
        boolean sends = !seen.sent().equals(Timestamp.NONE);
        boolean due = now.plusSeconds(AHEAD_SECONDS / 2).isAfter(mark) || !mark.isAfter(seen.sent());
        return sends && due ? next.markedAhead(seen.sent(), now) : next;
    }

    HandshakeTimestamps timestamps() {
        return new HandshakeTimestamps(received, mark);
    }

    /// Keys contain `/`, `+` and `=`, document names do not.
    static String documentKey(PublicKey key) {
        return KIND + "/" + key.base64().replace('/', '_').replace('+', '-').replace("=", "");
    }

    static PublicKey publicKey(String documentKey) {
        return PublicKey.parse(
                documentKey.substring(KIND.length() + 1).replace('_', '/').replace('-', '+') + "=");
    }

    String text() {
        StringBuilder text = new StringBuilder();
        if (endpoint != null) {
            text.append("endpoint ")
                    .append(endpoint.getAddress().getHostAddress())
                    .append(' ')
                    .append(endpoint.getPort())
                    .append('\n');
        }
        if (!received.equals(Timestamp.NONE)) {
            text.append("received ").append(received).append('\n');
        }
        if (!mark.equals(Timestamp.NONE)) {
            text.append("mark ").append(mark).append('\n');
        }
        return text.toString();
    }

    /// Lines of later versions are passed over.
    ///
    /// @throws IllegalArgumentException if a line is not what it begins as
    static RememberedPeer parse(String text) {
        RememberedPeer peer = NOTHING;
        for (String line : text.lines().toList()) {
            String[] parts = line.split(" ", -1);
            if (parts[0].equals("endpoint") && parts.length == 3) {
                peer = new RememberedPeer(endpoint(parts[1], parts[2]), peer.received, peer.mark);
            } else if (parts[0].equals("received") && parts.length == 2) {
                peer = new RememberedPeer(peer.endpoint, Timestamp.parse(parts[1]), peer.mark);
            } else if (parts[0].equals("mark") && parts.length == 2) {
                peer = new RememberedPeer(peer.endpoint, peer.received, Timestamp.parse(parts[1]));
            }
        }
        return peer;
    }

    static InetSocketAddress endpoint(String address, String port) {
        return new InetSocketAddress(InetAddress.ofLiteral(address), Integer.parseInt(port));
    }
}
