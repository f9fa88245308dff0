package dev.culvert.dataplane.http;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/// Hands on one message a `read()`, in order, however many one network read has decoded; the end of the input waits
/// until
/// all before it were taken.
///
/// Netty's FlowControlHandler takes the end of a network read for an answer to every open `read()`, so that one which
/// was
/// asked from within `channelRead` is lost; an exchange does just that.
final class OneByOne extends ChannelDuplexHandler {
    // What codecs decode from one network read: bounded by the receive buffer.
    private @Nullable Deque<Object> waiting;
    private boolean wanted;

    @Override
    public void read(ChannelHandlerContext ctx) {
        Object next = waiting == null ? null : waiting.pollFirst();
        if (next == null) {
            wanted = true;
            ctx.read();
        } else if (next instanceof ChannelInputShutdownEvent) {
            ctx.fireUserEventTriggered(next);
        } else {
            ctx.fireChannelRead(next);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (wanted) {
            wanted = false;
            ctx.fireChannelRead(message);
            return;
        }
        keep(message);
    }

    private void keep(Object message) {
        Deque<Object> queue = waiting;
        if (queue == null) {
            queue = new ArrayDeque<>(4);
            waiting = queue;
        }
        queue.addLast(message);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        ctx.fireChannelReadComplete();
        if (wanted) {
            ctx.read();
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent && waiting != null && !waiting.isEmpty()) {
            keep(event);
        } else {
            ctx.fireUserEventTriggered(event);
        }
    }

    /// A relay takes the place: what waits is its business now.
    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        Deque<Object> rest = waiting;
        waiting = null;
        while (rest != null && !rest.isEmpty()) {
            Object next = rest.removeFirst();
            if (next instanceof ChannelInputShutdownEvent) {
                ctx.fireUserEventTriggered(next);
            } else {
                ctx.fireChannelRead(next);
            }
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        Deque<Object> rest = waiting;
        waiting = null;
        if (rest != null) {
            rest.forEach(ReferenceCountUtil::release);
        }
        ctx.fireChannelInactive();
    }
}
