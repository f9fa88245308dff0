package dev.culvert.dataplane.ingress;

import dev.culvert.dataplane.Dialer;
import dev.culvert.dataplane.Doorway;
import dev.culvert.model.Listener;
import dev.culvert.model.ProxyTrust;
import dev.culvert.model.ProxyTrust.Expectation;
import dev.culvert.model.decide.Admitted;
import dev.culvert.model.decide.Deny;
import dev.culvert.proto.proxyprotocol.ProxyFault;
import dev.culvert.proto.proxyprotocol.ProxyHeader;
import dev.culvert.proto.proxyprotocol.ProxyHeaderParser;
import dev.culvert.proto.proxyprotocol.Tlv;
import dev.culvert.proto.proxyprotocol.Transport;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Reads the PROXY header of a connection whose other end may send one, judges whom it names, and makes room for the
/// ingress of what follows. One per connection, on its loop.
///
/// The load balancer in front is bounded as one connection each, not as a visitor; the visitor it names passes
/// admission as if it had come itself.
public final class ProxyIngress extends ChannelInboundHandlerAdapter {
    // proxy-protocol.md §2: a header may come in pieces, but not forever.
    private static final int HEADER_SECONDS = 5;
    // Where servers speak first, who sends no header waits for the greeting: a load balancer sends its header at once.
    private static final int GRACE_MILLIS = 200;

    private static final ProxyHeaderParser PARSER = new ProxyHeaderParser();

    private final Doorway doorway;
    private final Listener listener;
    private final ProxyTrust trust;
    private final Consumer<Dialer.Visitor> next;
    private final FirstBytes first = new FirstBytes();
    private boolean optional;
    private boolean settled;
    private @Nullable Admitted admitted;
    private @Nullable Future<?> deadline;

    /// @param trust of this listener; the other end of the channel is one that it names
    /// @param next puts the ingress of a visitor behind this handler
    public ProxyIngress(Doorway doorway, Listener listener, ProxyTrust trust, Consumer<Dialer.Visitor> next) {
        this.doorway = doorway;
        this.listener = listener;
        this.trust = trust;
        this.next = next;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        InetAddress peer = peer(ctx.channel()).getAddress();
        if (!doorway.mayArrive(listener, peer)) {
            ctx.close();
            return;
        }
        optional = trust.of(peer) == Expectation.OPTIONAL;
        switch (doorway.admission().acceptProxy(peer, System.nanoTime())) {
            case Deny deny ->
                doorway.refuse(ctx.channel(), deny, doorway.admission().limits().refusal());
            case Admitted ok -> {
                admitted = ok;
                boolean mayWaitForGreeting = optional && listener.protocol() == Listener.Protocol.TCP;
                long millis = mayWaitForGreeting ? GRACE_MILLIS : TimeUnit.SECONDS.toMillis(HEADER_SECONDS);
                deadline = ctx.executor().schedule(() -> late(ctx), millis, TimeUnit.MILLISECONDS);
                ctx.read();
            }
        }
    }

    private static InetSocketAddress peer(Channel channel) {
        return (InetSocketAddress) channel.remoteAddress();
    }

    private void late(ChannelHandlerContext ctx) {
        if (optional && first.isEmpty()) {
            plain(ctx);
        } else if (optional && listener.protocol() == Listener.Protocol.TCP && deadline != null) {
            // It has begun: from here on as for everybody.
            optional = false;
            long left = TimeUnit.SECONDS.toMillis(HEADER_SECONDS) - GRACE_MILLIS;
            deadline = ctx.executor().schedule(() -> late(ctx), left, TimeUnit.MILLISECONDS);
        } else {
            doorway.events().count("proxy.slow");
            ctx.close();
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        if (settled) {
            ctx.fireChannelRead(bytes);
            return;
        }
        first.add(ctx.alloc(), bytes);
        if (optional && !ProxyHeaderParser.couldBeHeader(first.view())) {
            plain(ctx);
            return;
        }
        switch (PARSER.parse(first.view())) {
            case ProxyHeaderParser.NeedMore _ -> {}
            case ProxyHeaderParser.Malformed(ProxyFault fault) -> {
                doorway.events().count("proxy.malformed." + fault);
                refuse(ctx);
            }
            case ProxyHeaderParser.Accepted(ProxyHeader header, int consumed) -> {
                first.skip(consumed);
                judge(ctx, header);
            }
        }
    }

    private void refuse(ChannelHandlerContext ctx) {
        settled = true;
        first.take().release();
        ctx.close();
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        if (settled) {
            ctx.fireChannelReadComplete();
        } else {
            ctx.read();
        }
    }

    /// Whoever speaks for itself, or of an address that is none of TCP's, is the visitor.
    private void judge(ChannelHandlerContext ctx, ProxyHeader header) {
        InetSocketAddress client = header.clientOn(Transport.TCP);
        InetSocketAddress local = header.destination();
        if (client == null || local == null) {
            plain(ctx);
            return;
        }
        InetAddress sender = peer(ctx.channel()).getAddress();
        if (doorway.mayClaim(listener, trust, sender, client.getAddress())) {
            proceed(ctx, new Dialer.Visitor(client, local, Tlv.ofVisitor(header.tlvs())));
            return;
        }
        refuse(ctx);
    }

    private void plain(ChannelHandlerContext ctx) {
        proceed(ctx, new Dialer.Visitor(peer(ctx.channel()), (InetSocketAddress)
                ctx.channel().localAddress()));
    }

    private void proceed(ChannelHandlerContext ctx, Dialer.Visitor visitor) {
        settled = true;
        over();
        ByteBuf rest = first.take();
        next.accept(visitor);
        if (ctx.channel().isActive() && rest.isReadable()) {
            ctx.fireChannelRead(rest);
        } else {
            rest.release();
        }
        if (!ctx.isRemoved()) {
            ctx.pipeline().remove(this);
        }
    }

    /// The load balancer is no more than the way from here on.
    private void over() {
        Future<?> current = deadline;
        if (current != null) {
            current.cancel(false);
            deadline = null;
        }
        Admitted peer = admitted;
        if (peer != null) {
            doorway.admission().release(peer);
            admitted = null;
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent && !settled) {
            ctx.close();
        } else {
            ctx.fireUserEventTriggered(event);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        over();
        ctx.fireChannelInactive();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        over();
        first.take().release();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        doorway.events().pipelineFailed(cause);
        ctx.close();
    }
}
