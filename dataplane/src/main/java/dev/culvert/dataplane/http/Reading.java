package dev.culvert.dataplane.http;

import dev.culvert.dataplane.tcp.TcpInfo;
import dev.culvert.model.decide.Admission;
import java.net.InetAddress;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// How a visitor takes its response (attacks.md H2-06, TC-02). One per exchange, asked every [Pace#WATCH_SECONDS]
/// on the visitor's loop.
///
/// Who pauses a film takes nothing for minutes, and who has left a hundred films lying at once means harm: the more
/// responses of an address lie, the shorter they may.
final class Reading {
    /// Why a response does not leave.
    enum Wait {
        NONE,
        /// The visitor's windows are closed (RFC 9113 §5.2), by its own word.
        WINDOW,
        /// The network does not carry more, or the visitor does not read.
        NETWORK
    }

    /// Who takes it.
    interface Reader {
        /// Why what has been written does not leave.
        Wait waits();

        /// What waits for the network; answers to a visitor's pings make it more.
        long unsent();

        /// Bytes of the response that windows have let through; 0 where there are no windows.
        long taken();

        /// How its socket gets on; null where nobody knows.
        @Nullable
        TcpInfo progress();
    }

    // Five minutes. The kernel reports room only once a third of its buffer is free, so that a slow visitor shows no
    // progress for a long while.
    private static final int MOST = 300 / Pace.WATCH_SECONDS;
    private static final int MOST_OF_MANY = 30 / Pace.WATCH_SECONDS;
    // By windows, HTTP/2's or TCP's, progress is seen byte by byte, and that it is the visitor who takes none.
    private static final int MOST_OF_MANY_BY_WINDOW = 2;
    private static final long LOOK_MICROS = TimeUnit.SECONDS.toMicros(Pace.WATCH_SECONDS);
    private static final int LEAST_BYTES = Pace.LEAST_BYTES_PER_SECOND * Pace.WATCH_SECONDS;

    private final Reader reader;
    private final Admission admission;
    private final InetAddress client;
    private long takenBefore;
    private long unsentBefore;
    private long sentBefore;
    private TcpInfo socketBefore = new TcpInfo(false, 0, 0);
    // Whether it was its own window, of HTTP/2 or TCP, that let nothing through since the look before.
    private boolean shut;
    private int looks;
    private boolean over;

    Reading(Reader reader, Admission admission, InetAddress client) {
        this.reader = reader;
        this.admission = admission;
        this.client = client;
    }

    /// Whether it has lain too long.
    ///
    /// @param sent bytes of it that have come from the target so far
    boolean isStalled(long sent) {
        Wait wait = reader.waits();
        long taken = reader.taken();
        long unsent = reader.unsent();
        shut = wait == Wait.WINDOW;
        boolean moved = switch (wait) {
            case NONE -> true;
            case WINDOW -> taken - takenBefore >= LEAST_BYTES;
            case NETWORK ->
                hasMoved(reader.progress(), taken != takenBefore || unsent < unsentBefore || sent != sentBefore);
        };
        takenBefore = taken;
        unsentBefore = unsent;
        sentBefore = sent;
        count(moved);
        int patience = shut ? MOST_OF_MANY_BY_WINDOW : MOST_OF_MANY;
        return looks >= MOST || (looks >= patience && admission.leavesTooMuch(client));
    }

    /// By the kernel's own numbers where there are some: an outage of the network is none of the visitor's doing, a
    /// window that it keeps shut is.
    private boolean hasMoved(@Nullable TcpInfo now, boolean seemsTo) {
        if (now == null) {
            return seemsTo;
        }
        TcpInfo before = socketBefore;
        socketBefore = now;
        shut = now.shutMicros() - before.shutMicros() > LOOK_MICROS / 2;
        return now.acknowledged() - before.acknowledged() >= LEAST_BYTES;
    }

    private void count(boolean moved) {
        if (!moved && looks++ == 0) {
            admission.leftLying(client);
        } else if (moved) {
            takenUp();
        }
    }

    private void takenUp() {
        if (looks > 0) {
            looks = 0;
            admission.takenUp(client);
        }
    }

    /// The response is over, in whatever way.
    void end() {
        if (!over) {
            over = true;
            takenUp();
        }
    }
}
