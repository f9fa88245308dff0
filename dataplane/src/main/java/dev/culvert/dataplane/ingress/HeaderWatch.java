package dev.culvert.dataplane.ingress;

import dev.culvert.dataplane.Events;
import dev.culvert.dataplane.relay.Relay;
import dev.culvert.proto.proxyprotocol.ProxyHeaderParser;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import java.nio.ByteBuffer;

/// Cuts a visitor that begins with a PROXY header and may not send one, or not a second one: its target might believe
/// it. First in a TCP visitor's pipeline, until its first bytes are known.
///
/// It keeps nothing back: whoever speaks slowly has to be answered, and no receiver acts on a part of a signature.
public final class HeaderWatch extends ChannelInboundHandlerAdapter {
    public static final String NAME = "header-watch";

    // `PROXY ` and the twelve bytes of version 2.
    private static final int LINE = 6;
    private static final int BINARY = 12;

    private final Events events;
    private final ByteBuffer first = ByteBuffer.allocate(BINARY);
    private boolean over;

    public HeaderWatch(Events events) {
        this.events = events;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (over || !(message instanceof ByteBuf bytes)) {
            ctx.fireChannelRead(message);
            return;
        }
        ByteBuffer part = first.duplicate();
        int taken = Math.min(part.remaining(), bytes.readableBytes());
        bytes.getBytes(bytes.readerIndex(), part.limit(part.position() + taken));
        first.position(first.position() + taken);
        ByteBuffer seen = first.duplicate().flip();
        if (!ProxyHeaderParser.couldBeHeader(seen)) {
            over = true;
            ctx.fireChannelRead(message);
            ctx.pipeline().remove(this);
        } else if (seen.remaining() == BINARY || (seen.remaining() >= LINE && seen.get(0) == 'P')) {
            over = true;
            ReferenceCountUtil.release(message);
            events.count("proxy.untrusted");
            Relay.reset(ctx.channel());
        } else {
            ctx.fireChannelRead(message);
        }
    }
}
