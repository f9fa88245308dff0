package dev.culvert.dataplane.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.dataplane.ConnectionRegistry;
import dev.culvert.dataplane.Loops;
import dev.culvert.dataplane.os.Pipes;
import dev.culvert.dataplane.testing.RawBackend;
import dev.culvert.dataplane.testing.Wire;
import dev.culvert.model.Target;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A relay of the kernel's sockets, on loopback: what holds for copied bytes holds for spliced ones.
@Timeout(120)
class SpliceTest {
    private static final int MIB = 1 << 20;
    private static final long PIPE = MIB;

    private final Loops loops = Loops.forThisMachine();
    private final List<AutoCloseable> open = new ArrayList<>();
    private final AtomicLong loopThread = new AtomicLong();
    private @Nullable Splices splices;
    private ConnectionRegistry registry = new ConnectionRegistry(_ -> {});

    /// How bytes go.
    enum Way {
        COPIED,
        SPLICED,
        WITHOUT_PIPES,
        ONE_PIPE;

        @Nullable
        Splices splices() {
            return switch (this) {
                case COPIED -> null;
                case SPLICED -> new Splices();
                case WITHOUT_PIPES -> new Splices(new Pipes.Budget(PIPE, 0));
                case ONE_PIPE -> new Splices(new Pipes.Budget(PIPE, PIPE));
            };
        }
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : open.reversed()) {
            each.close();
        }
        loops.close();
    }

    /// A relay to a target, both sides on one loop.
    private Wire visitor(Way way, RawBackend target) throws Exception {
        splices = way.splices();
        registry = new ConnectionRegistry(_ -> {}, splices);
        Channel listener = new ServerBootstrap()
                .group(loops.tunnel())
                .channelFactory(loops.listeners())
                .childOption(ChannelOption.AUTO_READ, false)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        loopThread.set(Thread.currentThread().threadId());
                        relay(channel, target.address());
                    }
                })
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .sync()
                .channel();
        open.add(target);
        open.add(() -> listener.close().sync());
        Wire wire = Wire.connect((InetSocketAddress) listener.localAddress());
        wire.socket().setSoTimeout(60_000);
        open.add(wire);
        return wire;
    }

    private void relay(Channel visitor, InetSocketAddress target) {
        visitor.pipeline().addLast(Relay.HANDSHAKE, new EarlyBytes());
        Outgoing.connect(target, loops.connections(), visitor.eventLoop(), new ChannelInboundHandlerAdapter(), 5_000)
                .addListener(done -> Relay.join(
                        visitor,
                        (Channel) done.getNow(),
                        registry.beginHop(
                                new Target(Target.Scheme.TCP, "127.0.0.1", target.getPort()),
                                "vps",
                                InetAddress.getLoopbackAddress(),
                                visitor)));
    }

    private static void until(BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (!condition.getAsBoolean() && System.nanoTime() < deadline) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        }
        assertThat(condition.getAsBoolean()).isTrue();
    }

    private Splices.Count count() {
        Splices current = splices;
        return current == null ? new Splices.Count(0, 0, 0) : current.count();
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /// Writes random bytes in uneven pieces; returns their hash.
    private static byte[] send(OutputStream out, int length, int seed) throws IOException {
        Random random = new Random(seed);
        MessageDigest hash = sha256();
        byte[] piece = new byte[100_000];
        int left = length;
        while (left > 0) {
            random.nextBytes(piece);
            int size = Math.min(left, 1 + random.nextInt(piece.length));
            hash.update(piece, 0, size);
            out.write(piece, 0, size);
            left -= size;
        }
        return hash.digest();
    }

    private static byte[] readAll(InputStream in) throws IOException {
        MessageDigest hash = sha256();
        byte[] piece = new byte[100_000];
        int count;
        while ((count = in.read(piece)) >= 0) {
            hash.update(piece, 0, count);
        }
        return hash.digest();
    }

    /// Reads until it hurts.
    private static Throwable broken(InputStream in) {
        byte[] piece = new byte[100_000];
        try {
            while (in.read(piece) >= 0) {
                // On to the end.
            }
            return new IOException("it ended in good order");
        } catch (IOException e) {
            return e;
        }
    }

    private CompletableFuture<byte[]> sends(Wire wire, int length, int seed) {
        CompletableFuture<byte[]> hash = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            try {
                byte[] sent = send(wire.socket().getOutputStream(), length, seed);
                wire.endOutput();
                hash.complete(sent);
            } catch (IOException e) {
                hash.completeExceptionally(e);
            }
        });
        return hash;
    }

    @ParameterizedTest
    @EnumSource
    void bytes_ofEverySize_arriveBothWays(Way way) throws Exception {
        for (int size : new int[] {0, 1, 65_536, 50 * MIB}) {
            Wire visitor = visitor(way, RawBackend.echo());
            CompletableFuture<byte[]> sent = sends(visitor, size, size);

            byte[] got = readAll(visitor.input());

            assertThat(Arrays.equals(got, sent.get(10, TimeUnit.SECONDS))).isTrue();
            until(() -> registry.size() == 0);
            assertThat(registry.traffic().values()).allMatch(sum -> sum.receivedBytes() == size);
            assertThat(registry.traffic().values()).allMatch(sum -> sum.sentBytes() == size);
        }
        switch (way) {
            case COPIED -> assertThat(splices).isNull();
            case SPLICED -> assertThat(count().bytes()).isGreaterThan(40 * MIB);
            case WITHOUT_PIPES -> {
                assertThat(count().bytes()).isZero();
                assertThat(count().copiedBytes()).isGreaterThan(40 * MIB);
            }
            case ONE_PIPE -> assertThat(count().bytes()).isGreaterThan(0);
        }
    }

    @ParameterizedTest
    @EnumSource
    void visitorsEnd_leavesTheAnswerOpen(Way way) throws Exception {
        CompletableFuture<byte[]> received = new CompletableFuture<>();
        CompletableFuture<byte[]> answered = new CompletableFuture<>();
        Wire visitor = visitor(way, new RawBackend((wire, _) -> {
            received.complete(readAll(wire.input()));
            answered.complete(send(wire.socket().getOutputStream(), 5 * MIB, 3));
        }));

        CompletableFuture<byte[]> asked = sends(visitor, 5 * MIB, 2);

        assertThat(received.get(30, TimeUnit.SECONDS)).isEqualTo(asked.get(1, TimeUnit.SECONDS));
        assertThat(readAll(visitor.input())).isEqualTo(answered.get(10, TimeUnit.SECONDS));
    }

    @Test
    void downloadBehindAnEnd_isSpliced() throws Exception {
        CompletableFuture<byte[]> answered = new CompletableFuture<>();
        Wire visitor = visitor(Way.SPLICED, new RawBackend((wire, _) -> {
            wire.readAll();
            answered.complete(send(wire.socket().getOutputStream(), 20 * MIB, 3));
        }));
        visitor.send("a question");
        visitor.endOutput();

        assertThat(readAll(visitor.input())).isEqualTo(answered.get(10, TimeUnit.SECONDS));

        assertThat(count().bytes()).isGreaterThan(10 * MIB);
        until(() -> registry.size() == 0);
    }

    @ParameterizedTest
    @EnumSource
    void targetsEnd_leavesTheVisitorsDirectionOpen(Way way) throws Exception {
        CompletableFuture<byte[]> received = new CompletableFuture<>();
        CompletableFuture<byte[]> answered = new CompletableFuture<>();
        Wire visitor = visitor(way, new RawBackend((wire, _) -> {
            answered.complete(send(wire.socket().getOutputStream(), 5 * MIB, 3));
            wire.endOutput();
            received.complete(readAll(wire.input()));
        }));

        assertThat(readAll(visitor.input())).isEqualTo(answered.get(10, TimeUnit.SECONDS));

        CompletableFuture<byte[]> asked = sends(visitor, 5 * MIB, 2);
        assertThat(received.get(30, TimeUnit.SECONDS)).isEqualTo(asked.get(10, TimeUnit.SECONDS));
        until(() -> registry.size() == 0);
    }

    /// Fills what there is on the way: the other end reads nothing.
    private static CountDownLatch fills(Wire wire, AtomicLong written) {
        CountDownLatch broke = new CountDownLatch(1);
        Thread.ofVirtual().start(() -> {
            byte[] piece = new byte[65_536];
            try {
                while (true) {
                    wire.send(piece);
                    written.addAndGet(piece.length);
                }
            } catch (IOException reset) {
                broke.countDown();
            }
        });
        return broke;
    }

    /// Until nothing has moved for some time.
    private static void untilStill(AtomicLong written) {
        AtomicLong before = new AtomicLong(-1);
        until(() -> {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(300));
            long now = written.get();
            return now > 0 && before.getAndSet(now) == now;
        });
    }

    @ParameterizedTest
    @EnumSource
    void visitorsReset_resetsTheTarget_whateverIsUnderWay(Way way) throws Exception {
        CompletableFuture<Throwable> seen = new CompletableFuture<>();
        CountDownLatch reset = new CountDownLatch(1);
        Wire visitor = visitor(way, new RawBackend((wire, _) -> {
            wire.input().skipNBytes(2 * MIB);
            reset.await();
            seen.complete(broken(wire.input()));
        }));
        AtomicLong written = new AtomicLong();
        CountDownLatch broke = fills(visitor, written);
        untilStill(written);

        visitor.reset();
        reset.countDown();

        assertThat(seen.get(30, TimeUnit.SECONDS)).isInstanceOf(SocketException.class);
        assertThat(broke.await(30, TimeUnit.SECONDS)).isTrue();
        until(() -> registry.size() == 0);
    }

    @ParameterizedTest
    @EnumSource
    void targetsReset_resetsTheVisitor_whateverIsUnderWay(Way way) throws Exception {
        CountDownLatch enough = new CountDownLatch(1);
        AtomicLong written = new AtomicLong();
        Wire visitor = visitor(way, new RawBackend((wire, _) -> {
            CountDownLatch broke = fills(wire, written);
            enough.await();
            wire.reset();
            broke.await();
        }));
        visitor.input().skipNBytes(2 * MIB);
        untilStill(written);

        enough.countDown();
        until(() -> registry.size() == 0);

        assertThat(broken(visitor.input())).isInstanceOf(SocketException.class);
    }

    /// Who is written to only hears of it as well.
    @ParameterizedTest
    @EnumSource
    void readersReset_endsTheSender(Way way) throws Exception {
        CountDownLatch enough = new CountDownLatch(1);
        Wire visitor = visitor(way, new RawBackend((wire, _) -> {
            wire.input().skipNBytes(2 * MIB);
            enough.await();
            wire.reset();
        }));
        AtomicLong written = new AtomicLong();
        CountDownLatch broke = fills(visitor, written);
        untilStill(written);

        enough.countDown();

        assertThat(broke.await(30, TimeUnit.SECONDS)).isTrue();
        until(() -> registry.size() == 0);
    }

    @ParameterizedTest
    @EnumSource
    void slowVisitor_isWaitedFor_withABoundedAmountUnderWay(Way way) throws Exception {
        AtomicLong written = new AtomicLong();
        CountDownLatch over = new CountDownLatch(1);
        Wire visitor = visitor(way, new RawBackend((wire, _) -> {
            fills(wire, written);
            over.await();
        }));
        visitor.input().skipNBytes(2 * MIB);
        untilStill(written);

        long before = written.get();
        assertThat(before).isLessThan(ofSockets() + 8L * MIB);
        visitor.input().skipNBytes(before);
        until(() -> written.get() > before);
        over.countDown();
    }

    /// What the kernel may hold of one direction, in bytes: two sockets that send and two that receive, each up to the
    /// largest buffer that this kernel makes (tcp(7)).
    private static long ofSockets() throws IOException {
        long sum = 0;
        for (String buffer : List.of("tcp_rmem", "tcp_wmem")) {
            try (InputStream file = Files.newInputStream(Path.of("/proc/sys/net/ipv4", buffer))) {
                // In one piece: the file has nothing behind what the first read took.
                String sizes = new String(file.readNBytes(256), StandardCharsets.US_ASCII);
                sum += 2 * Long.parseLong(sizes.strip().split("\\s+", -1)[2]);
            }
        }
        return sum;
    }

    /// Nothing is wanted of a visitor that has ended and has got all there was; then there is more than it takes.
    @ParameterizedTest
    @EnumSource
    void visitorThatHasEnded_andReadsSlowly_getsAll(Way way) throws Exception {
        CompletableFuture<byte[]> answered = new CompletableFuture<>();
        CountDownLatch rested = new CountDownLatch(1);
        int more = Math.toIntExact(ofSockets()) + 8 * MIB;
        Wire visitor = visitor(way, new RawBackend((wire, _) -> {
            wire.readAll();
            wire.send(new byte[MIB]);
            rested.await();
            answered.complete(send(wire.socket().getOutputStream(), more, 5));
        }));
        visitor.send("?").endOutput();
        visitor.input().skipNBytes(MIB);
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
        rested.countDown();
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(500));

        byte[] got = readAll(visitor.input());

        assertThat(got).isEqualTo(answered.get(10, TimeUnit.SECONDS));
        until(() -> registry.size() == 0);
    }

    @ParameterizedTest
    @EnumSource
    void cut_endsBothSides(Way way) throws Exception {
        CompletableFuture<Throwable> seen = new CompletableFuture<>();
        AtomicLong written = new AtomicLong();
        Wire visitor = visitor(way, new RawBackend((wire, _) -> {
            CountDownLatch broke = fills(wire, written);
            seen.complete(broken(wire.input()));
            broke.await();
        }));
        visitor.input().skipNBytes(2 * MIB);

        registry.closeSite("vps");

        assertThat(seen.get(30, TimeUnit.SECONDS)).isNotNull();
        broken(visitor.input());
        until(() -> registry.size() == 0);
    }

    /// Each connection waits with a pipe of its own or without one; all of them come to their end.
    @Test
    void manySlowVisitors_shareWhatPipesThereAre() throws Exception {
        Wire first = visitor(Way.ONE_PIPE, new RawBackend((wire, _) -> {
            send(wire.socket().getOutputStream(), 12 * MIB, 7);
            wire.endOutput();
            wire.readAll();
        }));
        InetSocketAddress at = (InetSocketAddress) first.socket().getRemoteSocketAddress();
        List<Wire> all = new ArrayList<>(List.of(first));
        for (int i = 0; i < 7; i++) {
            Wire next = Wire.connect(at);
            next.socket().setSoTimeout(60_000);
            open.add(next);
            all.add(next);
        }
        byte[] expected = send(OutputStream.nullOutputStream(), 12 * MIB, 7);
        for (Wire each : all) {
            each.input().skipNBytes(1);
        }
        until(() -> count().connections() >= 8);
        for (Wire each : all.reversed()) {
            MessageDigest hash = sha256();
            Random random = new Random(7);
            byte[] begin = new byte[100_000];
            random.nextBytes(begin);
            hash.update(begin, 0, 1);
            byte[] piece = new byte[100_000];
            int count;
            while ((count = each.input().read(piece)) >= 0) {
                hash.update(piece, 0, count);
            }
            assertThat(hash.digest()).isEqualTo(expected);
            each.endOutput();
        }
        assertThat(count().copiedBytes()).isGreaterThan(0);
        until(() -> registry.size() == 0);
    }

    @Test
    void shortConnection_staysInItsChannel() throws Exception {
        Wire visitor = visitor(Way.SPLICED, RawBackend.echo());
        CompletableFuture<byte[]> sent = sends(visitor, 100_000, 1);

        assertThat(readAll(visitor.input())).isEqualTo(sent.get(10, TimeUnit.SECONDS));

        assertThat(count().connections()).isZero();
    }

    @Test
    void splicing_allocatesNothingForItsTurns() throws Exception {
        Wire visitor = visitor(Way.SPLICED, new RawBackend((wire, _) -> {
            send(wire.socket().getOutputStream(), 200 * MIB, 1);
            wire.endOutput();
            wire.readAll();
        }));
        visitor.input().skipNBytes(20 * MIB);
        long before = allocated();
        long bytes = count().bytes();
        visitor.input().skipNBytes(150 * MIB);

        assertThat(count().bytes() - bytes).isGreaterThan(100L * MIB);
        // Thousands of turns, and a hundred bytes would be seen; the allowance is for the loop's own.
        assertThat(allocated() - before).isLessThan(500_000);
    }

    private long allocated() {
        return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean())
                .getThreadAllocatedBytes(loopThread.get());
    }
}
