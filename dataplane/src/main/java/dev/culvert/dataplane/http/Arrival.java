package dev.culvert.dataplane.http;

import dev.culvert.dataplane.tls.Secured;
import dev.culvert.model.decide.Admitted;
import io.netty.channel.Channel;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/// How a visitor came, which holds for all requests of its connection.
///
/// @param client the visitor, as the socket knows it, or a judged header
/// @param local where the visitor connected to
/// @param admitted that it may connect at all
/// @param tls what the handshake settled; null where there was none
public record Arrival(
        InetSocketAddress client,
        InetSocketAddress local,
        Admitted admitted,
        @Nullable Secured tls) {
    /// A visitor without TLS whom a judged header names.
    public static Arrival behind(InetSocketAddress client, InetSocketAddress local, Admitted admitted) {
        return new Arrival(client, local, admitted, null);
    }

    static Arrival plain(Channel channel, Admitted admitted) {
        return new Arrival(
                (InetSocketAddress) channel.remoteAddress(),
                (InetSocketAddress) channel.localAddress(),
                admitted,
                null);
    }

    /// As it stands in a URL.
    public String scheme() {
        return tls == null ? "http" : "https";
    }
}
