package dev.culvert.dataplane.ingress;

import dev.culvert.dataplane.Dialer;
import dev.culvert.dataplane.Doorway;
import dev.culvert.model.Listener;
import dev.culvert.model.decide.Admitted;
import dev.culvert.model.decide.Demand;
import dev.culvert.model.decide.Deny;
import dev.culvert.model.decide.Permit;
import dev.culvert.model.decide.Routed;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.net.InetSocketAddress;

/// A TCP listener's visitor, from accept to relay: admission, route, access, permit, dial, relay. One per connection.
public final class TcpIngress extends ChannelInboundHandlerAdapter {
    private final Doorway doorway;
    private final Listener listener;

    public TcpIngress(Doorway doorway, Listener listener) {
        this.doorway = doorway;
        this.listener = listener;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        InetSocketAddress client = (InetSocketAddress) ctx.channel().remoteAddress();
        switch (doorway.admission().accept(client.getAddress(), System.nanoTime())) {
            case Deny deny -> refuse(ctx, deny);
            case Admitted admitted -> {
                ctx.channel().closeFuture().addListener(_ -> doorway.admission().release(admitted));
                route(ctx, admitted, client);
            }
        }
    }

    private void route(ChannelHandlerContext ctx, Admitted admitted, InetSocketAddress client) {
        switch (doorway.runtime().get().router().route(listener)) {
            case Deny deny -> refuse(ctx, deny);
            case Routed routed -> {
                switch (doorway.admission().permit(admitted, routed, System.nanoTime())) {
                    case Deny deny -> refuse(ctx, deny);
                    // No service of TCP can demand anything; whoever could not show it is not let in.
                    case Demand _ -> ctx.close();
                    case Permit permit -> {
                        InetSocketAddress local =
                                (InetSocketAddress) ctx.channel().localAddress();
                        Passage.open(doorway, ctx.channel(), this, permit, new Dialer.Visitor(client, local));
                    }
                }
            }
        }
    }

    private void refuse(ChannelHandlerContext ctx, Deny deny) {
        doorway.events().count("denied." + deny.reason());
        ctx.close();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        doorway.events().pipelineFailed(cause);
        ctx.close();
    }
}
