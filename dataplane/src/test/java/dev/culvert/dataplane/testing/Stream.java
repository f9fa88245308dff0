package dev.culvert.dataplane.testing;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import java.util.concurrent.CompletableFuture;
import java.util.zip.CRC32C;

/// Sends a given number of bytes that everybody can compute, then ends its output; sums up what it receives.
public final class Stream extends ChannelInboundHandlerAdapter {
    private final long total;
    private final CRC32C received = new CRC32C();
    private final CompletableFuture<Sum> ended = new CompletableFuture<>();
    private final CompletableFuture<Throwable> failed = new CompletableFuture<>();
    private long sent;
    private long count;

    /// What a stream was: its length and its CRC-32C.
    public record Sum(long count, long crc) {
        public static Sum of(long total) {
            CRC32C crc = new CRC32C();
            for (long at = 0; at < total; at++) {
                crc.update(byteAt(at));
            }
            return new Sum(total, crc.getValue());
        }
    }

    public Stream(long total) {
        this.total = total;
    }

    private static int byteAt(long position) {
        return (int) (position * 31 + (position >> 9));
    }

    /// Done at the end of what the other side sends.
    public CompletableFuture<Sum> ended() {
        return ended;
    }

    public CompletableFuture<Throwable> failed() {
        return failed;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        pump(ctx);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        pump(ctx);
    }

    private void pump(ChannelHandlerContext ctx) {
        if (total == 0 || sent == total) {
            return;
        }
        while (sent < total && ctx.channel().isWritable()) {
            byte[] piece = new byte[(int) Math.min(16_384, total - sent)];
            for (int i = 0; i < piece.length; i++) {
                piece[i] = (byte) byteAt(sent + i);
            }
            sent += piece.length;
            ctx.writeAndFlush(Unpooled.wrappedBuffer(piece));
        }
        if (sent == total) {
            ctx.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(_ -> ((DuplexChannel) ctx.channel()).shutdownOutput());
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        count += bytes.readableBytes();
        received.update(bytes.nioBuffer());
        bytes.release();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            ended.complete(new Sum(count, received.getValue()));
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        ended.complete(new Sum(count, received.getValue()));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        failed.complete(cause);
    }
}
