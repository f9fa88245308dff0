package dev.culvert.dataplane.os;

import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoOps;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.Queue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Netty's epoll, in which a descriptor stays while nothing is wanted of it, and in which one that is done with
/// closes between two turns.
///
/// Netty 4.2.13 to 4.2.20 take a descriptor out while nothing is wanted of it, believe that it is still in, and
/// fail the write after that: a visitor who had ended its own direction got a part of a long answer, and behind it
/// a FIN as if that were all.
public final class SteadyEpoll implements IoHandler {
    private static final Logger LOG = LoggerFactory.getLogger(SteadyEpoll.class);
    // Errors and hang-ups are told of whatever one asks for (epoll_ctl(2)), so once only.
    private static final EpollIoOps NOTHING = EpollIoOps.EPOLLET;

    /// A descriptor that will be closed by [#close(FileDescriptor, IoRegistration)].
    public interface Handle extends EpollIoHandle {
        /// @param epoll where it is now; on the loop
        void registeredWith(SteadyEpoll epoll);

        /// The loop ends.
        @Override
        void close();
    }

    private final IoHandler epoll;
    private final Queue<Runnable> ended = new ArrayDeque<>();
    private final Queue<Runnable> waiting = new ArrayDeque<>();
    private final Hurried hurried = new Hurried();

    private SteadyEpoll(IoHandler epoll) {
        this.epoll = epoll;
    }

    public static IoHandlerFactory newFactory() {
        IoHandlerFactory factory = EpollIoHandler.newFactory();
        return executor -> new SteadyEpoll(factory.newHandler(executor));
    }

    @Override
    public IoRegistration register(IoHandle handle) throws Exception {
        Registration registration = new Registration(epoll.register(handle));
        if (handle instanceof Handle own) {
            own.registeredWith(this);
        }
        return registration;
    }

    /// Closes a descriptor once all events of this turn are told: its number is nobody else's before, so that none
    /// of them can be taken for another's. A close takes it out of epoll as well, without a call for that
    /// (epoll(7)). On the loop.
    public void close(FileDescriptor descriptor, IoRegistration registration) {
        ended.add(() -> {
            try {
                descriptor.close();
            } catch (IOException e) {
                // It is closed all the same (close(2)).
                LOG.debug("close: {}", e.getMessage());
            }
            registration.cancel();
        });
    }

    @Override
    public void initialize() {
        epoll.initialize();
    }

    @Override
    public int run(IoHandlerContext context) {
        // What tasks have ended since the last turn, and what this turn ends.
        closeEnded();
        int turns = waiting.size();
        int handled = turns == 0 ? epoll.run(context) : epoll.run(hurried.by(context));
        for (; turns > 0; turns--) {
            Runnable next = waiting.poll();
            if (next != null) {
                runSafely(next);
            }
        }
        closeEnded();
        return handled;
    }

    /// What fails must not end the loop, and with it all others.
    private static void runSafely(Runnable turn) {
        try {
            turn.run();
        } catch (RuntimeException | OutOfMemoryError bug) {
            LOG.warn("a turn failed", bug);
        }
    }

    /// Runs something in the next turn, behind what the sockets say then. A task of the loop would not do: it runs
    /// its tasks for up to a second before it looks at sockets. On the loop.
    public void again(Runnable turn) {
        waiting.add(turn);
    }

    private void closeEnded() {
        Runnable next = ended.poll();
        while (next != null) {
            next.run();
            next = ended.poll();
        }
    }

    @Override
    public void prepareToDestroy() {
        epoll.prepareToDestroy();
        closeEnded();
    }

    @Override
    public void destroy() {
        closeEnded();
        epoll.destroy();
    }

    @Override
    public void wakeup() {
        epoll.wakeup();
    }

    @Override
    public boolean isCompatible(Class<? extends IoHandle> handleType) {
        return epoll.isCompatible(handleType);
    }

    private static final class Registration implements IoRegistration {
        private final IoRegistration registration;
        private boolean added;

        Registration(IoRegistration registration) {
            this.registration = registration;
        }

        @Override
        public long submit(IoOps ops) {
            if (!EpollIoOps.NONE.equals(ops)) {
                added = true;
                return registration.submit(ops);
            }
            // What was never in must not come in by this: a socket without a peer hangs up at once.
            return registration.submit(added ? NOTHING : ops);
        }

        @Override
        @SuppressWarnings("TypeParameterUnusedInFormals") // Netty's signature.
        public <T> T attachment() {
            return registration.attachment();
        }

        @Override
        public boolean isValid() {
            return registration.isValid();
        }

        @Override
        public boolean cancel() {
            return registration.cancel();
        }
    }

    /// A loop that does not wait for its sockets, as somebody else is to have a turn.
    private static final class Hurried implements IoHandlerContext {
        private @Nullable IoHandlerContext loop;

        IoHandlerContext by(IoHandlerContext waiting) {
            loop = waiting;
            return this;
        }

        private IoHandlerContext loop() {
            return Objects.requireNonNull(loop);
        }

        @Override
        public boolean canBlock() {
            return false;
        }

        @Override
        public long delayNanos(long now) {
            return loop().delayNanos(now);
        }

        @Override
        public long deadlineNanos() {
            return loop().deadlineNanos();
        }

        @Override
        public void reportActiveIoTime(long nanos) {
            loop().reportActiveIoTime(nanos);
        }

        @Override
        public boolean shouldReportActiveIoTime() {
            return loop().shouldReportActiveIoTime();
        }
    }
}
