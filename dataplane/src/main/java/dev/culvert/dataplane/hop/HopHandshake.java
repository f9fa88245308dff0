package dev.culvert.dataplane.hop;

import dev.culvert.dataplane.DialException;
import dev.culvert.dataplane.DialException.Broken;
import dev.culvert.proto.proxyprotocol.HopCode;
import dev.culvert.proto.proxyprotocol.HopReply;
import dev.culvert.proto.proxyprotocol.HopRequest;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// The gateway's side of the hop: sends the request, waits for the reply, keeps what came behind it until a relay takes
/// its place.
public final class HopHandshake extends ByteToMessageDecoder {
    // Longer than the site's own limit for dialling a target, so that the site can still say what happened.
    private static final int REPLY_SECONDS = 10;

    private final HopRequest request;
    private final Promise<Channel> connected;

    public HopHandshake(HopRequest request, Promise<Channel> connected) {
        this.request = request;
        this.connected = connected;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        int length = request.length();
        ByteBuf out = ctx.alloc().buffer(length);
        ByteBuffer view = out.nioBuffer(0, length);
        out.writerIndex(request.write(view));
        ctx.writeAndFlush(out);
        Future<?> deadline = ctx.executor()
                .schedule(
                        () -> fail(ctx, Broken.TARGET_TIMEOUT, "no reply of the site"),
                        REPLY_SECONDS,
                        TimeUnit.SECONDS);
        connected.addListener(_ -> deadline.cancel(false));
        ctx.read();
    }

    /// The decoder beneath reads on as long as nothing comes of it; what stands behind the reply waits in the tunnel's
    /// window until somebody wants it.
    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) throws Exception {
        if (connected.isDone()) {
            ctx.fireChannelReadComplete();
        } else {
            super.channelReadComplete(ctx);
        }
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        if (connected.isDone()) {
            return;
        }
        switch (HopReply.parse(in.nioBuffer())) {
            case HopReply.NeedMore _ -> {}
            case HopReply.Malformed(var reason) -> fail(ctx, Broken.PROTOCOL, reason.toString());
            case HopReply.Accepted(HopReply reply) -> {
                in.skipBytes(HopReply.LENGTH);
                if (reply.code() == HopCode.OK) {
                    connected.trySuccess(ctx.channel());
                } else {
                    fail(ctx, broken(reply.code()), "");
                }
            }
        }
    }

    static Broken broken(HopCode code) {
        return switch (code) {
            case DENIED -> Broken.DENIED;
            case REFUSED -> Broken.TARGET_REFUSED;
            case UNREACHABLE -> Broken.TARGET_UNREACHABLE;
            case TIMEOUT -> Broken.TARGET_TIMEOUT;
            case OVERLOADED -> Broken.OVERLOADED;
            case BAD_HEADER, UNKNOWN_FLOW, OK -> Broken.PROTOCOL;
        };
    }

    /// Not for the decoder beneath, which would throw away what it keeps; the relay asks the channel itself.
    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent && !connected.isDone()) {
            fail(ctx, Broken.SITE_REFUSED, "closed before it replied");
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) throws Exception {
        fail(ctx, Broken.SITE_REFUSED, "closed before it replied");
        super.channelInactive(ctx);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        fail(ctx, Broken.SITE_REFUSED, String.valueOf(cause.getMessage()));
        ctx.fireExceptionCaught(cause);
    }

    private void fail(ChannelHandlerContext ctx, Broken broken, String detail) {
        if (connected.tryFailure(new DialException(broken, detail))) {
            ctx.close();
        }
    }
}
