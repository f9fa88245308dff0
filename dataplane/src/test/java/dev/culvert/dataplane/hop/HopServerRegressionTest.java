package dev.culvert.dataplane.hop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.dataplane.ConnectionRegistry;
import dev.culvert.dataplane.Dialer;
import dev.culvert.dataplane.Events;
import dev.culvert.dataplane.relay.Relay;
import dev.culvert.dataplane.site.TargetDialer;
import dev.culvert.model.AllowRule;
import dev.culvert.model.SiteRules;
import dev.culvert.model.Surroundings;
import dev.culvert.proto.proxyprotocol.HopCode;
import dev.culvert.proto.proxyprotocol.HopReply;
import dev.culvert.proto.proxyprotocol.HopRequest;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.concurrent.ImmediateEventExecutor;
import io.netty.util.concurrent.Promise;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class HopServerRegressionTest {
    private static final HopRequest REQUEST =
            HopRequest.shared(0, new HopRequest.Target(HopRequest.Protocol.TCP, "slow.test", 80));

    private int reads;

    @Test
    void bytesBehindTheReply_areNotReadUntilSomebodyWantsThem() {
        Promise<Channel> connected = ImmediateEventExecutor.INSTANCE.newPromise();
        EmbeddedChannel channel = channel(new HopHandshake(REQUEST, connected));
        ByteBuffer reply = ByteBuffer.allocate(HopReply.LENGTH);
        new HopReply(HopCode.OK).write(reply);
        channel.writeInbound(Unpooled.wrappedBuffer(reply.array()));
        assertThat(connected.isSuccess()).isTrue();
        reads = 0;

        channel.writeInbound(Unpooled.wrappedBuffer(new byte[1000]));

        assertThat(reads).isZero();
    }

    @Test
    void bytesBehindTheRequest_areNotReadBeforeTheTargetIsThere() {
        EmbeddedChannel channel = channel(new HopServer(new SlowSite()));
        ByteBuffer request = ByteBuffer.allocate(HopRequest.MAX_LENGTH);
        int length = REQUEST.write(request);
        channel.writeInbound(Unpooled.copiedBuffer(request.array(), 0, length));
        reads = 0;

        channel.writeInbound(Unpooled.wrappedBuffer(new byte[1000]));

        assertThat(reads).isZero();
    }

    private EmbeddedChannel channel(io.netty.channel.ChannelHandler handshake) {
        EmbeddedChannel channel = new EmbeddedChannel() {
            @Override
            protected SocketAddress remoteAddress0() {
                return new InetSocketAddress(InetAddress.ofLiteral("10.0.0.1"), 4000);
            }
        };
        channel.config().setAutoRead(false);
        channel.pipeline().addLast(new ChannelOutboundHandlerAdapter() {
            @Override
            public void read(ChannelHandlerContext ctx) {
                reads++;
                ctx.read();
            }
        });
        channel.pipeline().addLast(Relay.HANDSHAKE, handshake);
        channel.pipeline().fireChannelActive();
        return channel;
    }

    /// Allows one target, whose name is being looked up for ever.
    private static final class SlowSite implements HopServer.Site {
        private final Events events = new Events();

        @Override
        public @Nullable String gateway(InetAddress address) {
            return "gateway";
        }

        @Override
        public SiteRules rules() {
            return new SiteRules(List.of(new AllowRule.Name("slow.test", 80, 80)), List.of(), List.of());
        }

        @Override
        public Surroundings surroundings() {
            return Surroundings.UNKNOWN;
        }

        @Override
        public boolean hearsAnswersToVisitors() {
            return false;
        }

        @Override
        public void terminate(Channel channel, Dialer.Visitor visitor) {
            channel.close();
        }

        @Override
        public TargetDialer targets() {
            return new TargetDialer(EmbeddedChannel::new, EmbeddedChannel::new, _ -> {});
        }

        @Override
        public ConnectionRegistry connections() {
            throw new IllegalStateException("nothing is relayed");
        }

        @Override
        public Events events() {
            return events;
        }
    }
}
