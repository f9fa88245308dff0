package dev.culvert.dataplane.ingress;

import dev.culvert.dataplane.Connection;
import dev.culvert.dataplane.Dialer;
import dev.culvert.dataplane.Doorway;
import dev.culvert.dataplane.Ended;
import dev.culvert.dataplane.relay.Relay;
import dev.culvert.model.decide.Permit;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.util.concurrent.Future;

/// From a permit to a relay: the bytes of a visitor go to its target as they are.
final class Passage {
    private Passage() {}

    /// @param ingress leaves the visitor's pipeline when the relay takes over
    static void open(Doorway doorway, Channel visitor, ChannelHandler ingress, Permit permit, Dialer.Visitor who) {
        Connection connection = doorway.connections().begin(permit, visitor);
        Future<Channel> dialled;
        try {
            dialled = doorway.dialer().dial(permit, who, visitor.eventLoop());
        } catch (RuntimeException bug) {
            connection.ended();
            throw bug;
        }
        dialled.addListener(done -> {
            if (!done.isSuccess()) {
                failed(doorway, permit, done);
                connection.dialFailed(done.cause());
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

    private static void failed(Doorway doorway, Permit permit, Future<?> done) {
        doorway.events()
                .report(
                        permit.service().name(),
                        "dial.failed",
                        "no connection to " + permit.service().target() + ": "
                                + done.cause().getMessage());
    }
}
