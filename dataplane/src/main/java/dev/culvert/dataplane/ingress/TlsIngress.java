package dev.culvert.dataplane.ingress;

import dev.culvert.dataplane.Doorway;
import dev.culvert.dataplane.http.Arrival;
import dev.culvert.dataplane.http.Http1Connection;
import dev.culvert.dataplane.http.Http2Session;
import dev.culvert.dataplane.http.HttpIngress;
import dev.culvert.dataplane.http.UpstreamPool;
import dev.culvert.dataplane.tls.Challenges;
import dev.culvert.dataplane.tls.Secured;
import dev.culvert.dataplane.tls.TlsContext;
import dev.culvert.model.Listener;
import dev.culvert.model.decide.Admitted;
import dev.culvert.model.decide.Deny;
import dev.culvert.proto.tls.ClientHello;
import dev.culvert.proto.tls.ClientHelloParser;
import dev.culvert.proto.tls.HelloFault;
import dev.culvert.proto.tls.HelloVerdict;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/// A visitor of a listener with TLS, from accept to the protocol within: the name in its hello says where it leads. One
/// per connection, on its loop.
public final class TlsIngress extends ChannelInboundHandlerAdapter {
    // attacks.md TL-02, TC-01: from the connection to the end of its handshake, whatever comes in between.
    private static final int HANDSHAKE_SECONDS = 10;
    private static final String TLS = "tls";

    private static final byte[] NO_TLS = """
            HTTP/1.1 400 Bad Request\r
            Content-Type: text/plain; charset=us-ascii\r
            Content-Length: 29\r
            Connection: close\r
            \r
            This port speaks HTTPS only.
            """.getBytes(StandardCharsets.US_ASCII);
    // A fatal alert, unrecognized_name (RFC 6066 §3), in a record of TLS 1.2.
    private static final byte[] UNRECOGNIZED_NAME = {21, 3, 3, 0, 2, 2, 112};

    private final Doorway doorway;
    private final Listener listener;
    private final UpstreamPool pool;
    private final ClientHelloParser parser = new ClientHelloParser();
    private ByteBuf seen = Unpooled.EMPTY_BUFFER;
    private @Nullable Admitted admitted;
    private @Nullable Future<?> deadline;
    private boolean decided;
    private @Nullable SslHandler shaking;
    private @Nullable Consumer<SslHandler> shaken;

    public TlsIngress(Doorway doorway, Listener listener, UpstreamPool pool) {
        this.doorway = doorway;
        this.listener = listener;
        this.pool = pool;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        InetSocketAddress client = (InetSocketAddress) ctx.channel().remoteAddress();
        switch (doorway.admission().accept(client.getAddress(), System.nanoTime())) {
            case Deny deny -> {
                doorway.events().count("denied." + deny.reason());
                ctx.close();
            }
            case Admitted ok -> {
                admitted = ok;
                ctx.channel().closeFuture().addListener(_ -> doorway.admission().release(ok));
                deadline = ctx.executor().schedule(() -> tooSlow(ctx), HANDSHAKE_SECONDS, TimeUnit.SECONDS);
                ctx.read();
            }
        }
    }

    private void tooSlow(ChannelHandlerContext ctx) {
        doorway.events().count("tls.slow");
        ctx.close();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        if (decided) {
            bytes.release();
            return;
        }
        int before = seen.readableBytes();
        if (before == 0) {
            seen.release();
            seen = bytes;
        } else {
            // Pieces are gathered in one buffer that doubles: every byte is moved a bounded number of times.
            if (!seen.isWritable(bytes.readableBytes())) {
                ByteBuf larger = ctx.alloc().buffer(2 * (before + bytes.readableBytes()));
                larger.writeBytes(seen);
                seen.release();
                seen = larger;
            }
            seen.writeBytes(bytes);
            bytes.release();
        }
        switch (parser.handleBytes(seen.nioBuffer(seen.readerIndex() + before, seen.readableBytes() - before))) {
            case HelloVerdict.NeedMore _ -> {}
            case HelloVerdict.Malformed(HelloFault fault) -> malformed(ctx, fault);
            case HelloVerdict.Accepted(ClientHello hello) -> {
                decided = true;
                route(ctx, hello);
            }
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        if (!decided) {
            ctx.read();
        }
    }

    private void malformed(ChannelHandlerContext ctx, HelloFault fault) {
        doorway.events().count("tls.malformed." + fault);
        if (fault == HelloFault.PLAIN_HTTP) {
            closeWith(ctx, NO_TLS);
        } else {
            closeWith(ctx, new byte[0]);
        }
    }

    private void closeWith(ChannelHandlerContext ctx, byte[] last) {
        decided = true;
        ctx.writeAndFlush(Unpooled.wrappedBuffer(last)).addListener(ChannelFutureListener.CLOSE);
    }

    private void route(ChannelHandlerContext ctx, ClientHello hello) {
        String name = hello.serverName() == null ? "" : hello.serverName();
        if (hello.protocols().contains(Challenges.ACME_TLS)) {
            SslHandler challenge = doorway.tls().challenges().tls(name, ctx.alloc());
            if (challenge != null) {
                doorway.events().count("acme.tls");
                shake(ctx, challenge, null);
                return;
            }
        }
        TlsContext context = doorway.tls().contexts().find(name);
        if (context == null) {
            doorway.events().count("tls.unknown-name");
            closeWith(ctx, UNRECOGNIZED_NAME);
            return;
        }
        shake(ctx, context.newHandler(ctx.alloc()), handler -> secured(ctx, handler, context, name));
    }

    /// Lets TLS begin with the bytes that were seen.
    ///
    /// @param done what follows the handshake; null for nothing but the end
    private void shake(ChannelHandlerContext ctx, SslHandler handler, @Nullable Consumer<SslHandler> done) {
        // The deadline here is for all of it.
        handler.setHandshakeTimeoutMillis(0);
        shaking = handler;
        shaken = done;
        ctx.pipeline().addBefore(ctx.name(), TLS, handler);
        ByteBuf hello = seen;
        seen = Unpooled.EMPTY_BUFFER;
        ctx.pipeline().fireChannelRead(hello);
        ctx.pipeline().fireChannelReadComplete();
    }

    /// Comes before the first byte of what is within.
    private void completed(ChannelHandlerContext ctx, SslHandshakeCompletionEvent event) {
        cancelDeadline();
        SslHandler handler = shaking;
        Consumer<SslHandler> done = shaken;
        if (!event.isSuccess()) {
            doorway.events().count("tls.failed");
        }
        if (event.isSuccess() && handler != null && done != null) {
            done.accept(handler);
        } else {
            ctx.close();
        }
    }

    private void secured(ChannelHandlerContext ctx, SslHandler handler, TlsContext context, String name) {
        Channel channel = ctx.channel();
        Admitted who = admitted;
        if (who == null || !channel.isActive()) {
            return;
        }
        Secured secured = new Secured(context, name, client(handler));
        Arrival arrival = new Arrival(
                (InetSocketAddress) channel.remoteAddress(), (InetSocketAddress) channel.localAddress(), who, secured);
        String protocol = handler.applicationProtocol();
        ctx.pipeline().remove(this);
        switch (protocol == null ? "" : protocol) {
            case "h2" -> Http2Session.install(channel, new HttpIngress(doorway, listener, pool, channel, arrival));
            default -> Http1Connection.install(channel, new HttpIngress(doorway, listener, pool, channel, arrival));
        }
    }

    private static @Nullable X509Certificate client(SslHandler handler) {
        try {
            return handler.engine().getSession().getPeerCertificates()[0] instanceof X509Certificate shown
                    ? shown
                    : null;
        } catch (SSLPeerUnverifiedException none) {
            return null;
        }
    }

    private void cancelDeadline() {
        Future<?> current = deadline;
        if (current != null) {
            current.cancel(false);
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            ctx.close();
        } else if (event instanceof SslHandshakeCompletionEvent completion) {
            completed(ctx, completion);
        } else {
            ctx.fireUserEventTriggered(event);
        }
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        seen.release();
        seen = Unpooled.EMPTY_BUFFER;
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        cancelDeadline();
        ctx.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        doorway.events().pipelineFailed(cause);
        ctx.close();
    }
}
