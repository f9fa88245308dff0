package dev.culvert.dataplane;

import dev.culvert.dataplane.relay.Relay;
import dev.culvert.model.Dialogue;
import dev.culvert.model.Target;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/// Speaks to a target that knows no HTTP, to learn whether it is well: TLS if it is to be there, the first words, and
/// what has to come back. One per question, on the loop of its connection.
final class HealthDialogue extends ChannelInboundHandlerAdapter {
    // What is expected stands in a greeting or a status line.
    private static final int MOST_BYTES = 4096;

    // Whether TLS comes about is the question here; whom to believe is the visitor's business, who does it himself.
    private static volatile @Nullable SslContext anybody;

    private final Dialogue dialogue;
    private final Target target;
    private final Promise<String> said;
    private final StringBuilder heard = new StringBuilder();

    private HealthDialogue(Dialogue dialogue, Target target, Promise<String> said) {
        this.dialogue = dialogue;
        this.target = target;
        this.said = said;
    }

    /// @param dialling a connection with the target
    /// @return an empty text where it is well, else what is wrong; fails where there was no connection
    static Future<String> hold(Future<Channel> dialling, Dialogue dialogue, Target target, int millis, EventLoop loop) {
        Promise<String> said = loop.newPromise();
        Future<?> patience = loop.schedule(
                () -> said.trySuccess("no answer within " + millis + " ms"), millis, TimeUnit.MILLISECONDS);
        said.addListener(_ -> patience.cancel(false));
        dialling.addListener(done -> {
            if (!done.isSuccess()) {
                said.tryFailure(done.cause());
                return;
            }
            Channel channel = (Channel) done.getNow();
            said.addListener(_ -> channel.close());
            channel.eventLoop().execute(() -> begin(channel, new HealthDialogue(dialogue, target, said)));
        });
        return said;
    }

    private static void begin(Channel channel, HealthDialogue talk) {
        try {
            if (talk.dialogue.tls()) {
                SslHandler tls = talk.tls(channel);
                channel.pipeline().addLast(Relay.TLS, tls);
            }
            channel.pipeline().addLast(talk);
        } catch (SSLException bug) {
            talk.said.tryFailure(bug);
            return;
        }
        if (channel.pipeline().get(Relay.HANDSHAKE) != null) {
            channel.pipeline().remove(Relay.HANDSHAKE);
        }
        channel.config().setAutoRead(true);
        if (!talk.dialogue.tls()) {
            talk.speak(channel);
        }
    }

    private SslHandler tls(Channel channel) throws SSLException {
        SslContext context = anybody;
        if (context == null) {
            context = SslContextBuilder.forClient()
                    .sslProvider(SslProvider.JDK)
                    .trustManager(InsecureTrustManagerFactory.INSTANCE)
                    .endpointIdentificationAlgorithm(null)
                    .build();
            anybody = context;
        }
        String name = dialogue.tlsName();
        return name == null
                ? context.newHandler(channel.alloc())
                : context.newHandler(channel.alloc(), name, target.port());
    }

    private void speak(Channel channel) {
        if (!dialogue.send().isEmpty()) {
            channel.writeAndFlush(Unpooled.copiedBuffer(dialogue.send(), StandardCharsets.ISO_8859_1));
        }
        if (dialogue.expect().isEmpty()) {
            said.trySuccess("");
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof SslHandshakeCompletionEvent done) {
            if (done.isSuccess()) {
                speak(ctx.channel());
            } else {
                said.trySuccess("TLS failed: " + done.cause().getMessage());
            }
        } else if (event instanceof ChannelInputShutdownEvent) {
            ended();
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        heard.append(bytes.toString(StandardCharsets.ISO_8859_1));
        bytes.release();
        if (!dialogue.expect().isEmpty() && heard.indexOf(dialogue.expect()) >= 0) {
            said.trySuccess("");
        } else if (heard.length() > MOST_BYTES) {
            ended();
        }
    }

    /// What it said instead may have come from anybody, and is not repeated.
    private void ended() {
        said.trySuccess(dialogue.expect().isEmpty() ? "it closed the connection" : "it did not answer as expected");
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        ended();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        said.trySuccess("the connection broke: " + cause.getMessage());
    }
}
