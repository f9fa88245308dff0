package dev.culvert.dataplane.tunnel;

import io.netty.channel.IoEventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Joins a stack and a [PacketPort] on one event loop, which owns both.
final class PacketPump implements Pump {
    private static final Logger LOG = LoggerFactory.getLogger(PacketPump.class);
    // So many packets each way before other work of the loop has its turn.
    private static final int BATCH = 128;
    // The stack may want room before a packet: see Inside.handlePacket.
    private static final int HEADROOM = 16;
    private static final int LARGEST = 65_535;
    private static final long NEVER = Long.MAX_VALUE;

    private final IoEventLoop loop;
    private final StackInside stack;
    private final PacketPort port;
    private final ForwardedDatagrams forwarded;
    private final TunnelClock clock = new TunnelClock();
    private final ByteBuffer in = ByteBuffer.allocate(HEADROOM + LARGEST);
    private final ByteBuffer out;
    private final Runnable pump = this::pump;
    private boolean readable = true;
    private boolean scheduled;
    private boolean closed;
    private @Nullable ScheduledFuture<?> timer;
    private long timerAt = NEVER;
    private long failures;

    /// @param own this node's addresses inside the tunnel
    PacketPump(IoEventLoop loop, StackInside stack, PacketPort port, List<InetAddress> own, int mtu) {
        this.loop = loop;
        this.stack = stack;
        this.port = port;
        this.forwarded = new ForwardedDatagrams(own);
        this.out = ByteBuffer.allocate(HEADROOM + mtu);
        stack.start(this);
    }

    /// Whether the kernel forwards datagrams: answers to those come by here as well, and are nothing to the stack.
    void forwards(boolean wanted) {
        forwarded.set(wanted);
    }

    void start() {
        port.register(loop, () -> {
            readable = true;
            pump();
        });
        schedulePump();
    }

    @Override
    public IoEventLoop eventLoop() {
        return loop;
    }

    @Override
    public long now() {
        return clock.now();
    }

    @Override
    public void schedulePump() {
        if (!scheduled && !closed) {
            scheduled = true;
            loop.execute(pump);
        }
    }

    private void pump() {
        scheduled = false;
        if (closed) {
            return;
        }
        try {
            long now = clock.now();
            boolean more = take(now);
            stack.dispatch(now);
            if (give(now) || more) {
                schedulePump();
            }
        } catch (RuntimeException e) {
            failed(e);
        }
        armTimer();
    }

    private boolean take(long now) {
        for (int taken = 0; readable && taken < BATCH; taken++) {
            int length = port.read(in.array(), HEADROOM);
            if (length == 0) {
                readable = false;
            } else if (!forwarded.contain(in.array(), HEADROOM, length)) {
                stack.handlePacket(in.limit(HEADROOM + length).position(HEADROOM), now);
                in.clear();
            }
        }
        return readable;
    }

    private boolean give(long now) {
        for (int given = 0; given < BATCH; given++) {
            out.clear().position(HEADROOM);
            if (!stack.pollTransmit(out, now)) {
                return false;
            }
            port.write(out.array(), out.position(), out.remaining());
        }
        return true;
    }

    private void armTimer() {
        long deadline = stack.nextDeadline();
        if (deadline == NEVER || deadline >= timerAt) {
            return;
        }
        cancelTimer();
        timerAt = deadline;
        timer = loop.schedule(this::timeout, Math.max(0, deadline - clock.now()), TimeUnit.NANOSECONDS);
    }

    private void timeout() {
        timer = null;
        timerAt = NEVER;
        if (!closed) {
            stack.handleTimeout(clock.now());
            pump();
        }
    }

    private void cancelTimer() {
        ScheduledFuture<?> current = timer;
        if (current != null) {
            current.cancel(false);
            timer = null;
        }
    }

    /// Said once, counted always.
    @Override
    public void failed(Throwable bug) {
        if (bug instanceof VirtualMachineError fatal && !(bug instanceof StackOverflowError)) {
            throw fatal;
        }
        if (failures++ == 0) {
            LOG.error("a bug of Culvert's in the tunnel; the next ones of this process are not logged", bug);
        }
    }

    void close() {
        closed = true;
        cancelTimer();
    }
}
