package dev.culvert.dataplane.http;

import dev.culvert.dataplane.relay.Relay;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.CombinedChannelDuplexHandler;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.Http2StreamChannel;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import org.jspecify.annotations.Nullable;

/// One HTTP connection to a target, lent to one exchange at a time.
///
/// Lives on the loop of its channel and hands everything to the exchange's loop, in order. Without an exchange it only
/// waits to be closed: a target that speaks unasked is cut.
final class Upstream extends ChannelInboundHandlerAdapter {
    private final Channel channel;
    private volatile @Nullable HttpExchange exchange;
    /// When its idle time began; written on the channel's loop before it is shared.
    volatile long parkedAt;

    private volatile boolean bytes;
    private boolean headRead;
    // Of the request, on the exchange's loop: written with what follows it, as one message where that is all of it.
    private @Nullable HttpRequest head;

    private Upstream(Channel channel) {
        this.channel = channel;
    }

    /// Puts the codec on a connection that has just been dialled; what a handshake handler still holds is passed on.
    static Upstream on(Channel channel) {
        Upstream upstream = new Upstream(channel);
        HttpCodecs.target(channel.pipeline());
        channel.pipeline().addLast(Relay.HTTP, upstream);
        if (channel.pipeline().get(Relay.HANDSHAKE) != null) {
            channel.pipeline().remove(Relay.HANDSHAKE);
        }
        if (channel instanceof DuplexChannel duplex && duplex.isInputShutdown()) {
            // The end came while the handshake handler kept such news to itself.
            channel.close();
        }
        return upstream;
    }

    /// One stream of a connection with many, for one exchange; its codec is there.
    static Upstream onStream(Channel stream) {
        Upstream upstream = new Upstream(stream);
        stream.pipeline().addLast(Relay.HTTP, upstream);
        return upstream;
    }

    Channel channel() {
        return channel;
    }

    /// Whether it is one stream of a connection, of use for one exchange only.
    boolean isStream() {
        return channel instanceof Http2StreamChannel;
    }

    /// Sends the head of a request, with what follows it or with the next flush.
    void head(HttpRequest next) {
        head = next;
    }

    private void writeHead() {
        HttpRequest pending = head;
        if (pending != null) {
            head = null;
            channel.write(pending, promise());
        }
    }

    /// What the encoder does not take is an exception of the pipeline, and so the end of it. The writes of a stream
    /// may fail behind its response, which is no such thing.
    private ChannelPromise promise() {
        return isStream() ? channel.newPromise() : channel.voidPromise();
    }

    /// Sends a piece of its body.
    void content(HttpContent piece) {
        HttpRequest pending = head;
        if (bytes) {
            raw(piece.content(), piece instanceof LastHttpContent);
        } else if (pending != null && piece instanceof LastHttpContent last) {
            head = null;
            channel.write(Heads.whole(pending, last), promise());
        } else {
            writeHead();
            channel.write(piece, promise());
        }
    }

    private void raw(ByteBuf piece, boolean last) {
        ChannelFuture written = channel.write(piece);
        if (last) {
            written.addListener((ChannelFutureListener) done -> {
                if (done.isSuccess() && done.channel() instanceof DuplexChannel duplex) {
                    duplex.shutdownOutput();
                }
            });
        }
    }

    /// What the connection was switched to is not HTTP: from now on bodies are its bytes, both ways, and the end of a
    /// body is the end of a direction.
    void switchToBytes() {
        bytes = true;
        if (channel.eventLoop().inEventLoop()) {
            removeEncoder();
        } else {
            channel.eventLoop().execute(this::removeEncoder);
        }
        // Not while it is decoding.
        channel.eventLoop().execute(() -> {
            if (channel.pipeline().get(Relay.HTTP_CODEC) != null) {
                channel.pipeline().remove(Relay.HTTP_CODEC);
                channel.read();
            }
        });
    }

    /// Before the first bytes: it would refuse them.
    private void removeEncoder() {
        if (channel.pipeline().get(Relay.HTTP_CODEC) instanceof CombinedChannelDuplexHandler<?, ?> codec) {
            codec.removeOutboundHandler();
        }
    }

    void flush() {
        writeHead();
        channel.flush();
    }

    boolean isWritable() {
        return channel.isWritable();
    }

    /// Wants one more piece of the response.
    void read() {
        channel.read();
    }

    /// Ends it, and what its target is doing.
    ChannelFuture close() {
        return channel.close();
    }

    void lend(HttpExchange to) {
        exchange = to;
        // On another loop than the channel's: it may have closed before there was an exchange to tell.
        if (channel.isActive()) {
            channel.read();
        } else {
            to.later(() -> to.upstreamClosed(this));
        }
    }

    /// Takes it back; one read stays open, so that a close by the target is noticed.
    void reclaim() {
        exchange = null;
        channel.read();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        HttpExchange current = exchange;
        if (current == null) {
            ReferenceCountUtil.release(message);
            ctx.close();
            return;
        }
        headRead = message instanceof HttpResponse;
        Object said = message instanceof ByteBuf raw ? new DefaultHttpContent(raw) : message;
        current.onLoop(() -> current.upstreamRead(this, said));
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        HttpExchange current = exchange;
        if (headRead && current != null) {
            headRead = false;
            current.onLoop(current::upstreamPaused);
        }
        ctx.fireChannelReadComplete();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        HttpExchange current = exchange;
        if (current != null && ctx.channel().isWritable()) {
            current.onLoop(current::upstreamWritable);
        }
        ctx.fireChannelWritabilityChanged();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        // HTTP knows no half-close: a target that has ended will not answer the next request.
        HttpExchange current = exchange;
        if (!(event instanceof ChannelInputShutdownEvent) && !(event instanceof SslCloseCompletionEvent)) {
            return;
        }
        if (bytes && current != null) {
            current.onLoop(() -> current.upstreamRead(this, LastHttpContent.EMPTY_LAST_CONTENT));
        } else {
            ctx.close();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        HttpExchange current = exchange;
        if (current != null) {
            current.onLoop(() -> current.upstreamClosed(this));
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        HttpExchange current = exchange;
        if (current != null) {
            // First, for at the close the codec takes a body without a length for complete.
            current.onLoop(() -> current.upstreamClosed(this));
        }
        ctx.close();
    }
}
