package dev.culvert.dataplane.ingress;

import dev.culvert.dataplane.Connection;
import dev.culvert.dataplane.Dialer;
import dev.culvert.dataplane.Doorway;
import dev.culvert.dataplane.Ended;
import dev.culvert.dataplane.Failover;
import dev.culvert.dataplane.relay.Relay;
import dev.culvert.model.Listener;
import dev.culvert.model.decide.Admitted;
import dev.culvert.model.decide.Demand;
import dev.culvert.model.decide.Deny;
import dev.culvert.model.decide.Permit;
import dev.culvert.model.decide.Routed;
import dev.culvert.model.decide.TargetGroup;
import dev.culvert.model.decide.TargetState;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.concurrent.Future;
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
                    case Permit permit -> dial(ctx, permit, client);
                }
            }
        }
    }

    private void dial(ChannelHandlerContext ctx, Permit permit, InetSocketAddress client) {
        Channel visitor = ctx.channel();
        Connection connection = doorway.connections().begin(permit, visitor);
        Dialer.Visitor who = new Dialer.Visitor(client, (InetSocketAddress) visitor.localAddress());
        TargetGroup group = doorway.runtime().get().targets().of(permit.service());
        Future<Channel> dialled;
        try {
            dialled = new Failover<>(
                            group,
                            client.getAddress(),
                            -1,
                            visitor.eventLoop(),
                            new Trial(doorway, permit, who, visitor, connection))
                    .connect();
        } catch (RuntimeException bug) {
            connection.ended();
            throw bug;
        }
        dialled.addListener(done -> {
            if (!done.isSuccess()) {
                connection.dialFailed();
                connection.ended();
                visitor.close();
                return;
            }
            Channel target = (Channel) done.getNow();
            if (visitor.isActive()) {
                // A visitor's reset is the relay's to pass on; here it would become an orderly end.
                ctx.pipeline().remove(this);
                Relay.join(visitor, target, connection);
            } else {
                connection.how(Ended.How.VISITOR);
                connection.ended();
                target.close();
            }
        });
    }

    private record Trial(Doorway doorway, Permit permit, Dialer.Visitor who, Channel visitor, Connection connection)
            implements Failover.Trial<Channel> {
        @Override
        public Future<Channel> dial(TargetState target, boolean again) {
            connection.through(target);
            return doorway.dialer().dial(permit, target.destination(), who, visitor.eventLoop());
        }

        @Override
        public void failed(TargetState target, Throwable cause) {
            connection.targetFailed(cause);
            doorway.events()
                    .report(
                            permit.service().name(),
                            "dial.failed",
                            "no connection to " + target.destination() + ": " + cause.getMessage());
        }

        @Override
        public void discard(Channel late) {
            late.close();
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
