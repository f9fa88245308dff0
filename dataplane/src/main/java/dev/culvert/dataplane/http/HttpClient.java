package dev.culvert.dataplane.http;

import dev.culvert.dataplane.Dialer;
import dev.culvert.dataplane.relay.Relay;
import dev.culvert.model.Destination;
import dev.culvert.model.Site;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.io.IOException;
import java.util.Deque;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Asks in the node's own name: health checks, and services that decide about requests. Requests without a body,
/// responses in memory and bounded. Shared by all loops; follows no redirect.
public final class HttpClient {
    private static final int MAX_BODY = 64 * 1024;
    private static final int IDLE_PER_TARGET = 16;
    private static final int IDLE_SECONDS = 20;

    private final Dialer dialer;
    private final Map<Destination, Deque<Call>> idle = new ConcurrentHashMap<>();

    /// A response, whole.
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Reply(int status, HttpHeaders headers, byte[] body) {}

    public HttpClient(Dialer dialer) {
        this.dialer = dialer;
    }

    /// @param millis for all of it; what takes longer fails
    /// @param loop where the future is notified
    Future<Reply> ask(
            Destination destination, @Nullable Site site, HttpRequest request, int millis, EventExecutor loop) {
        Promise<Reply> promise = loop.newPromise();
        Future<?> deadline = loop.schedule(
                () -> promise.tryFailure(new IOException("no answer within " + millis + " ms")),
                millis,
                TimeUnit.MILLISECONDS);
        promise.addListener(_ -> deadline.cancel(false));
        Deque<Call> waiting = idle.computeIfAbsent(destination, _ -> new ConcurrentLinkedDeque<>());
        Call kept;
        while ((kept = waiting.pollFirst()) != null) {
            if (kept.channel.isActive()) {
                Call reused = kept;
                Promise<Reply> first = loop.newPromise();
                first.addListener(done -> {
                    if (done.isSuccess()) {
                        promise.trySuccess(first.getNow());
                    } else if (!promise.isDone()) {
                        // It was just being closed; nobody hears a GET twice.
                        dial(destination, site, request, waiting, promise, loop);
                    }
                });
                reused.begin(request, first);
                return promise;
            }
        }
        dial(destination, site, request, waiting, promise, loop);
        return promise;
    }

    private void dial(
            Destination destination,
            @Nullable Site site,
            HttpRequest request,
            Deque<Call> waiting,
            Promise<Reply> promise,
            EventExecutor loop) {
        dialer.dialShared(destination.target(), site, loop).addListener(done -> {
            if (!done.isSuccess()) {
                promise.tryFailure(done.cause());
                return;
            }
            Channel channel = (Channel) done.getNow();
            channel.eventLoop().execute(() -> Call.on(channel, waiting).begin(request, promise));
        });
    }

    /// One connection, with one question at a time, on its own loop.
    private static final class Call extends ChannelInboundHandlerAdapter {
        private final Channel channel;
        private final Deque<Call> waiting;
        private @Nullable Promise<Reply> promise;
        private @Nullable HttpResponse head;
        private ByteBuf body = Unpooled.EMPTY_BUFFER;

        private Call(Channel channel, Deque<Call> waiting) {
            this.channel = channel;
            this.waiting = waiting;
        }

        static Call on(Channel channel, Deque<Call> waiting) {
            Call call = new Call(channel, waiting);
            HttpCodecs.client(channel.pipeline());
            channel.pipeline().addLast(Relay.HTTP, call);
            if (channel.pipeline().get(Relay.HANDSHAKE) != null) {
                channel.pipeline().remove(Relay.HANDSHAKE);
            }
            return call;
        }

        void begin(HttpRequest request, Promise<Reply> next) {
            if (!channel.eventLoop().inEventLoop()) {
                channel.eventLoop().execute(() -> begin(request, next));
                return;
            }
            promise = next;
            head = null;
            // Who gave up waiting needs no answer, and the connection must not hand it to the next.
            next.addListener(done -> {
                if (!done.isSuccess()) {
                    channel.close();
                }
            });
            if (!channel.isActive()) {
                next.tryFailure(new IOException("the connection was closed"));
                return;
            }
            channel.write(request);
            channel.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT);
            channel.read();
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            Promise<Reply> asking = promise;
            boolean broken = message instanceof HttpObject object
                    && object.decoderResult().isFailure();
            if (asking == null || broken) {
                ReferenceCountUtil.release(message);
                fail("the answer does not parse, or came unasked");
                return;
            }
            if (message instanceof HttpResponse response && response.status().code() >= 200) {
                head = response;
                body = Unpooled.buffer();
            }
            if (message instanceof HttpContent content) {
                HttpResponse started = head;
                boolean last = content instanceof LastHttpContent && started != null;
                boolean fits = body.readableBytes() + content.content().readableBytes() <= MAX_BODY;
                if (started != null && fits) {
                    body.writeBytes(content.content());
                }
                content.release();
                if (!fits) {
                    fail("the answer is larger than " + MAX_BODY + " bytes");
                    return;
                }
                if (last && started != null) {
                    answered(asking, started);
                    return;
                }
            }
            ctx.read();
        }

        private void answered(Promise<Reply> asking, HttpResponse response) {
            byte[] bytes = new byte[body.readableBytes()];
            body.readBytes(bytes);
            promise = null;
            head = null;
            if (HttpUtil.isKeepAlive(response) && waiting.size() < IDLE_PER_TARGET) {
                // One read stays open: a close by the other end is seen.
                channel.read();
                waiting.addFirst(this);
                channel.eventLoop().schedule(this::retire, IDLE_SECONDS, TimeUnit.SECONDS);
            } else {
                channel.close();
            }
            asking.trySuccess(new Reply(response.status().code(), response.headers(), bytes));
        }

        private void retire() {
            if (waiting.remove(this)) {
                channel.close();
            }
        }

        private void fail(String why) {
            Promise<Reply> asking = promise;
            promise = null;
            waiting.remove(this);
            if (asking != null) {
                asking.tryFailure(new IOException(why));
            }
            channel.close();
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof ChannelInputShutdownEvent) {
                ctx.close();
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            fail("the connection ended before the answer did");
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            fail(String.valueOf(cause.getMessage()));
        }
    }
}
