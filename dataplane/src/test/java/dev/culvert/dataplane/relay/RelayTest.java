package dev.culvert.dataplane.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.dataplane.Connection;
import dev.culvert.dataplane.ConnectionRegistry;
import dev.culvert.model.Target;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/// The relay's own rules, on channels without a socket.
class RelayTest {
    private final ConnectionRegistry registry = new ConnectionRegistry(_ -> {});
    private final EmbeddedChannel visitor = new EmbeddedChannel();
    private final EmbeddedChannel target = new EmbeddedChannel();
    private final Connection connection = registry.beginHop(
            new Target(Target.Scheme.TCP, "127.0.0.1", 9), "vps", InetAddress.getLoopbackAddress(), visitor);

    private void join() {
        Relay.join(visitor, target, connection);
        run();
    }

    private void run() {
        for (int i = 0; i < 4; i++) {
            visitor.runPendingTasks();
            target.runPendingTasks();
        }
    }

    @Test
    void bytes_goBothWaysAndAreCounted() {
        join();

        visitor.writeInbound(text("question"));
        target.writeInbound(text("answer"));
        run();

        assertThat(read(target)).isEqualTo("question");
        assertThat(read(visitor)).isEqualTo("answer");
        assertThat(connection.received().sum()).isEqualTo(8);
        assertThat(connection.sent().sum()).isEqualTo(6);
    }

    @Test
    void closeOfOneSide_closesTheOtherBehindWhatWasRead() {
        join();
        visitor.writeInbound(text("last words"));

        visitor.close();
        run();

        assertThat(read(target)).isEqualTo("last words");
        assertThat(target.isOpen()).isFalse();
        assertThat(registry.size()).isZero();
    }

    @Test
    void brokenSide_breaksTheOther() {
        join();

        target.pipeline().fireExceptionCaught(new IOException("reset"));
        run();

        assertThat(visitor.isOpen()).isFalse();
        assertThat(target.isOpen()).isFalse();
        assertThat(registry.size()).isZero();
    }

    @Test
    void sideThatClosedBeforeTheJoin_takesTheOtherWithIt() {
        target.close();

        join();

        assertThat(visitor.isOpen()).isFalse();
        assertThat(registry.size()).isZero();
    }

    @Test
    void handlersOfTheHandshake_leaveThePipelines() {
        target.pipeline().addLast(Relay.HANDSHAKE, new ChannelInboundHandlerAdapter());
        visitor.pipeline().addLast(Relay.HTTP, new ChannelInboundHandlerAdapter());

        join();

        assertThat(target.pipeline().get(Relay.HANDSHAKE)).isNull();
        assertThat(visitor.pipeline().get(Relay.HTTP)).isNull();
    }

    private static ByteBuf text(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII);
    }

    private static String read(EmbeddedChannel channel) {
        ByteBuf bytes = channel.readOutbound();
        String text = bytes.toString(StandardCharsets.US_ASCII);
        bytes.release();
        return text;
    }
}
