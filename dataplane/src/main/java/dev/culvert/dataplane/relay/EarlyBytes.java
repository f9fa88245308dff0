package dev.culvert.dataplane.relay;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
import java.util.ArrayDeque;
import java.util.Deque;

/// Keeps what a channel reads before anybody asked, until this handler is removed; goes in under [Relay#HANDSHAKE].
///
/// With auto-read off that happens on epoll when the peer ends its direction: Netty then reads all that waits in the
/// kernel. A peer that sends and ends before its connection is relayed would lose every byte.
public final class EarlyBytes extends ChannelInboundHandlerAdapter {
    private final Deque<Object> kept = new ArrayDeque<>(2);

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        kept.addLast(message);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        // Nothing was handed on.
    }

    /// The relay asks the channel itself whether its input has ended.
    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (!(event instanceof ChannelInputShutdownEvent) && !(event instanceof ChannelInputShutdownReadComplete)) {
            ctx.fireUserEventTriggered(event);
        }
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        if (kept.isEmpty()) {
            return;
        }
        while (!kept.isEmpty()) {
            ctx.fireChannelRead(kept.removeFirst());
        }
        ctx.fireChannelReadComplete();
    }
}
