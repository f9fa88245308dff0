package dev.culvert.dataplane.tunnel;

import java.nio.ByteBuffer;

/// Which part of the initiations shall reach this process: all, until more come than it wants to answer, for each
/// costs a cookie reply at least. Those without mac2 and those with one have shares of their own: who holds a cookie
/// need not wait among those who do not.
///
/// Counted is what has passed; what has come follows from the share that was let pass.
final class InitiationShare {
    /// Of each kind; with their cookie replies they take some 5 % of a processor.
    private static final int MOST_PER_SECOND = 4000;

    private static final long SECOND = 1_000_000_000L;
    private static final long WINDOW = SECOND / 4;

    // A share is worth a new filter if it differs by this factor.
    private static final double NOTEWORTHY = 1.25;

    private static final int INITIATION = 1;
    private static final int INITIATION_BYTES = 148;
    private static final int MAC2 = 132;

    private double bare = 1;
    private double proven = 1;
    private int bareCame;
    private int provenCame;
    private long began;
    private boolean begun;

    /// Takes note of a datagram, if it looks like an initiation.
    void count(ByteBuffer datagram) {
        int at = datagram.position();
        if (datagram.remaining() < INITIATION_BYTES || datagram.get(at) != INITIATION) {
            return;
        }
        if (datagram.getLong(at + MAC2) == 0 && datagram.getLong(at + MAC2 + 8) == 0) {
            bareCame++;
        } else {
            provenCame++;
        }
    }

    /// Looks at what has come since the last look, four times a second.
    ///
    /// @return whether the kernel is to be told: a share is another one, or peers may be elsewhere meanwhile
    boolean review(long now) {
        if (!begun) {
            begun = true;
            began = now;
        }
        long elapsed = now - began;
        if (elapsed < WINDOW) {
            return false;
        }
        double newBare = share(bareCame, bare, elapsed);
        double newProven = share(provenCame, proven, elapsed);
        boolean wasPartial = isPartial();
        bare = newBare;
        proven = newProven;
        bareCame = 0;
        provenCame = 0;
        began = now;
        return wasPartial || isPartial();
    }

    private static double share(int came, double current, long elapsed) {
        double perSecond = came / current * SECOND / elapsed;
        double wanted = perSecond <= MOST_PER_SECOND ? 1 : MOST_PER_SECOND / perSecond;
        boolean same = wanted < current * NOTEWORTHY && wanted > current / NOTEWORTHY && wanted < 1;
        return same ? current : wanted;
    }

    boolean isPartial() {
        return bare < 1 || proven < 1;
    }

    double bare() {
        return bare;
    }

    double proven() {
        return proven;
    }

    /// When to look again although nothing comes: who knocks after a flood shall find the door open.
    long nextDeadline() {
        return isPartial() ? began + WINDOW : Long.MAX_VALUE;
    }
}
