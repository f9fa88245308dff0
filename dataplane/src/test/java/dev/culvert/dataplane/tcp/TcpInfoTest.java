package dev.culvert.dataplane.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.dataplane.os.SteadyEpoll;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.epoll.Epoll;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
class TcpInfoTest {
    private static final int MUCH = 32 << 20;
    private static final long PATIENCE_NANOS = Duration.ofSeconds(20).toNanos();

    private final MultiThreadIoEventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, SteadyEpoll.newFactory());

    @AfterEach
    void end() {
        loops.shutdownGracefully().awaitUninterruptibly();
    }

    @Test
    void of_oneThatReadsNothing_showsItsWindowShutAndNoProgress() throws Exception {
        assertThat(Epoll.isAvailable()).isTrue();
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Channel channel = new Bootstrap()
                    .group(loops)
                    .channelFactory(() -> new TcpChannel(SocketSetup.NONE))
                    .handler(new ChannelInboundHandlerAdapter())
                    .connect(server.getLocalSocketAddress())
                    .sync()
                    .channel();
            try (Socket visitor = server.accept()) {
                channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[MUCH]));
                TcpInfo shut = until(channel, 100_000);
                TcpInfo later = until(channel, shut.shutMicros() + 100_000);
                assertThat(shut.acknowledged()).isBetween(1L, MUCH - 1L);
                assertThat(later.acknowledged()).isEqualTo(shut.acknowledged());

                visitor.getInputStream().readNBytes(MUCH);
                assertThat(progress(channel).acknowledged()).isGreaterThan(later.acknowledged());
            }
            channel.close().sync();
            assertThat(TcpInfo.of(channel)).isNull();
        }
    }

    /// As soon as the window has been shut for so long.
    private static TcpInfo until(Channel channel, long shutMicros) {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        TcpInfo now = progress(channel);
        while (now.shutMicros() < shutMicros && System.nanoTime() < deadline) {
            LockSupport.parkNanos(10_000_000);
            now = progress(channel);
        }
        assertThat(now.shutMicros()).isGreaterThanOrEqualTo(shutMicros);
        return now;
    }

    private static TcpInfo progress(Channel channel) {
        return Objects.requireNonNull(TcpInfo.of(channel));
    }

    @Test
    void of_whatIsNoSocket_isUnknown() {
        assertThat(TcpInfo.of(new EmbeddedChannel())).isNull();
    }
}
