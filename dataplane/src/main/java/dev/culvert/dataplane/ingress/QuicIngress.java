package dev.culvert.dataplane.ingress;

import dev.culvert.dataplane.Doorway;
import dev.culvert.dataplane.RunningModel;
import dev.culvert.dataplane.http.Http3Codec;
import dev.culvert.dataplane.http.UpstreamPool;
import dev.culvert.dataplane.tls.QuicNames;
import dev.culvert.dataplane.tls.TlsContext;
import dev.culvert.model.Listener;
import dev.culvert.model.decide.Routed;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicStreamChannel;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// HTTP/3's side of a listener with TLS: one UDP socket and all connections that come by it, on its loop.
public final class QuicIngress {
    private final Doorway doorway;
    private final Supplier<Listener> listener;
    private final UpstreamPool pool;
    private final Consumer<Channel> arrived;
    private final QuicNames names = new QuicNames(this::choose);

    /// @param listener what holds now for those who begin
    /// @param arrived is told of every connection
    public QuicIngress(Doorway doorway, Supplier<Listener> listener, UpstreamPool pool, Consumer<Channel> arrived) {
        this.doorway = doorway;
        this.listener = listener;
        this.pool = pool;
        this.arrived = arrived;
    }

    /// Turns datagrams into connections, and what they say into bytes.
    public ChannelHandler codec() {
        return Http3Codec.limited()
                .sslEngineProvider(connection -> names.newEngine(connection.alloc()))
                .tokenHandler(null)
                .handler(new ChannelInitializer<QuicChannel>() {
                    @Override
                    protected void initChannel(QuicChannel connection) {
                        arrived.accept(connection);
                        connection.pipeline().addLast(new QuicArrival(doorway, listener.get(), pool, names));
                    }
                })
                .streamHandler(new ChannelInitializer<QuicStreamChannel>() {
                    @Override
                    protected void initChannel(QuicStreamChannel stream) {
                        stream.pipeline().addLast(new LastResort());
                    }
                })
                .build();
    }

    /// The same choice as for TLS over TCP, of those that HTTP/3 can serve.
    private QuicNames.@Nullable Chosen choose(String said) {
        RunningModel now = doorway.runtime().get();
        String name = withoutDot(said.toLowerCase(Locale.ROOT));
        List<Routed> routes = now.router().routes(listener.get(), name);
        String fallback = now.model().https().fallbackName();
        if (routes.isEmpty() && fallback != null) {
            name = fallback;
            routes = now.router().routes(listener.get(), name);
        }
        if (routes.isEmpty()) {
            doorway.events().count("tls.unknown-name");
            return null;
        }
        TlsContext context = routes.getFirst().service().tls().passesThrough()
                ? null
                : doorway.tls().contexts().find(name);
        if (context == null || !context.isOpen()) {
            doorway.events().count("quic.not-served");
            return null;
        }
        return new QuicNames.Chosen(name, context);
    }

    private static String withoutDot(String name) {
        return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
    }

    /// Behind all handlers of a stream: what none of them has taken is a visitor's fault or ours, and no line in a log
    /// for each.
    private final class LastResort extends ChannelInboundHandlerAdapter {
        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            doorway.events().count("quic.stream-broken");
        }
    }
}
