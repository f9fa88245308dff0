package dev.culvert.dataplane.ingress;

import dev.culvert.dataplane.Doorway;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DatagramPacket;
import io.netty.handler.codec.quic.Quic;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The first that sees the datagrams of a UDP socket of HTTP/3. One per socket, on its loop.
///
/// QUIC's library is 7 MB, so it is loaded when somebody comes who speaks it, and not by a loop.
public final class QuicDoor extends ChannelInboundHandlerAdapter {
    private static final int KEPT_MEANWHILE = 64;

    private final Doorway doorway;
    private final Supplier<QuicIngress> ingress;
    private final Executor workers;
    private final Deque<DatagramPacket> early = new ArrayDeque<>();
    private State state = State.CLOSED;

    private enum State {
        CLOSED,
        OPENING,
        OPEN,
        BROKEN
    }

    public QuicDoor(Doorway doorway, Supplier<QuicIngress> ingress, Executor workers) {
        this.doorway = doorway;
        this.ingress = ingress;
        this.workers = workers;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        DatagramPacket packet = (DatagramPacket) message;
        switch (state) {
            case OPEN -> ctx.fireChannelRead(packet);
            case CLOSED, OPENING -> {
                if (early.size() < KEPT_MEANWHILE) {
                    early.addLast(packet);
                } else {
                    packet.release();
                }
                open(ctx.channel());
            }
            case BROKEN -> packet.release();
        }
    }

    private void open(Channel socket) {
        if (state == State.CLOSED) {
            state = State.OPENING;
            workers.execute(() -> {
                Throwable missing = Quic.unavailabilityCause();
                ChannelHandler codec = missing == null ? ingress.get().codec() : null;
                socket.eventLoop().execute(() -> opened(socket, codec, missing));
            });
        }
    }

    private void opened(Channel socket, @Nullable ChannelHandler codec, @Nullable Throwable missing) {
        if (codec == null) {
            state = State.BROKEN;
            doorway.events()
                    .report(
                            "http3",
                            "http3.unavailable",
                            "HTTP/3 is not served on this machine: "
                                    + (missing == null ? "no codec" : missing.getMessage()));
            empty();
            return;
        }
        socket.pipeline().addLast(codec);
        state = State.OPEN;
        DatagramPacket packet;
        while ((packet = early.pollFirst()) != null) {
            socket.pipeline().context(this).fireChannelRead(packet);
        }
        socket.pipeline().context(this).fireChannelReadComplete();
    }

    private void empty() {
        DatagramPacket packet;
        while ((packet = early.pollFirst()) != null) {
            packet.release();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        empty();
        ctx.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        // An ICMP message about somebody who has left (RFC 9000 §14.2.1) is none of the others' business.
        doorway.events().pipelineFailed(cause);
    }
}
