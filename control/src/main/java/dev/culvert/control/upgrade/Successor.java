package dev.culvert.control.upgrade;

import dev.culvert.dataplane.InheritedSockets.Lent;
import dev.culvert.dataplane.os.DescriptorSocket;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The process that shall take this one's place: the old side of a handover. Blocks; one thread.
///
/// The order is [#start], [#greet], [#awaitPrepared], [#give], [#awaitReady]. Whatever fails throws, and
/// [#close] then ends the process, whatever it is doing.
final class Successor implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger("culvert");
    private static final Duration STEP = Duration.ofSeconds(5);
    private static final Duration LOOK = Duration.ofMillis(100);

    private final DescriptorSocket listener;
    private final Process process;
    private final HandoverLine line;
    private final int pid;
    private boolean succeeded;

    /// Starts the process.
    @FunctionalInterface
    interface Launch {
        /// @param socket where it shall call
        Process start(Path socket) throws IOException;
    }

    /// How long its parts may take.
    ///
    /// @param start from its start to its call
    /// @param prepare until it has all but the sockets
    /// @param serve from the release to its first visitor
    record Limits(Duration start, Duration prepare, Duration serve) {
        static final Limits STANDARD =
                new Limits(Duration.ofSeconds(30), Duration.ofSeconds(30), Duration.ofSeconds(10));
    }

    private Successor(DescriptorSocket listener, Process process, HandoverLine line, int pid) {
        this.listener = listener;
        this.process = process;
        this.line = line;
        this.pid = pid;
    }

    /// Starts the process and waits until it calls. Who calls as another user is turned away.
    ///
    /// @param user this process's
    static Successor start(Path path, Launch launch, int user, Duration limit) throws IOException {
        Files.deleteIfExists(path);
        DescriptorSocket listener = DescriptorSocket.listen(path);
        Process process;
        try {
            process = launch.start(path);
        } catch (IOException e) {
            listener.close();
            throw e;
        }
        try {
            return call(listener, process, user, limit);
        } catch (IOException e) {
            end(process);
            listener.close();
            throw e;
        } finally {
            Files.deleteIfExists(path);
        }
    }

    private static Successor call(DescriptorSocket listener, Process process, int user, Duration limit)
            throws IOException {
        long end = System.nanoTime() + limit.toNanos();
        listener.limit(LOOK.toMillis());
        while (System.nanoTime() < end) {
            DescriptorSocket caller;
            try {
                caller = listener.accept();
            } catch (InterruptedIOException nobody) {
                if (!process.isAlive()) {
                    throw new HandoverLine.Broken("the new process ended with " + process.exitValue()
                            + " before it took over; what it said is in this node's log");
                }
                continue;
            }
            HandoverLine line = new HandoverLine(caller, "the new process");
            try {
                return new Successor(listener, process, line, line.requireUser(user));
            } catch (IOException stranger) {
                LOG.warn("handover: {}", stranger.getMessage());
                line.close();
            }
        }
        throw new HandoverLine.Broken("the new process did not call within " + limit.toSeconds()
                + " s; does it know how to take over? Run it with --version once, and try again");
    }

    int pid() {
        return pid;
    }

    /// What the process says of itself.
    ///
    /// @throws HandoverLine.Broken if it speaks no version that is spoken here, or is of another role;
    ///     it is told why
    HandoverMessage.Hello greet(String role) throws IOException {
        HandoverMessage.Hello hello = line.receive(HandoverMessage.Hello.class, STEP);
        String why = null;
        if (!hello.speaks().contains(HandoverMessage.VERSION)) {
            why = "the new process speaks version " + hello.speaks() + " of the handover, this node "
                    + HandoverMessage.VERSION + ": stop this one and start the new one";
        } else if (!hello.role().equals(role)) {
            why = "the new process is a " + hello.role() + ", this node a " + role;
        }
        if (why != null) {
            line.refuse(why);
            throw new HandoverLine.Broken(why);
        }
        return hello;
    }

    void awaitPrepared(Duration limit) throws IOException {
        line.receive(HandoverMessage.Prepared.class, limit);
    }

    /// Gives sockets and state away, which this process must not touch from now on.
    void give(List<Lent> sockets) throws IOException {
        int at = 0;
        do {
            int end = Math.min(sockets.size(), at + DescriptorSocket.MAX_DESCRIPTORS);
            List<Lent> part = sockets.subList(at, end);
            line.send(
                    new HandoverMessage.Sockets(part.stream().map(Lent::name).toList(), end == sockets.size()),
                    part.stream().map(Lent::descriptor).toList());
            at = end;
        } while (at < sockets.size());
    }

    void awaitReady(Duration limit) throws IOException {
        line.receive(HandoverMessage.Ready.class, limit);
        succeeded = true;
    }

    /// A launcher that does not give its place to the program leaves two processes or more.
    private static void end(Process process) {
        List<ProcessHandle> all = Stream.concat(process.descendants(), Stream.of(process.toHandle()))
                .toList();
        all.forEach(ProcessHandle::destroyForcibly);
        for (ProcessHandle handle : all) {
            try {
                handle.onExit().get(STEP.toMillis(), TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (ExecutionException | TimeoutException e) {
                LOG.warn("process {} does not end", handle.pid());
            }
        }
    }

    /// Ends the process unless it has taken over. When this returns it is gone, and so is its hold of the state.
    @Override
    public void close() {
        line.close();
        listener.close();
        if (!succeeded) {
            end(process);
        }
    }
}
