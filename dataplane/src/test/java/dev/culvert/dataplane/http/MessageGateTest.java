package dev.culvert.dataplane.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import org.junit.jupiter.api.Test;

class MessageGateTest {
    private int reads;

    private final EmbeddedChannel channel = new EmbeddedChannel();

    MessageGateTest() {
        channel.config().setAutoRead(false);
        channel.pipeline()
                .addLast(
                        new ChannelOutboundHandlerAdapter() {
                            @Override
                            public void read(ChannelHandlerContext ctx) {
                                reads++;
                            }
                        },
                        new MessageGate());
    }

    private void arrive(String... messages) {
        for (String message : messages) {
            channel.pipeline().fireChannelRead(message);
        }
        channel.pipeline().fireChannelReadComplete();
    }

    private String handedOn() {
        return channel.readInbound();
    }

    @Test
    void oneMessage_isHandedOnForEachRead() {
        channel.read();
        arrive("head", "body", "end");

        assertThat(handedOn()).isEqualTo("head");
        assertThat(handedOn()).isNull();
        channel.read();
        assertThat(handedOn()).isEqualTo("body");
        channel.read();
        assertThat(handedOn()).isEqualTo("end");
        assertThat(reads).isEqualTo(1);
    }

    @Test
    void socket_isAskedOnce_whileARead_isOpen() {
        channel.read();
        channel.read();
        assertThat(reads).isEqualTo(1);

        arrive("head");
        channel.read();
        assertThat(reads).isEqualTo(2);
    }

    @Test
    void read_staysOpen_untilAMessageComes() {
        channel.read();
        arrive();
        arrive();

        assertThat(reads).isEqualTo(3);
        arrive("head");
        assertThat(handedOn()).isEqualTo("head");
        assertThat(reads).isEqualTo(3);
    }
}
