package dev.culvert.dataplane.tunnel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.dataplane.testing.Stream;
import dev.culvert.dataplane.testing.TunnelPair;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(30)
class EmbeddedTunnelTest {
    private static final int PORT = 7;

    private final LinkedBlockingQueue<Channel> accepted = new LinkedBlockingQueue<>();
    private @Nullable TunnelPair pair;

    @AfterEach
    void close() {
        if (pair != null) {
            pair.close();
        }
    }

    @ParameterizedTest
    @EnumSource(TunnelPair.Io.class)
    void eightMegabytesBothWaysAtOnce_arriveWhole(TunnelPair.Io io) throws Exception {
        int total = 8 << 20;
        Stream far = new Stream(total);
        Stream near = new Stream(total);
        open(io, () -> far);

        connect(TunnelPair.SITE, near);

        assertThat(near.ended().get(20, TimeUnit.SECONDS)).isEqualTo(Stream.Sum.of(total));
        assertThat(far.ended().get(20, TimeUnit.SECONDS)).isEqualTo(Stream.Sum.of(total));
    }

    @ParameterizedTest
    @EnumSource(TunnelPair.Io.class)
    void overIpv6InsideTheTunnel_itIsTheSame(TunnelPair.Io io) throws Exception {
        Stream far = new Stream(1);
        Stream near = new Stream(300_000);
        open(io, () -> far);

        connect(TunnelPair.SITE6, near);

        assertThat(far.ended().get(10, TimeUnit.SECONDS)).isEqualTo(Stream.Sum.of(300_000));
    }

    @ParameterizedTest
    @EnumSource(TunnelPair.Io.class)
    void sideThatHasEnded_stillReceives(TunnelPair.Io io) throws Exception {
        Stream far = new Stream(1 << 20);
        Stream near = new Stream(1);
        open(io, () -> far);

        connect(TunnelPair.SITE, near);

        assertThat(far.ended().get(10, TimeUnit.SECONDS).count()).isEqualTo(1);
        assertThat(near.ended().get(10, TimeUnit.SECONDS)).isEqualTo(Stream.Sum.of(1 << 20));
    }

    @ParameterizedTest
    @EnumSource(TunnelPair.Io.class)
    void abort_arrivesAsAReset(TunnelPair.Io io) throws Exception {
        Stream far = new Stream(0);
        Stream near = new Stream(0);
        open(io, () -> far);
        StackChannel channel = (StackChannel) connect(TunnelPair.SITE, near);
        assertThat(accepted.poll(5, TimeUnit.SECONDS)).isNotNull();

        channel.abort();

        assertThat(far.failed().get(5, TimeUnit.SECONDS)).hasMessageContaining("RESET");
    }

    @ParameterizedTest
    @EnumSource(TunnelPair.Io.class)
    void connectToAPortThatNobodyListensOn_isRefusedAtOnce(TunnelPair.Io io) throws Exception {
        open(io, () -> new Stream(0));
        long before = System.nanoTime();

        assertThatThrownBy(() -> connect(TunnelPair.SITE, 8, new Stream(0)))
                .isInstanceOf(java.net.ConnectException.class)
                .hasMessageContaining("refused");

        assertThat(System.nanoTime() - before).isLessThan(TimeUnit.SECONDS.toNanos(2));
    }

    @ParameterizedTest
    @EnumSource(TunnelPair.Io.class)
    void connectToAnAddressThatNoPeerHas_failsByTheConnectTimeout(TunnelPair.Io io) throws Exception {
        TunnelPair opened = open(io, () -> new Stream(0));

        var connecting = new Bootstrap()
                .group(opened.gateway().group())
                .channelFactory(opened.gateway().connections())
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 300)
                .handler(new Stream(0))
                .connect(new InetSocketAddress(InetAddress.ofLiteral("10.77.0.99"), PORT));

        assertThat(connecting.await(5, TimeUnit.SECONDS)).isTrue();
        assertThat(connecting.cause()).isNotNull();
    }

    @ParameterizedTest
    @EnumSource(TunnelPair.Io.class)
    void ping_isAnsweredByThePeerAndTimesOutElsewhere(TunnelPair.Io io) throws Exception {
        TunnelPair opened = open(io, () -> new Stream(0));

        assertThat(opened.gateway().ping(TunnelPair.SITE, 56, 3_000).get(5, TimeUnit.SECONDS))
                .isPositive();
        assertThat(opened.site().ping(TunnelPair.GATEWAY6, 56, 3_000).get(5, TimeUnit.SECONDS))
                .isPositive();
        assertThatThrownBy(() -> opened.gateway()
                        .ping(InetAddress.ofLiteral("10.77.0.99"), 56, 200)
                        .get(5, TimeUnit.SECONDS))
                .hasMessageContaining("no echo from 10.77.0.99");
    }

    @ParameterizedTest
    @EnumSource(TunnelPair.Io.class)
    void onPeerNews_isToldOfAHandshake(TunnelPair.Io io) throws Exception {
        TunnelPair opened = TunnelPair.open(io);
        pair = opened;
        CountDownLatch told = new CountDownLatch(1);
        opened.gateway().onPeerNews(told::countDown);
        opened.gateway().ping(TunnelPair.SITE, 56, 3_000).get(5, TimeUnit.SECONDS);
        assertThat(told.await(5, TimeUnit.SECONDS)).isTrue();
    }

    @ParameterizedTest
    @EnumSource(TunnelPair.Io.class)
    void twoHundredConnectionsAtOnce_eachGetTheirOwn(TunnelPair.Io io) throws Exception {
        int total = 20_000;
        open(io, () -> new Stream(total));
        List<Stream> streams = new ArrayList<>();
        List<io.netty.channel.ChannelFuture> connecting = new ArrayList<>();

        for (int i = 0; i < 200; i++) {
            Stream stream = new Stream(100 + i);
            streams.add(stream);
            connecting.add(bootstrap(stream).connect(new InetSocketAddress(TunnelPair.SITE, PORT)));
        }

        for (var each : connecting) {
            each.get(15, TimeUnit.SECONDS);
        }
        for (Stream stream : streams) {
            assertThat(stream.ended().get(15, TimeUnit.SECONDS)).isEqualTo(Stream.Sum.of(total));
        }
        assertThat(accepted).hasSize(200);
    }

    @ParameterizedTest
    @EnumSource(TunnelPair.Io.class)
    void status_tellsHandshakeAndBytes(TunnelPair.Io io) throws Exception {
        TunnelPair opened = open(io, () -> new Stream(0));
        opened.gateway().ping(TunnelPair.SITE, 56, 3_000).get(5, TimeUnit.SECONDS);

        List<PeerStatus> peers = opened.gateway().status().get(5, TimeUnit.SECONDS);

        assertThat(peers).hasSize(1);
        assertThat(peers.getFirst().handshakeAgeNanos()).isNotNegative();
        assertThat(peers.getFirst().rxBytes()).isPositive();
        assertThat(peers.getFirst().endpoint()).isEqualTo(opened.site().localAddress());
    }

    private TunnelPair open(TunnelPair.Io io, Supplier<ChannelHandler> atSite) throws Exception {
        TunnelPair opened = TunnelPair.open(io);
        pair = opened;
        new ServerBootstrap()
                .group(opened.site().group())
                .channelFactory(opened.site().listeners())
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        accepted.add(channel);
                        channel.pipeline().addLast(atSite.get());
                    }
                })
                .bind(new InetSocketAddress(PORT))
                .get(5, TimeUnit.SECONDS);
        return opened;
    }

    private Bootstrap bootstrap(ChannelHandler handler) {
        WireGuardTunnel gateway = java.util.Objects.requireNonNull(pair).gateway();
        return new Bootstrap()
                .group(gateway.group())
                .channelFactory(gateway.connections())
                .handler(handler);
    }

    private Channel connect(InetAddress address, ChannelHandler handler) throws Exception {
        return connect(address, PORT, handler);
    }

    private Channel connect(InetAddress address, int port, ChannelHandler handler) throws Exception {
        return bootstrap(handler)
                .connect(new InetSocketAddress(address, port))
                .sync()
                .channel();
    }
}
