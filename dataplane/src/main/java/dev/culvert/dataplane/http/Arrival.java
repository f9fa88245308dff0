package dev.culvert.dataplane.http;

import dev.culvert.dataplane.Dialer;
import dev.culvert.dataplane.tls.Secured;
import dev.culvert.model.decide.Admitted;
import dev.culvert.proto.proxyprotocol.Tlv;
import io.netty.channel.Channel;
import java.net.InetSocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// How a visitor came, which holds for all requests of its connection.
///
/// @param client the visitor, as the socket knows it, or a judged header
/// @param local where the visitor connected to
/// @param admitted that it may connect at all
/// @param tls what the handshake settled; null where there was none
/// @param told what else is known of the visitor, by who stands in front
public record Arrival(
        InetSocketAddress client,
        InetSocketAddress local,
        Admitted admitted,
        @Nullable Secured tls,
        List<Tlv> told) {
    /// A visitor without TLS whom a judged header names.
    public static Arrival behind(Dialer.Visitor visitor, Admitted admitted) {
        return new Arrival(visitor.client(), visitor.local(), admitted, null, visitor.told());
    }

    static Arrival plain(Channel channel, Admitted admitted) {
        return new Arrival(
                (InetSocketAddress) channel.remoteAddress(),
                (InetSocketAddress) channel.localAddress(),
                admitted,
                null,
                List.of());
    }

    /// As it stands in a URL.
    public String scheme() {
        return tls == null ? "http" : "https";
    }
}
