package dev.culvert.control.upgrade;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.culvert.control.PeerMemory;
import dev.culvert.control.Reloader;
import dev.culvert.control.store.StateFolder;
import dev.culvert.dataplane.Drain;
import dev.culvert.dataplane.Node;
import dev.culvert.dataplane.internal.InternalService;
import dev.culvert.dataplane.os.DescriptorSocket;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Serves the admin socket and, when asked there, gives this node's place to a new process. Until that one says that it
/// serves, this node can go on at any moment, and does so whenever something fails.
public final class Handover implements InternalService, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger("culvert");
    // systemd names the process that shall feed its watchdog; the new one is another.
    private static final List<String> NOT_INHERITED = List.of("WATCHDOG_PID");
    private static final long MAX_DRAIN_MILLIS = 60_000;

    private final StateFolder state;
    private final Node node;
    private final Reloader reloader;
    private final PeerMemory memory;
    private final InternalService admin;
    private final Successor.Limits limits;
    private final AtomicBoolean underWay = new AtomicBoolean();
    private @Nullable AutoCloseable socket;
    private volatile @Nullable Allowed allowed;
    private volatile boolean stateIsAnothers;
    private volatile @Nullable Thread answering;

    /// Under which circumstances this process may give up its place.
    ///
    /// @param arguments those of its command line, which the new process gets
    /// @param successor told the new process's id when that one serves: this process has to end
    private record Allowed(List<String> arguments, LongConsumer successor) {}

    /// What came of it.
    record Outcome(int pid, String program, boolean quiet, long drainMillis) {}

    /// @param admin answers everything but `/upgrade`
    public Handover(StateFolder state, Node node, Reloader reloader, PeerMemory memory, InternalService admin) {
        this(state, node, reloader, memory, admin, Successor.Limits.STANDARD);
    }

    Handover(
            StateFolder state,
            Node node,
            Reloader reloader,
            PeerMemory memory,
            InternalService admin,
            Successor.Limits limits) {
        this.state = state;
        this.node = node;
        this.reloader = reloader;
        this.memory = memory;
        this.admin = admin;
        this.limits = limits;
    }

    /// Opens the admin socket.
    public void serveAdmin() throws IOException {
        Files.deleteIfExists(state.adminSocket());
        socket = node.serveAdmin(state.adminSocket(), this);
        state.shareAdminSocket();
    }

    /// Lets `/upgrade` be asked; without it this process cannot know how it was started.
    public void allow(List<String> arguments, LongConsumer successor) {
        allowed = new Allowed(List.copyOf(arguments), successor);
    }

    @Override
    public Response handle(Request request) {
        if (stateIsAnothers) {
            return Response.error(503, "an upgrade is under way: ask again in a second");
        }
        if (!request.path().equals("/upgrade")) {
            return admin.handle(request);
        }
        if (!request.method().equals("POST")) {
            return Response.error(405, "expected: POST");
        }
        if (!underWay.compareAndSet(false, true)) {
            return Response.error(409, "an upgrade is under way already");
        }
        answering = Thread.currentThread();
        try {
            return Response.json(JSON.std.asString(upgrade(JSON.std.mapFrom(request.body()))));
        } catch (IllegalArgumentException e) {
            return Response.error(400, String.valueOf(e.getMessage()));
        } catch (IOException e) {
            node.events().report("upgrade", "upgrade.failed", "this process goes on: " + e.getMessage());
            return Response.error(503, e.getMessage() + "\nthe running node goes on as before");
        } finally {
            underWay.set(false);
        }
    }

    private Map<String, Object> upgrade(Map<String, Object> arguments) throws IOException {
        Allowed how = allowed;
        if (how == null) {
            throw new IOException("this node cannot be upgraded: it is part of another program");
        }
        if (ProcessHandle.current().pid() == 1) {
            throw new IOException(
                    "this node is the first process of a container, which ends with it: replace the" + " container");
        }
        if (!(arguments.get("program") instanceof String named)
                || !(arguments.get("drainMillis") instanceof Number drain)
                || drain.longValue() < 0
                || drain.longValue() > MAX_DRAIN_MILLIS) {
            throw new IllegalArgumentException("expected: program, and drainMillis from 0 to " + MAX_DRAIN_MILLIS);
        }
        Path program = TrustedProgram.require(named, DescriptorSocket.ownUser());
        List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(how.arguments());
        Outcome outcome = handOver(path -> start(command, path), Duration.ofMillis(drain.longValue()));
        LOG.info("handed over to process {} (culvert {})", outcome.pid(), outcome.program());
        end(outcome.pid());
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("pid", outcome.pid());
        answer.put("version", outcome.program());
        answer.put("drainMillis", outcome.drainMillis());
        answer.put("cut", outcome.quiet() ? 0 : node.connections().size());
        return answer;
    }

    /// The new process has this one's folder, environment and log, and no terminal.
    private static Process start(List<String> command, Path path) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectInput(Redirect.from(Path.of("/dev/null").toFile()))
                .redirectOutput(Redirect.INHERIT)
                .redirectError(Redirect.INHERIT);
        NOT_INHERITED.forEach(builder.environment()::remove);
        builder.environment().put(Predecessor.VARIABLE, path.toString());
        return builder.start();
    }

    /// Brings a new process into this one's place.
    ///
    /// @throws IOException if that did not come about: this node serves on
    Outcome handOver(Successor.Launch launch, Duration drain) throws IOException {
        node.drain().requireLendable();
        try (Successor next =
                Successor.start(state.handoverSocket(), launch, DescriptorSocket.ownUser(), limits.start())) {
            HandoverMessage.Hello hello = next.greet(node.model().role().toString());
            next.awaitPrepared(limits.prepare());
            long began = System.nanoTime();
            boolean quiet = retreat(next, drain);
            return new Outcome(
                    next.pid(),
                    hello.program(),
                    quiet,
                    Duration.ofNanos(System.nanoTime() - began).toMillis());
        }
    }

    /// @return whether all connections came to their end
    private boolean retreat(Successor next, Duration limit) throws IOException {
        Drain drain = node.drain();
        boolean succeeded = false;
        reloader.pause();
        try {
            drain.begin();
            boolean quiet = drain.await(limit.toNanos());
            memory.rememberNow();
            drain.suspend();
            stateIsAnothers = true;
            // Netty removes the socket's file as it closes it: that must not be the new process's.
            closeSocket();
            state.unlock();
            next.give(drain.sockets());
            next.awaitReady(limits.serve());
            succeeded = true;
            return quiet;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } finally {
            if (!succeeded) {
                next.close();
                goOn(drain);
            }
        }
    }

    private void goOn(Drain drain) throws IOException {
        if (stateIsAnothers) {
            try {
                state.lock();
            } catch (IOException e) {
                // Whoever has the state is the node.
                LOG.error("this process cannot go on: {}", e.getMessage());
                end(-1);
                throw e;
            }
            stateIsAnothers = false;
            serveAdmin();
        }
        drain.resume();
        reloader.resume();
    }

    private void end(int successor) {
        Allowed how = allowed;
        if (how != null) {
            how.successor().accept(successor);
        }
    }

    private void closeSocket() {
        try {
            AutoCloseable open = socket;
            if (open != null) {
                open.close();
            }
        } catch (Exception e) {
            throw new UncheckedIOException(new IOException(e));
        }
    }

    /// Before an ordinary end: accepts nobody new and lets what runs come to its end.
    ///
    /// @param limit how long that may take
    public void stop(Duration limit) throws InterruptedException {
        if (!stateIsAnothers) {
            reloader.pause();
            node.drain().stop(limit.toNanos());
        }
    }

    /// Cuts what has not come to its end and lets the answer to whoever asked for the upgrade leave; without an
    /// upgrade, removes the admin socket.
    @Override
    public void close() throws IOException {
        if (!stateIsAnothers) {
            Files.deleteIfExists(state.adminSocket());
            return;
        }
        try {
            Thread asked = answering;
            if (asked != null) {
                asked.join(Duration.ofSeconds(2));
            }
            node.drain().cut();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
