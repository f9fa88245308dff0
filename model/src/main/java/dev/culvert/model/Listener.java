package dev.culvert.model;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// An address and port of the node at which visitors or peers arrive.
///
/// @param scope who can reach it
/// @param bind where it listens; within the tunnel the address is always any
/// @param protocol what is spoken there
/// @param service the one service behind it, or null where the HTTP Host chooses
public record Listener(
        Scope scope, Bind bind, Protocol protocol, @Nullable String service) implements Entry {
    public enum Scope {
        PUBLIC("public"),
        TUNNEL("tunnel"),
        LAN("lan");

        private final String word;

        Scope(String word) {
            this.word = word;
        }

        @Override
        public String toString() {
            return word;
        }
    }

    public enum Protocol {
        HTTP("http"),
        /// TLS; the name in its hello chooses.
        HTTPS("https"),
        TCP("tcp"),
        /// Datagrams, at each port of the bind.
        UDP("udp"),
        /// What the node tells about itself, to who may scrape it.
        METRICS("metrics");

        private final String word;

        Protocol(String word) {
            this.word = word;
        }

        @Override
        public String toString() {
            return word;
        }
    }

    /// Where a site's visitors arrive whose TLS its gateways have passed on; no socket of its own.
    public static final Listener BEHIND_HOP = new Listener(Scope.TUNNEL, Bind.any(0), Protocol.HTTPS, null);

    /// Asked for every connection and request: what makes most of them differ.
    @Override
    public int hashCode() {
        return 31 * bind.port() + protocol.hashCode();
    }

    /// Whether both need the same socket.
    public boolean sameSocket(Listener other) {
        return scope == other.scope && bind.equals(other.bind) && isUdp() == other.isUdp();
    }

    /// Whether its sockets are of UDP.
    public boolean isUdp() {
        return protocol == Protocol.UDP;
    }

    @Override
    public String label() {
        return "listener " + scope + " " + bind + (isUdp() ? "/udp" : "");
    }

    @Override
    public Map<String, List<String>> settings() {
        return new Settings().put("protocol", protocol).put("service", service).done();
    }
}
