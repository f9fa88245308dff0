package dev.culvert.model.decide;

import dev.culvert.model.Balancing;
import java.net.InetAddress;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/// The targets of one service, and which of them is next. Knows nothing of HTTP; shared by all loops without a lock.
public final class TargetGroup {
    /// The most targets that a service has: who tried which is a set of bits.
    public static final int MOST = 64;

    private final List<TargetState> targets;
    private final Balancing.Method method;
    private final AtomicInteger turn = new AtomicInteger();

    TargetGroup(List<TargetState> targets, Balancing.Method method) {
        this.targets = List.copyOf(targets);
        this.method = method;
    }

    public List<TargetState> targets() {
        return targets;
    }

    /// The target whose cookie says `id`, or -1.
    public int byId(String id) {
        for (int i = 0; i < targets.size(); i++) {
            if (targets.get(i).id().equals(id)) {
                return i;
            }
        }
        return -1;
    }

    /// Chooses for a connection or request. Where no target is well, any is better than none.
    ///
    /// @param preferred the one to have if it is well, or -1
    /// @param tried bits of those that have failed it, by index
    /// @return an index into [#targets()], or -1 where all have been tried
    public int choose(InetAddress client, int preferred, long tried, long now) {
        if (targets.size() == 1) {
            return (tried & 1) == 0 ? 0 : -1;
        }
        if (preferred >= 0
                && (tried >> preferred & 1) == 0
                && targets.get(preferred).isUsable(now)) {
            return preferred;
        }
        long ruledOut = tried;
        while (true) {
            int next = next(client, ruledOut);
            if (next < 0 || targets.get(next).isUsable(now)) {
                return next >= 0 ? next : next(client, tried);
            }
            ruledOut |= 1L << next;
        }
    }

    private int next(InetAddress client, long ruledOut) {
        return switch (method) {
            case ROUND_ROBIN -> inTurn(ruledOut);
            case LEAST_CONNECTIONS -> leastBusy(ruledOut);
            case SOURCE -> bySource(client, ruledOut);
        };
    }

    private int inTurn(long ruledOut) {
        int start = turn.getAndIncrement();
        for (int i = 0; i < targets.size(); i++) {
            int index = Math.floorMod(start + i, targets.size());
            if ((ruledOut >> index & 1) == 0) {
                return index;
            }
        }
        return -1;
    }

    /// Of equally busy ones, in turn.
    private int leastBusy(long ruledOut) {
        int start = turn.getAndIncrement();
        int best = -1;
        for (int i = 0; i < targets.size(); i++) {
            int index = Math.floorMod(start + i, targets.size());
            boolean free = (ruledOut >> index & 1) == 0;
            if (free
                    && (best < 0
                            || targets.get(index).active() < targets.get(best).active())) {
                best = index;
            }
        }
        return best;
    }

    /// Highest random weight (Thaler, Ravishankar 1998): a target that goes or comes moves its own visitors alone.
    private int bySource(InetAddress client, long ruledOut) {
        long bits = VisitorUnit.of(client).bits();
        int best = -1;
        long heaviest = 0;
        for (int i = 0; i < targets.size(); i++) {
            long weight = VisitorUnit.mix(bits ^ targets.get(i).hash);
            if ((ruledOut >> i & 1) == 0 && (best < 0 || weight > heaviest)) {
                best = i;
                heaviest = weight;
            }
        }
        return best;
    }

    /// For services that are not in the model any more.
    static TargetGroup empty() {
        return new TargetGroup(Collections.emptyList(), Balancing.Method.ROUND_ROBIN);
    }
}
