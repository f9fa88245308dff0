package dev.culvert.dataplane.http;

import dev.culvert.dataplane.Connection;
import dev.culvert.model.decide.Allowance;
import io.netty.util.concurrent.EventExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/// Keeps the bodies of one exchange to what its visitor and service may carry: where too much was carried, reading
/// waits.
/// On the visitor's loop.
final class Toll {
    final Lane request;
    final Lane response;

    private Toll(Connection connection, Allowance allowance, EventExecutor loop) {
        this.request = new Lane(connection.received(), loop) {
            @Override
            long charge(int bytes, long now) {
                return allowance.inward(bytes, now);
            }
        };
        this.response = new Lane(connection.sent(), loop) {
            @Override
            long charge(int bytes, long now) {
                return allowance.outward(bytes, now);
            }
        };
    }

    /// Null where it may go as fast as it can.
    static @Nullable Toll of(Connection connection, EventExecutor loop) {
        Allowance allowance = connection.allowance();
        return allowance == null ? null : new Toll(connection, allowance, loop);
    }

    /// One direction.
    abstract static class Lane {
        private final LongAdder carried;
        private final EventExecutor loop;
        private long charged;
        private boolean waits;

        Lane(LongAdder carried, EventExecutor loop) {
            this.carried = carried;
            this.loop = loop;
        }

        abstract long charge(int bytes, long now);

        /// Whether nothing more shall be read now.
        ///
        /// @param later run when it may be
        boolean holds(Runnable later) {
            if (waits) {
                return true;
            }
            long total = carried.sum();
            long pause = charge((int) (total - charged), System.nanoTime());
            charged = total;
            if (pause > 0) {
                waits = true;
                loop.schedule(() -> goOn(later), pause, TimeUnit.NANOSECONDS);
            }
            return waits;
        }

        private void goOn(Runnable later) {
            waits = false;
            later.run();
        }
    }
}
