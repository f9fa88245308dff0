package dev.culvert.dataplane.ingress;

import dev.culvert.dataplane.Dialer;
import dev.culvert.dataplane.Doorway;
import dev.culvert.model.Listener;
import dev.culvert.model.Refusal;
import dev.culvert.model.decide.Admitted;
import dev.culvert.model.decide.Demand;
import dev.culvert.model.decide.Deny;
import dev.culvert.model.decide.Permit;
import dev.culvert.model.decide.Routed;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/// A TCP listener's visitor, from accept to relay: admission, route, access, permit, dial, relay. One per connection.
public final class TcpIngress extends ChannelInboundHandlerAdapter {
    private final Doorway doorway;
    private final Listener listener;
    private final Dialer.@Nullable Visitor behind;
    private boolean begun;

    /// @param behind the visitor where a PROXY header names it; null where it is the channel's other end
    public TcpIngress(Doorway doorway, Listener listener, Dialer.@Nullable Visitor behind) {
        this.doorway = doorway;
        this.listener = listener;
        this.behind = behind;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        if (ctx.channel().isActive()) {
            begin(ctx);
        }
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        begin(ctx);
    }

    private void begin(ChannelHandlerContext ctx) {
        if (begun) {
            return;
        }
        begun = true;
        Dialer.Visitor visitor = behind != null
                ? behind
                : new Dialer.Visitor((InetSocketAddress) ctx.channel().remoteAddress(), (InetSocketAddress)
                        ctx.channel().localAddress());
        Admitted admitted = doorway.admit(ctx.channel(), visitor.client().getAddress());
        if (admitted != null) {
            route(ctx, admitted, visitor);
        }
    }

    private void route(ChannelHandlerContext ctx, Admitted admitted, Dialer.Visitor visitor) {
        switch (doorway.runtime().get().router().route(listener)) {
            case Deny deny -> doorway.refuse(ctx.channel(), deny, Refusal.CLOSE);
            case Routed routed -> {
                switch (doorway.admission().permit(admitted, routed, System.nanoTime())) {
                    case Deny deny -> {
                        Refusal how = routed.service().access().limits().refusal();
                        doorway.refuse(ctx.channel(), deny, how);
                    }
                    // No service of TCP can demand anything; whoever could not show it is not let in.
                    case Demand _ -> ctx.close();
                    case Permit permit -> Passage.open(doorway, ctx.channel(), this, permit, visitor);
                }
            }
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        doorway.events().pipelineFailed(cause);
        ctx.close();
    }
}
