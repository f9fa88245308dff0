package dev.culvert.dataplane.tunnel;

import dev.culvert.proto.inet.IpPrefix;
import dev.culvert.proto.wireguard.PeerConfig;
import dev.culvert.proto.wireguard.PublicKey;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// An interface of Linux's own WireGuard. Owned by the tunnel loop; a call is done when it returns, in a fraction of a
/// millisecond for a hundred peers.
public interface KernelWireGuard extends AutoCloseable {
    /// What is to become of one peer.
    sealed interface Change {
        PublicKey peer();

        /// Adds a peer, or changes it in place.
        ///
        /// @param replace whether it loses all the addresses that it had
        /// @param allowedIps those that it gets
        record Put(PeerConfig config, boolean replace, List<IpPrefix> allowedIps) implements Change {
            @Override
            public PublicKey peer() {
                return config.publicKey();
            }
        }

        /// Another place to reach it at.
        record Redirect(PublicKey peer, InetSocketAddress endpoint) implements Change {}

        /// Sends it an empty packet, and so a handshake where there is no session.
        ///
        /// @param keepalive what its persistent keepalive is, in seconds
        record Greet(PublicKey peer, int keepalive) implements Change {}

        record Remove(PublicKey peer) implements Change {}
    }

    /// A peer as the kernel knows it.
    ///
    /// @param handshakeNanos Unix nanoseconds of the last handshake, 0 if there was none
    record Seen(
            PublicKey peer, @Nullable InetSocketAddress endpoint, long handshakeNanos, long rxBytes, long txBytes) {}

    /// The interface's name.
    String name();

    /// The UDP port that peers send to.
    int listenPort();

    /// Carries changes out, in order. A peer that is changed keeps its session.
    ///
    /// @throws IOException if the kernel refuses one; those before it hold
    void change(List<Change> changes) throws IOException;

    /// Every peer.
    ///
    /// @throws IOException if the interface is gone
    List<Seen> peers() throws IOException;

    /// How many packets it dropped, by the kernel's names.
    Map<String, Long> drops();

    /// Removes the interface.
    @Override
    void close();
}
