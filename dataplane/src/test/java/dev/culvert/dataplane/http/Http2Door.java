package dev.culvert.dataplane.http;

import dev.culvert.dataplane.ConnectionRegistry;
import dev.culvert.dataplane.Dialer;
import dev.culvert.dataplane.Doorway;
import dev.culvert.dataplane.Drain;
import dev.culvert.dataplane.RunningModel;
import dev.culvert.dataplane.ServiceFiles;
import dev.culvert.dataplane.access.BasicAuth;
import dev.culvert.dataplane.site.TargetDialer;
import dev.culvert.dataplane.testing.FrameWire;
import dev.culvert.dataplane.testing.TestNode;
import dev.culvert.dataplane.tls.Tls;
import dev.culvert.model.Limits;
import dev.culvert.model.Model;
import dev.culvert.model.decide.Admission;
import dev.culvert.model.decide.BanTable;
import dev.culvert.model.decide.Targets;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Map;

/// A door of a gateway at which HTTP/2 is spoken without TLS, so that a test sees every frame.
final class Http2Door {
    private final ChannelGroup visitors = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private final InetSocketAddress at;
    private final ConnectionRegistry connections;

    Http2Door(TestNode node) throws IOException {
        Model model = node.node().model();
        RunningModel running = RunningModel.of(
                model,
                Targets.NONE.next(model, text -> text),
                new ServiceFiles(Map.of(), new BasicAuth(node.events())));
        Admission admission = new Admission(new Limits(20_000, 20_000, 0, 1), new BanTable(), 7, System.nanoTime());
        connections = new ConnectionRegistry(admission::release);
        Dialer dialer = new Dialer(
                node.tunnel(),
                new TargetDialer(
                        node.loops().connections(),
                        node.loops().transparentConnections(),
                        task -> Thread.ofVirtual().start(task)));
        Doorway doorway = new Doorway(
                () -> running, admission, dialer, connections, node.events(), Tls.empty(), java.util.Set::of);
        UpstreamPool pool = new UpstreamPool(dialer);
        pool.prepare(model);
        Channel bound = new ServerBootstrap()
                .group(node.loops().visitors())
                .channelFactory(node.loops().listeners())
                .childOption(ChannelOption.AUTO_READ, false)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        visitors.add(channel);
                        HttpIngress ingress =
                                new HttpIngress(doorway, model.listeners().getFirst(), pool, channel, null);
                        Http2Session.install(channel, ingress);
                    }
                })
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .syncUninterruptibly()
                .channel();
        at = (InetSocketAddress) bound.localAddress();
    }

    FrameWire visitor() throws IOException {
        return new FrameWire(new Socket(at.getAddress(), at.getPort()));
    }

    void tellVisitors(Drain.Notice notice) {
        visitors.forEach(channel -> channel.pipeline().fireUserEventTriggered(notice));
    }

    /// What all services have sent to visitors.
    long sentBytes() {
        return connections.traffic().values().stream()
                .mapToLong(ConnectionRegistry.ServiceTraffic::sentBytes)
                .sum();
    }
}
