package dev.culvert.dataplane.ingress;

import dev.culvert.dataplane.Doorway;
import dev.culvert.dataplane.Drain;
import dev.culvert.dataplane.RunningModel;
import dev.culvert.dataplane.http.Http3Codec;
import dev.culvert.dataplane.http.UpstreamPool;
import dev.culvert.dataplane.tls.QuicNames;
import dev.culvert.dataplane.tls.TlsContext;
import dev.culvert.model.Listener;
import dev.culvert.model.decide.Routed;
import dev.culvert.proto.quic.DatagramHead;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// HTTP/3's side of a listener with TLS: one UDP socket and all connections that come by it, on its loop. Its owner is
/// the reconciler, which may call from any thread.
public final class QuicIngress {
    private final Doorway doorway;
    private final UpstreamPool pool;
    private final Consumer<Channel> arrived;
    private final ConnectionIds ids = new ConnectionIds();
    private final HalfOpen halfOpen = new HalfOpen();
    private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private volatile Listener listener;
    private volatile boolean accepting = true;

    /// @param arrived is told of every connection
    public QuicIngress(Doorway doorway, Listener listener, UpstreamPool pool, Consumer<Channel> arrived) {
        this.doorway = doorway;
        this.listener = listener;
        this.pool = pool;
        this.arrived = arrived;
    }

    /// The handler of the socket.
    public ChannelHandler door(Executor workers) {
        return new QuicDoor(doorway, this, workers);
    }

    /// What holds for those who begin from now on.
    public void listener(Listener next) {
        listener = next;
    }

    Listener listener() {
        return listener;
    }

    /// Whether visitors may begin. Who begins meanwhile hears nothing, and asks again in a moment.
    public void accept(boolean wanted) {
        accepting = wanted;
    }

    boolean isAccepting() {
        return accepting;
    }

    /// Lets nobody begin any more, and those who have begun come to their end.
    ///
    /// @return done when there is nobody left
    public Future<?> drain() {
        accepting = false;
        connections.forEach(each -> each.pipeline().fireUserEventTriggered(Drain.Notice.BEGIN));
        return connections.newCloseFuture();
    }

    DatagramHead.Own ids() {
        return ids;
    }

    /// Turns datagrams into connections, and what they say into bytes.
    ChannelHandler codec() {
        QuicNames names = new QuicNames(this::choose);
        return Http3Codec.limited()
                .localConnectionIdLength(DatagramHead.ID_LENGTH)
                .connectionIdAddressGenerator(ids)
                .tokenHandler(new RetryTokens(halfOpen, doorway.events()))
                .sslEngineProvider(connection -> names.newEngine(connection.alloc()))
                .handler(new ChannelInitializer<QuicChannel>() {
                    @Override
                    protected void initChannel(QuicChannel connection) {
                        connections.add(connection);
                        arrived.accept(connection);
                        connection.pipeline().addLast(new QuicArrival(doorway, listener, pool, names, halfOpen));
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
        List<Routed> routes = now.router().routes(listener, name);
        String fallback = now.model().https().fallbackName();
        if (routes.isEmpty() && fallback != null) {
            name = fallback;
            routes = now.router().routes(listener, name);
        }
        if (routes.isEmpty()) {
            doorway.events().count("quic.unknown-name");
            return null;
        }
        boolean elsewhere = routes.getFirst().service().tls().passesThrough();
        TlsContext context = elsewhere ? null : doorway.tls().contexts().find(name);
        if (context == null || !context.isOpen()) {
            doorway.events().count("quic.not-served");
            return null;
        }
        return new QuicNames.Chosen(name, context);
    }

    private static String withoutDot(String name) {
        return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
    }

    /// Behind all handlers of a stream: what none of them has taken is a visitor's fault, and no line in a log.
    private final class LastResort extends ChannelInboundHandlerAdapter {
        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            doorway.events().count("quic.stream-broken");
        }
    }
}
