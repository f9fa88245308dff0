package dev.culvert.dataplane.ingress;

import dev.culvert.dataplane.Connection;
import dev.culvert.dataplane.Dialer;
import dev.culvert.dataplane.Doorway;
import dev.culvert.dataplane.Ended;
import dev.culvert.dataplane.Failover;
import dev.culvert.dataplane.relay.Relay;
import dev.culvert.model.decide.Permit;
import dev.culvert.model.decide.TargetGroup;
import dev.culvert.model.decide.TargetState;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.util.concurrent.Future;

/// From a permit to a relay: the bytes of a visitor go to its target as they are.
final class Passage {
    private Passage() {}

    /// @param ingress leaves the visitor's pipeline when the relay takes over
    static void open(Doorway doorway, Channel visitor, ChannelHandler ingress, Permit permit, Dialer.Visitor who) {
        Connection connection = doorway.connections().begin(permit, visitor);
        TargetGroup group = doorway.runtime().get().targets().of(permit.service());
        Trial trial = new Trial(doorway, permit, who, visitor, connection);
        Future<Channel> dialled;
        try {
            dialled = new Failover<>(group, who.client().getAddress(), -1, visitor.eventLoop(), trial).connect();
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
                visitor.pipeline().remove(ingress);
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
}
