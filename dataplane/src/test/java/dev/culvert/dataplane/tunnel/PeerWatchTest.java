package dev.culvert.dataplane.tunnel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.dataplane.testing.NarrowPath;
import dev.culvert.dataplane.testing.Stream;
import dev.culvert.dataplane.testing.TunnelPair;
import dev.culvert.dataplane.tunnel.Outages.Outage;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Two tunnels with a path between them that shrinks: on real sockets, in real time.
@Timeout(60)
class PeerWatchTest {
    private static final int PORT = 7;
    /// Of the outer packet: 20 of IPv4 and 8 of UDP are not the payload's.
    private static final int OUTER = 1300;

    @Test
    void pathShrinks_bothEndsFindOutInATransferAndEveryByteArrives() throws Exception {
        int total = 8 << 20;
        ExecutorService lookups = Executors.newVirtualThreadPerTaskExecutor();
        ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();
        try (TunnelPair pair = TunnelPair.open(TunnelPair.Io.EPOLL);
                NarrowPath path = NarrowPath.to(pair.gateway().localAddress());
                lookups;
                scheduler) {
            CompletableFuture<PeerWatch.State> up = new CompletableFuture<>();
            Outages atSite = new Outages();
            Outages atGateway = new Outages();
            PeerWatch.Target gateway = new PeerWatch.Target(
                    "vps",
                    pair.gatewayKey(),
                    TunnelPair.GATEWAY,
                    false,
                    path.address().getAddress().getHostAddress(),
                    path.address().getPort());
            PeerWatch.Target site = new PeerWatch.Target("home", pair.siteKey(), TunnelPair.SITE, false, null, 0);
            PeerWatch.Parts parts = new PeerWatch.Parts(pair.site(), scheduler, lookups, up::complete, atSite);
            PeerWatch.Parts partsThere = new PeerWatch.Parts(pair.gateway(), scheduler, lookups, _ -> {}, atGateway);
            try (PeerWatch watch = new PeerWatch(parts, gateway, 1420);
                    PeerWatch watchThere = new PeerWatch(partsThere, site, 1420)) {
                watch.start();
                watchThere.start();
                assertThat(up.get(10, TimeUnit.SECONDS).up()).isTrue();
                Stream far = new Stream(total);
                Stream near = new Stream(total);
                serve(pair, far);
                // Before the bytes: a quick machine has sent them all a moment after.
                path.largest(OUTER - 28);
                connect(pair, near);

                assertThat(near.ended().get(50, TimeUnit.SECONDS)).isEqualTo(Stream.Sum.of(total));
                assertThat(far.ended().get(50, TimeUnit.SECONDS)).isEqualTo(Stream.Sum.of(total));
                assertThat(watch.packets()).isEqualTo(1232);
                assertThat(watchThere.packets()).isEqualTo(1232);
                assertThat(atSite.all()).extracting(Outage::cause).containsExactly(PathCause.MTU);
                assertThat(atGateway.all()).extracting(Outage::cause).containsExactly(PathCause.MTU);
            }
        }
    }

    private static void serve(TunnelPair pair, Stream far) throws Exception {
        new ServerBootstrap()
                .group(pair.site().group())
                .channelFactory(pair.site().listeners())
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(far);
                    }
                })
                .bind(new InetSocketAddress(PORT))
                .get(5, TimeUnit.SECONDS);
    }

    private static void connect(TunnelPair pair, Stream near) throws Exception {
        new Bootstrap()
                .group(pair.gateway().group())
                .channelFactory(pair.gateway().connections())
                .handler(near)
                .connect(new InetSocketAddress(TunnelPair.SITE, PORT))
                .sync();
    }
}
