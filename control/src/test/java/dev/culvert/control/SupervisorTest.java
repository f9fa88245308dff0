package dev.culvert.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDomainDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.unix.DomainDatagramPacket;
import io.netty.channel.unix.DomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The messages as a service manager receives them.
final class SupervisorTest {
    private static final long PID = 42;

    @TempDir
    private Path folder = Path.of("");

    private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    private final ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();
    private final MultiThreadIoEventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());

    @BeforeEach
    void linuxOnly() {
        Assumptions.assumeTrue(Epoll.isAvailable());
    }

    @AfterEach
    void close() {
        scheduler.shutdownNow();
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }

    private Channel manager(String path) {
        return new Bootstrap()
                .group(loops)
                .channel(EpollDomainDatagramChannel.class)
                .handler(new SimpleChannelInboundHandler<DomainDatagramPacket>() {
                    @Override
                    protected void channelRead0(ChannelHandlerContext ctx, DomainDatagramPacket message) {
                        heard.add(message.content().toString(StandardCharsets.UTF_8));
                    }
                })
                .bind(new DomainSocketAddress(path))
                .syncUninterruptibly()
                .channel();
    }

    private @Nullable String next() throws InterruptedException {
        return heard.poll(5, TimeUnit.SECONDS);
    }

    @Test
    void ready_reloading_stopping_atAPath_areHeardInTheirWords() throws Exception {
        String path = folder.resolve("notify").toString();
        manager(path);
        Supervisor supervisor = Supervisor.of(Map.of("NOTIFY_SOCKET", path), PID);

        supervisor.ready();
        supervisor.reloading();
        supervisor.stopping();

        assertThat(next()).isEqualTo("READY=1");
        assertThat(next()).matches("RELOADING=1\nMONOTONIC_USEC=[0-9]+");
        assertThat(next()).isEqualTo("STOPPING=1");
    }

    @Test
    void ready_atAnAbstractName_isHeard() throws Exception {
        String name = "culvert-test-" + ProcessHandle.current().pid();
        manager("\0" + name);

        Supervisor.of(Map.of("NOTIFY_SOCKET", "@" + name), PID).ready();

        assertThat(next()).isEqualTo("READY=1");
    }

    @Test
    void watch_whileSchedulerAndLoopAnswer_feedsTheWatchdog() throws Exception {
        String path = folder.resolve("notify").toString();
        manager(path);
        Map<String, String> environment =
                Map.of("NOTIFY_SOCKET", path, "WATCHDOG_USEC", "30000", "WATCHDOG_PID", Long.toString(PID));

        Supervisor.of(environment, PID).watch(scheduler, Runnable::run);

        assertThat(next()).isEqualTo("WATCHDOG=1");
        assertThat(next()).isEqualTo("WATCHDOG=1");
    }

    @Test
    void watch_whileTheLoopHangs_isSilent() throws Exception {
        String path = folder.resolve("notify").toString();
        manager(path);
        BlockingQueue<Runnable> loop = new LinkedBlockingQueue<>();
        Supervisor supervisor = Supervisor.of(Map.of("NOTIFY_SOCKET", path, "WATCHDOG_USEC", "30000"), PID);

        supervisor.watch(scheduler, loop::add);

        Runnable first = loop.take();
        loop.take();
        assertThat(heard).isEmpty();
        first.run();
        assertThat(next()).isEqualTo("WATCHDOG=1");
    }

    @Test
    void watch_ofAnotherProcess_isNotFed() {
        String path = folder.resolve("notify").toString();
        BlockingQueue<Runnable> loop = new LinkedBlockingQueue<>();

        Supervisor.of(Map.of("NOTIFY_SOCKET", path, "WATCHDOG_USEC", "1", "WATCHDOG_PID", "1"), PID)
                .watch(scheduler, loop::add);

        assertThat(loop).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "vsock:2:1", "relative", "@", "/"})
    void of_withoutAnAddressThatCanBeUsed_doesNothing(String address) {
        Supervisor supervisor = Supervisor.of(Map.of("NOTIFY_SOCKET", address), PID);

        supervisor.ready();
        supervisor.watch(scheduler, Runnable::run);

        assertThat(heard).isEmpty();
    }
}
