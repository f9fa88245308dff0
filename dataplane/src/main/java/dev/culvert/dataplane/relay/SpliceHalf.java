package dev.culvert.dataplane.relay;

import dev.culvert.dataplane.os.Pipe;
import dev.culvert.dataplane.tcp.TcpChannel;
import dev.culvert.model.decide.Allowance;
import io.netty.buffer.ByteBuf;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/// One direction of a [SplicePair]: what can be read goes into a pipe and out of it, as much as the sink takes.
///
/// A pipe is taken when there is something to read and given back when it is empty, so that only who waits for a slow
/// sink has one. Where there is none to be had, a buffer stands in its place.
final class SpliceHalf {
    // Of one turn, so that the others of the loop wait for a fraction of a millisecond.
    private static final long TURN = 1 << 20;
    // Of one call, though a pipe holds more: what the kernel keeps of the pages is still in the caches then. Eight
    // streams got 8 % more by a quarter of a MiB than by a whole one, and half as much cost a single one 4 %.
    private static final long PIECE = 256 << 10;
    // In place of a pipe.
    private static final int BUFFER = 64 << 10;

    private final SplicePair pair;
    private final Splices splices;
    private final TcpChannel source;
    private final TcpChannel sink;
    private final Socket from;
    private final Socket to;
    private final LongAdder bytes;
    private final Runnable rested = this::rested;
    private final Runnable again = this::readable;
    private @Nullable Allowance allowance;
    private boolean carriesVisitors;
    private @Nullable Pipe pipe;
    private @Nullable ByteBuf kept;
    // As far as is known: by epoll's last word, or by a call that had nothing to do.
    private boolean readable;
    private boolean writable;
    private boolean pausing;
    private boolean ended;
    private boolean over;

    SpliceHalf(SplicePair pair, Splices splices, TcpChannel source, TcpChannel sink, LongAdder bytes) {
        this.pair = pair;
        this.splices = splices;
        this.source = source;
        this.sink = sink;
        this.from = source.socket();
        this.to = sink.socket();
        this.bytes = bytes;
    }

    /// @param hasEnded whether the direction is over, and its end is passed on
    void begin(boolean hasEnded) {
        over = hasEnded;
        // Nobody knows; what is not so says so.
        readable = true;
        writable = true;
        move();
    }

    /// @param inward whether it carries what the visitor sends
    void limit(@Nullable Allowance limit, boolean inward) {
        allowance = limit;
        carriesVisitors = inward;
    }

    TcpChannel source() {
        return source;
    }

    TcpChannel sink() {
        return sink;
    }

    LongAdder bytes() {
        return bytes;
    }

    void readable() {
        readable = true;
        move();
    }

    void writable() {
        writable = true;
        move();
    }

    private void rested() {
        pausing = false;
        move();
    }

    private void move() {
        if (over) {
            return;
        }
        boolean finished = false;
        boolean more = false;
        long left = TURN;
        while (!over && (isEmpty() || drain())) {
            finished = ended;
            more = left <= 0;
            long taken = finished || more || pausing || !readable ? Pipe.LATER : fill(left);
            if (taken == Pipe.LATER) {
                break;
            }
            left -= taken;
        }
        giveBack();
        if (finished) {
            over = true;
            pair.ended(this);
        } else if (more) {
            // The others first.
            source.again(again);
        }
    }

    /// @return the bytes that were taken, 0 at the end, or [Pipe#LATER]
    private long fill(long most) {
        Allowance limit = allowance;
        long wanted = Math.min(PIECE, limit == null ? most : Math.min(most, limit.step()));
        Pipe empty = pipe;
        if (empty == null) {
            empty = splices.take();
            pipe = empty;
        }
        long count = empty == null ? copy(wanted) : empty.fill(from.intValue(), wanted);
        if (count > 0) {
            carried(count, empty != null);
        } else if (count == 0) {
            ended = true;
        } else {
            readable = false;
            source.listenAgain();
            if (count == Pipe.BROKEN) {
                pair.broke(source);
            }
            return Pipe.LATER;
        }
        return count;
    }

    private void carried(long count, boolean spliced) {
        bytes.add(count);
        if (spliced) {
            splices.spliced(count);
        } else {
            splices.copied(count);
        }
        Allowance limit = allowance;
        if (limit != null) {
            long now = System.nanoTime();
            long pause = carriesVisitors ? limit.inward((int) count, now) : limit.outward((int) count, now);
            if (pause > 0) {
                pausing = true;
                source.eventLoop().schedule(rested, pause, TimeUnit.NANOSECONDS);
            }
        }
    }

    private long copy(long most) {
        ByteBuf buffer = source.alloc().directBuffer((int) Math.min(most, BUFFER));
        int count;
        try {
            ByteBuffer room = buffer.internalNioBuffer(0, buffer.writableBytes());
            count = from.recv(room, room.position(), room.limit());
        } catch (IOException reset) {
            buffer.release();
            return Pipe.BROKEN;
        }
        if (count <= 0) {
            buffer.release();
            return count < 0 ? 0 : Pipe.LATER;
        }
        kept = buffer.writerIndex(count);
        return count;
    }

    /// Whether the sink has taken all that there was.
    private boolean drain() {
        while (writable && !isEmpty()) {
            Pipe full = pipe;
            ByteBuf buffer = kept;
            // What is kept is older than what is in a pipe.
            long count = buffer != null || full == null ? send(buffer) : full.drain(to.intValue());
            if (count <= 0) {
                writable = false;
                sink.listenAgain();
                if (count != Pipe.LATER) {
                    pair.broke(sink);
                    // All is let go of: empty, but not drained.
                    return false;
                }
            }
        }
        return isEmpty();
    }

    private long send(@Nullable ByteBuf buffer) {
        if (buffer == null) {
            return Pipe.LATER;
        }
        int count;
        try {
            ByteBuffer rest = buffer.internalNioBuffer(buffer.readerIndex(), buffer.readableBytes());
            count = to.send(rest, rest.position(), rest.limit());
        } catch (IOException reset) {
            return Pipe.BROKEN;
        }
        if (count <= 0) {
            return Pipe.LATER;
        }
        buffer.skipBytes(count);
        if (!buffer.isReadable()) {
            buffer.release();
            kept = null;
        }
        return count;
    }

    /// Whether it can do nothing with what arrives: the sink is full, or the visitor's rate is used up.
    boolean isHeldUp() {
        return pausing || (!writable && !isEmpty());
    }

    boolean isEmpty() {
        Pipe current = pipe;
        return kept == null && (current == null || current.isEmpty());
    }

    /// Whether the direction has ended, and its end is passed on.
    boolean isOver() {
        return over;
    }

    /// Its source is gone: whether the sink takes at once what is still here.
    boolean sendRest() {
        over = true;
        return isEmpty() || drain();
    }

    private void giveBack() {
        Pipe current = pipe;
        if (current != null && current.isEmpty()) {
            pipe = null;
            splices.give(current);
        }
    }

    /// Lets go of what is under way.
    void release() {
        over = true;
        Pipe current = pipe;
        ByteBuf buffer = kept;
        pipe = null;
        kept = null;
        if (current != null) {
            splices.give(current);
        }
        if (buffer != null) {
            buffer.release();
        }
    }
}
