package dev.culvert.dataplane.http;

import dev.culvert.dataplane.Connection;
import dev.culvert.dataplane.Failover;
import dev.culvert.model.decide.Permit;
import dev.culvert.model.decide.TargetState;
import io.netty.util.concurrent.Future;
import java.util.function.Consumer;

/// Gets a connection to one target after the other for a request of which none has seen a byte.
///
/// @param http1 whether only HTTP/1.1 will do
/// @param onTry told of each that is asked
record TargetTrial(
        HttpIngress ingress,
        HttpVisitor visitor,
        Permit permit,
        Connection connection,
        String id,
        boolean http1,
        Consumer<TargetState> onTry)
        implements Failover.Trial<UpstreamPool.Lease> {
    @Override
    public Future<UpstreamPool.Lease> dial(TargetState target, boolean again) {
        onTry.accept(target);
        connection.through(target);
        return ingress.pool().acquire(permit, target.destination(), ingress.visitor(), visitor.loop(), again, http1);
    }

    @Override
    public void failed(TargetState target, Throwable cause) {
        connection.targetFailed(cause);
        String text = "no connection to " + target.destination() + ": " + cause.getMessage();
        ingress.report(permit, "dial.failed", text, id);
    }

    @Override
    public void discard(UpstreamPool.Lease late) {
        late.upstream().close();
    }
}
