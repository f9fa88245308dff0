package dev.culvert.dataplane.hop;

import dev.culvert.dataplane.Connection;
import dev.culvert.dataplane.ConnectionRegistry;
import dev.culvert.dataplane.DialException;
import dev.culvert.dataplane.Dialer;
import dev.culvert.dataplane.Events;
import dev.culvert.dataplane.relay.Relay;
import dev.culvert.dataplane.site.Source;
import dev.culvert.dataplane.site.TargetDialer;
import dev.culvert.model.ClientAddress;
import dev.culvert.model.ClientVerdict;
import dev.culvert.model.SiteRules;
import dev.culvert.model.Surroundings;
import dev.culvert.model.Target;
import dev.culvert.model.Transport;
import dev.culvert.proto.proxyprotocol.HopCode;
import dev.culvert.proto.proxyprotocol.HopReply;
import dev.culvert.proto.proxyprotocol.HopRequest;
import dev.culvert.proto.proxyprotocol.HopRequestParser;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// The site's side of the hop, one per connection: reads the request, judges it by the home's own rules, dials,
/// replies.
///
/// It is the wall behind a taken-over gateway: what is not on the home's lists is refused, whatever the gateway says.
public final class HopServer extends ByteToMessageDecoder {
    // proxy-protocol.md, section 2: a header may come in pieces, but not forever.
    private static final int REQUEST_SECONDS = 5;

    private final Site site;
    private boolean judged;
    private @Nullable Future<?> deadline;

    /// What every connection of the hop needs of the site it arrives at.
    public interface Site {
        /// The name of the gateway at this address inside the tunnel; null for anybody else.
        @Nullable
        String gateway(InetAddress address);

        /// The rules that hold now.
        SiteRules rules();

        /// This machine's own addresses, which no visitor can have, and what is close to it.
        Surroundings surroundings();

        /// Whether what targets answer to visitors' own addresses comes to this process.
        boolean hearsAnswersToVisitors();

        TargetDialer targets();

        /// Takes a channel over whose next bytes are a visitor's TLS.
        void terminate(Channel channel, Dialer.Visitor visitor);

        ConnectionRegistry connections();

        Events events();
    }

    public HopServer(Site site) {
        this.site = site;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        if (gateway(ctx) == null) {
            site.events().count("hop.stranger");
            ctx.close();
            return;
        }
        deadline = ctx.executor().schedule(() -> refuse(ctx, HopCode.BAD_HEADER), REQUEST_SECONDS, TimeUnit.SECONDS);
        ctx.read();
    }

    private @Nullable String gateway(ChannelHandlerContext ctx) {
        return site.gateway(((InetSocketAddress) ctx.channel().remoteAddress()).getAddress());
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        if (judged) {
            return;
        }
        switch (HopRequestParser.parse(in.nioBuffer())) {
            case HopRequestParser.NeedMore _ -> {}
            case HopRequestParser.Malformed malformed -> {
                site.events().count("hop.malformed." + malformed.reason());
                refuse(ctx, HopCode.BAD_HEADER);
            }
            case HopRequestParser.Accepted accepted -> {
                in.skipBytes(accepted.consumed());
                judged();
                judge(ctx, accepted.request());
            }
        }
    }

    private void judged() {
        judged = true;
        Future<?> current = deadline;
        if (current != null) {
            current.cancel(false);
        }
    }

    /// The decoder beneath reads on as long as nothing comes of it; what stands behind the request must wait in the
    /// tunnel's window for the target, or a gateway could fill this machine's memory.
    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) throws Exception {
        if (judged) {
            ctx.fireChannelReadComplete();
        } else {
            super.channelReadComplete(ctx);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) throws Exception {
        judged();
        super.channelInactive(ctx);
    }

    private void judge(ChannelHandlerContext ctx, HopRequest request) {
        String gateway = String.valueOf(gateway(ctx));
        HopRequest.Target target = request.target();
        SiteRules rules = site.rules();
        if (target.protocol() == HopRequest.Protocol.UDP || !rules.allows(target.host(), target.port())) {
            site.events()
                    .report(
                            gateway,
                            "hop.denied.target",
                            "asked for " + name(target) + ", which is not on the allow: list of site.yaml: refused");
            refuse(ctx, HopCode.DENIED);
            return;
        }
        InetSocketAddress client = request.client();
        if (client != null) {
            ClientVerdict verdict =
                    rules.mayClaim(client.getAddress(), site.surroundings().own());
            if (!verdict.isAllowed()) {
                site.events()
                        .report(
                                gateway,
                                "hop.denied.client",
                                "says that a visitor of " + name(target) + " comes from "
                                        + client.getAddress().getHostAddress() + " (" + verdict
                                        + "), which cannot be: refused (clients: in site.yaml would allow it)");
                refuse(ctx, HopCode.DENIED);
                return;
            }
        }
        InetSocketAddress local = request.local();
        if (target.protocol() == HopRequest.Protocol.TLS) {
            if (client == null || local == null) {
                refuse(ctx, HopCode.BAD_HEADER);
            } else {
                terminate(ctx, new Dialer.Visitor(client, local));
            }
            return;
        }
        Predicate<InetAddress> may = address -> rules.mayDial(target.host(), target.port(), address);
        Source source = null;
        if (client != null && request.announcement() == HopRequest.Announcement.TRANSPARENT) {
            if (!InVisitorsName.isAllowed(site, gateway, Transport.TCP, target, client.getAddress())) {
                refuse(ctx, HopCode.DENIED);
                return;
            }
            may = InVisitorsName.may(site, Transport.TCP, target);
            source = InVisitorsName.source(site, client);
        }
        site.targets()
                .dial(target.host(), target.port(), may, source, ctx.channel().eventLoop())
                .addListener(done -> dialled(ctx, request, gateway, done));
    }

    /// The visitor's TLS ends here: what follows the request is its hello.
    private void terminate(ChannelHandlerContext ctx, Dialer.Visitor visitor) {
        reply(ctx, HopCode.OK);
        site.terminate(ctx.channel(), visitor);
        ctx.pipeline().remove(this);
    }

    static String name(HopRequest.Target target) {
        String host = target.host();
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + target.port();
    }

    private void dialled(ChannelHandlerContext ctx, HopRequest request, String gateway, Future<? super Channel> done) {
        if (!done.isSuccess()) {
            Throwable cause = done.cause();
            site.events()
                    .report(
                            name(request.target()),
                            "target.failed",
                            "no connection to the target: " + cause.getMessage());
            refuse(ctx, cause instanceof DialException broken ? code(broken.broken()) : HopCode.UNREACHABLE);
            return;
        }
        Channel target = (Channel) done.getNow();
        if (!ctx.channel().isActive()) {
            target.close();
            return;
        }
        InetSocketAddress client = request.client();
        InetSocketAddress local = request.local();
        if (client != null && local != null) {
            ProxyAnnouncement.write(target, announce(request), client, local, request.told());
        }
        reply(ctx, HopCode.OK);
        InetAddress from = client != null
                ? client.getAddress()
                : ((InetSocketAddress) ctx.channel().remoteAddress()).getAddress();
        Connection connection = site.connections()
                .beginHop(
                        new Target(
                                Target.Scheme.TCP,
                                request.target().host(),
                                request.target().port()),
                        gateway,
                        from,
                        ctx.channel());
        connection.dialledFrom(target.localAddress());
        Relay.join(ctx.channel(), target, connection);
    }

    private static ClientAddress announce(HopRequest request) {
        return switch (request.announcement()) {
            case NONE -> ClientAddress.NONE;
            case PROXY_V1 -> ClientAddress.PROXY_V1;
            case PROXY_V2 -> ClientAddress.PROXY_V2;
            case TRANSPARENT -> ClientAddress.TRANSPARENT;
        };
    }

    static HopCode code(DialException.Broken broken) {
        return switch (broken) {
            case DENIED -> HopCode.DENIED;
            case TARGET_REFUSED, SITE_REFUSED -> HopCode.REFUSED;
            case TARGET_TIMEOUT -> HopCode.TIMEOUT;
            case OVERLOADED -> HopCode.OVERLOADED;
            case TARGET_UNREACHABLE, SITE_SILENT, PROTOCOL, TARGET_TLS -> HopCode.UNREACHABLE;
        };
    }

    private void refuse(ChannelHandlerContext ctx, HopCode code) {
        site.events().count("hop.refused." + code);
        judged();
        reply(ctx, code).addListener(ChannelFutureListener.CLOSE);
    }

    private static ChannelFuture reply(ChannelHandlerContext ctx, HopCode code) {
        ByteBuf out = ctx.alloc().buffer(HopReply.LENGTH);
        ByteBuffer view = out.nioBuffer(0, HopReply.LENGTH);
        new HopReply(code).write(view);
        out.writerIndex(HopReply.LENGTH);
        return ctx.writeAndFlush(out);
    }

    /// Not for the decoder beneath, which would throw away what it keeps; the relay asks the channel itself.
    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent && !judged) {
            ctx.close();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (judged) {
            ctx.fireExceptionCaught(cause);
        } else {
            site.events().pipelineFailed(cause);
            ctx.close();
        }
    }
}
