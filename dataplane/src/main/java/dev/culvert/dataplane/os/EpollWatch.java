package dev.culvert.dataplane.os;

import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A descriptor that is no channel, on Netty's epoll loop. Its owner hears what it is ready for, and asks for more or
/// less. On that loop, but for [#on].
final class EpollWatch implements EpollIoHandle {
    private final FileDescriptor descriptor;
    private final Consumer<EpollIoOps> ready;
    private final Runnable ended;
    private @Nullable IoRegistration registration;
    private boolean cancelled;

    private EpollWatch(int fd, Consumer<EpollIoOps> ready, Runnable ended) {
        this.descriptor = new FileDescriptor(fd);
        this.ready = ready;
        this.ended = ended;
    }

    /// Begins to watch.
    ///
    /// @param first what to hear of from the beginning
    /// @param ended what to do when the loop ends
    static EpollWatch on(IoEventLoop loop, int fd, EpollIoOps first, Consumer<EpollIoOps> ready, Runnable ended) {
        EpollWatch watch = new EpollWatch(fd, ready, ended);
        loop.register(watch).addListener(done -> {
            if (done.isSuccess()) {
                watch.registered((IoRegistration) done.getNow(), first);
            }
        });
        return watch;
    }

    private void registered(IoRegistration current, EpollIoOps first) {
        if (cancelled) {
            current.cancel();
        } else {
            registration = current;
            current.submit(first);
        }
    }

    void ask(EpollIoOps ops) {
        IoRegistration current = registration;
        if (current != null) {
            current.submit(ops);
        }
    }

    /// Hears of nothing any more. The descriptor stays open.
    void cancel() {
        cancelled = true;
        IoRegistration current = registration;
        registration = null;
        if (current != null) {
            current.cancel();
        }
    }

    @Override
    public FileDescriptor fd() {
        return descriptor;
    }

    @Override
    public void handle(IoRegistration current, IoEvent event) {
        if (!cancelled) {
            ready.accept(((EpollIoEvent) event).ops());
        }
    }

    @Override
    public void close() {
        ended.run();
    }
}
