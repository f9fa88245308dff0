package dev.culvert.dataplane.ingress;

import dev.culvert.dataplane.Doorway;
import dev.culvert.model.decide.Deny;
import dev.culvert.proto.quic.DatagramDrop;
import dev.culvert.proto.quic.DatagramHead;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DatagramPacket;
import io.netty.handler.codec.quic.Quic;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/// The first that sees the datagrams of a UDP socket of HTTP/3: what cannot be a visitor's goes no further. One per
/// socket, on its loop.
///
/// QUIC's library is 7 MB, so it is loaded when somebody comes who speaks it, and not by a loop.
final class QuicDoor extends ChannelInboundHandlerAdapter {
    private static final int KEPT_MEANWHILE = 64;
    private static final Map<DatagramDrop, String> KINDS = new EnumMap<>(DatagramDrop.class);

    static {
        for (DatagramDrop drop : DatagramDrop.values()) {
            KINDS.put(drop, "quic.dropped." + drop);
        }
    }

    private final Doorway doorway;
    private final QuicIngress ingress;
    private final Executor workers;
    private final DatagramHead head = new DatagramHead();
    private final Deque<DatagramPacket> early = new ArrayDeque<>();
    private State state = State.CLOSED;

    private enum State {
        CLOSED,
        OPENING,
        OPEN,
        BROKEN
    }

    QuicDoor(Doorway doorway, QuicIngress ingress, Executor workers) {
        this.doorway = doorway;
        this.ingress = ingress;
        this.workers = workers;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        DatagramPacket packet = (DatagramPacket) message;
        if (!passes(packet)) {
            packet.release();
        } else if (state == State.OPEN) {
            ctx.fireChannelRead(packet);
        } else {
            keep(ctx.channel(), packet);
        }
    }

    private boolean passes(DatagramPacket packet) {
        ByteBuf bytes = packet.content();
        DatagramDrop drop =
                head.read(bytes.internalNioBuffer(bytes.readerIndex(), bytes.readableBytes()), ingress.ids());
        if (drop != null) {
            doorway.events().count(KINDS.getOrDefault(drop, "quic.dropped"));
            return false;
        }
        return switch (head.kind()) {
            case CONNECTION -> true;
            case INITIAL -> mayBegin(packet);
            case OTHER_VERSION -> {
                doorway.events().count("quic.other-version");
                // To answer strangers is no reason to load anything.
                yield state == State.OPEN;
            }
        };
    }

    /// Who would be refused behind the handshake is not let into it. Nothing is counted against an address that
    /// anybody can write into a datagram.
    private boolean mayBegin(DatagramPacket packet) {
        if (!ingress.isAccepting()) {
            return false;
        }
        var from = QuicArrival.plain(packet.sender()).getAddress();
        if (!doorway.mayArrive(ingress.listener(), from)) {
            return false;
        }
        Deny deny = doorway.admission().refusal(from, System.nanoTime());
        if (deny != null) {
            doorway.events().count("denied." + deny.reason());
        }
        return deny == null;
    }

    private void keep(Channel socket, DatagramPacket packet) {
        if (state == State.BROKEN || early.size() == KEPT_MEANWHILE) {
            packet.release();
            return;
        }
        early.addLast(packet);
        if (state == State.CLOSED) {
            state = State.OPENING;
            workers.execute(() -> {
                Throwable missing = Quic.unavailabilityCause();
                ChannelHandler codec = missing == null ? ingress.codec() : null;
                socket.eventLoop().execute(() -> opened(socket, codec, missing));
            });
        }
    }

    private void opened(Channel socket, @Nullable ChannelHandler codec, @Nullable Throwable missing) {
        if (codec == null || !socket.isActive()) {
            state = State.BROKEN;
            empty();
            if (missing != null) {
                doorway.events().report("http3", "http3.missing", "HTTP/3 is not served here: " + missing.getMessage());
            }
            return;
        }
        socket.pipeline().addLast(codec);
        state = State.OPEN;
        ChannelHandlerContext here = socket.pipeline().context(this);
        DatagramPacket packet;
        while ((packet = early.pollFirst()) != null) {
            here.fireChannelRead(packet);
        }
        here.fireChannelReadComplete();
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
        // ICMP about somebody who has left is none of the others' business: the socket lives on.
        doorway.events().pipelineFailed(cause);
    }
}
