package dev.culvert.dataplane.http;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.util.ArrayDeque;
import java.util.Queue;

/// Hands on one message for each read that was asked for and keeps the rest, at most what one read of the socket holds.
///
/// A read stays open until a message satisfies it, however many reads of the socket that takes; Netty's own
/// FlowControlHandler forgets it at the end of the first. A read within a message's handling is served by the loop that
/// is already running, so that a body of many small chunks costs no stack. The end of the stream waits for its turn.
final class MessageGate extends ChannelDuplexHandler {
    private final Queue<Object> waiting = new ArrayDeque<>(4);
    private boolean wanted;
    // A read has gone down the pipeline and brought nothing yet: a second one would only cost its way.
    private boolean reading;
    private boolean delivering;
    private boolean inputEnded;

    @Override
    public void read(ChannelHandlerContext ctx) {
        wanted = true;
        if (delivering) {
            return;
        }
        deliver(ctx);
        readOn(ctx);
    }

    private void readOn(ChannelHandlerContext ctx) {
        if (wanted && !reading) {
            reading = true;
            ctx.read();
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        reading = false;
        if (delivering || !wanted) {
            waiting.add(message);
        } else {
            // Who waits finds nothing in the queue.
            hand(ctx, message);
            deliver(ctx);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        reading = false;
        ctx.fireChannelReadComplete();
        readOn(ctx);
    }

    private void hand(ChannelHandlerContext ctx, Object message) {
        wanted = false;
        delivering = true;
        ctx.fireChannelRead(message);
        delivering = false;
    }

    private void deliver(ChannelHandlerContext ctx) {
        while (wanted && !waiting.isEmpty()) {
            hand(ctx, waiting.remove());
        }
        if (inputEnded && waiting.isEmpty()) {
            inputEnded = false;
            ctx.fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent && !waiting.isEmpty()) {
            inputEnded = true;
        } else {
            ctx.fireUserEventTriggered(event);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        passAll(ctx);
        ctx.fireChannelInactive();
    }

    /// Who removes it takes what waits, and must hear of an end of the read, be it that the last message has just gone.
    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        passAll(ctx);
        ctx.fireChannelReadComplete();
    }

    private void passAll(ChannelHandlerContext ctx) {
        while (!waiting.isEmpty()) {
            ctx.fireChannelRead(waiting.remove());
        }
        if (inputEnded) {
            inputEnded = false;
            ctx.fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
        }
    }
}
