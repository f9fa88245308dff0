package dev.culvert.dataplane.testing;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.handler.codec.http3.DefaultHttp3DataFrame;
import io.netty.handler.codec.http3.DefaultHttp3Headers;
import io.netty.handler.codec.http3.DefaultHttp3HeadersFrame;
import io.netty.handler.codec.http3.DefaultHttp3SettingsFrame;
import io.netty.handler.codec.http3.Http3;
import io.netty.handler.codec.http3.Http3ClientConnectionHandler;
import io.netty.handler.codec.http3.Http3DataFrame;
import io.netty.handler.codec.http3.Http3GoAwayFrame;
import io.netty.handler.codec.http3.Http3Headers;
import io.netty.handler.codec.http3.Http3HeadersFrame;
import io.netty.handler.codec.http3.Http3Settings;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicClientCodecBuilder;
import io.netty.handler.codec.quic.QuicConnectionCloseEvent;
import io.netty.handler.codec.quic.QuicSslContext;
import io.netty.handler.codec.quic.QuicSslContextBuilder;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.codec.quic.QuicStreamResetException;
import io.netty.handler.codec.quic.QuicStreamType;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.util.ReferenceCountUtil;
import java.io.ByteArrayInputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLEngine;
import org.jspecify.annotations.Nullable;

/// Netty's HTTP/3 as a visitor, which believes every certificate. Waits are of some seconds at most.
public final class Http3Client implements AutoCloseable {
    private static final int SECONDS = 25;
    private static final Object END = new Object();

    private final MultiThreadIoEventLoopGroup loop;
    private final Channel socket;
    private final QuicChannel connection;
    private final CompletableFuture<Integer> closed = new CompletableFuture<>();
    private final BlockingQueue<Long> goAways = new LinkedBlockingQueue<>();

    /// What came back on one stream.
    ///
    /// @param status empty where the stream was reset before
    /// @param reset the code of the reset, or -1
    public record Answer(
            String status, List<String> interim, Http3Headers fields, String body, Http3Headers trailers, long reset) {}

    private Http3Client(InetSocketAddress to, String name, QuicSslContext context, InetAddress from) throws Exception {
        loop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        socket = new Bootstrap()
                .group(loop)
                .channel(NioDatagramChannel.class)
                .handler(codec(context, name, to.getPort()).build())
                .bind(new InetSocketAddress(from, 0))
                .sync()
                .channel();
        connection = QuicChannel.newBootstrap(socket)
                .handler(new ChannelInboundHandlerAdapter() {
                    @Override
                    public void handlerAdded(ChannelHandlerContext ctx) {
                        ctx.pipeline()
                                .addLast(new Http3ClientConnectionHandler(control(), null, null, settings(), true));
                    }

                    @Override
                    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
                        if (event instanceof QuicConnectionCloseEvent close) {
                            closed.complete(close.error());
                        }
                        ctx.fireUserEventTriggered(event);
                    }

                    @Override
                    public void channelInactive(ChannelHandlerContext ctx) {
                        closed.complete(-1);
                        ctx.fireChannelInactive();
                    }
                })
                .remoteAddress(to)
                .connect()
                .addListener(done -> {
                    if (!done.isSuccess()) {
                        loop.shutdownGracefully(0, 0, TimeUnit.SECONDS);
                    }
                })
                .get(SECONDS, TimeUnit.SECONDS);
    }

    private static QuicClientCodecBuilder codec(QuicSslContext context, String name, int port) {
        return Http3.newQuicClientCodecBuilder()
                .sslEngineProvider(channel -> context.newEngine(channel.alloc(), name, port))
                .maxIdleTimeout(60, TimeUnit.SECONDS)
                .initialMaxData(16 * 1024 * 1024)
                .initialMaxStreamDataBidirectionalLocal(256 * 1024);
    }

    private static DefaultHttp3SettingsFrame settings() {
        return new DefaultHttp3SettingsFrame(
                new Http3Settings().qpackMaxTableCapacity(0).qpackBlockedStreams(0));
    }

    private ChannelInboundHandlerAdapter control() {
        return new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext ctx, Object frame) {
                if (frame instanceof Http3GoAwayFrame goAway) {
                    goAways.add(goAway.id());
                }
                ReferenceCountUtil.release(frame);
            }
        };
    }

    /// What a visitor remembers between its connections.
    public static QuicSslContext context(String... protocols) {
        return QuicSslContextBuilder.forClient()
                .trustManager(InsecureTrustManagerFactory.INSTANCE)
                .endpointIdentificationAlgorithm(null)
                .applicationProtocols(protocols.length == 0 ? new String[] {"h3"} : protocols)
                .build();
    }

    public static Http3Client connect(InetSocketAddress to, String name) throws Exception {
        return connect(to, name, context());
    }

    public static Http3Client connect(InetSocketAddress to, String name, QuicSslContext context) throws Exception {
        return new Http3Client(to, name, context, InetAddress.getLoopbackAddress());
    }

    public QuicChannel connection() {
        return connection;
    }

    /// What the other side has shown.
    public X509Certificate certificate() throws Exception {
        SSLEngine engine = Objects.requireNonNull(connection.sslEngine());
        byte[] shown = engine.getSession().getPeerCertificates()[0].getEncoded();
        return (X509Certificate)
                CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(shown));
    }

    /// The code with which the other side has closed.
    public int closed() throws Exception {
        return closed.get(SECONDS, TimeUnit.SECONDS);
    }

    public long goAway() throws Exception {
        Long id = goAways.poll(SECONDS, TimeUnit.SECONDS);
        if (id == null) {
            throw new AssertionError("no GOAWAY");
        }
        return id;
    }

    public Answer get(String host, String path) throws Exception {
        return open(true, ":method", "GET", ":scheme", "https", ":authority", host, ":path", path)
                .answer();
    }

    /// Sends a head of names and values in turn.
    public Exchange open(boolean end, String... fields) throws Exception {
        return bare().headers(end, fields);
    }

    /// A stream on which nothing was said.
    public Exchange bare() throws Exception {
        Exchange exchange = new Exchange();
        exchange.stream = Http3.newRequestStream(connection, exchange.handler()).get(SECONDS, TimeUnit.SECONDS);
        return exchange;
    }

    /// Opens a stream of one way with these bytes.
    public void oneWay(byte[] bytes) throws Exception {
        connection
                .createStream(QuicStreamType.UNIDIRECTIONAL, new ChannelInboundHandlerAdapter())
                .get(SECONDS, TimeUnit.SECONDS)
                .writeAndFlush(Unpooled.copiedBuffer(bytes));
    }

    /// One stream.
    public static final class Exchange {
        private final BlockingQueue<Object> events = new LinkedBlockingQueue<>();
        private @Nullable QuicStreamChannel stream;

        private ChannelInboundHandlerAdapter handler() {
            return new ChannelInboundHandlerAdapter() {
                @Override
                public void channelRead(ChannelHandlerContext ctx, Object frame) {
                    switch (frame) {
                        case Http3HeadersFrame head -> events.add(head.headers());
                        case Http3DataFrame data -> events.add(data.content().toString(StandardCharsets.ISO_8859_1));
                        default -> {}
                    }
                    ReferenceCountUtil.release(frame);
                }

                @Override
                public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
                    if (event instanceof ChannelInputShutdownEvent) {
                        events.add(END);
                    }
                }

                @Override
                public void channelInactive(ChannelHandlerContext ctx) {
                    events.add(END);
                }

                @Override
                public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
                    events.add(cause);
                }
            };
        }

        public QuicStreamChannel stream() {
            QuicStreamChannel open = stream;
            if (open == null) {
                throw new IllegalStateException("not open");
            }
            return open;
        }

        public Exchange headers(boolean end, String... fields) throws Exception {
            DefaultHttp3Headers head = new DefaultHttp3Headers(false);
            for (int i = 0; i < fields.length; i += 2) {
                head.add(fields[i], fields[i + 1]);
            }
            return write(new DefaultHttp3HeadersFrame(head), end);
        }

        public Exchange data(boolean end, String text) throws Exception {
            return data(end, Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1));
        }

        public Exchange data(boolean end, ByteBuf bytes) throws Exception {
            return write(new DefaultHttp3DataFrame(bytes), end);
        }

        /// The same, for who wants to know when it has left.
        public ChannelFuture send(ByteBuf bytes) {
            return stream().writeAndFlush(new DefaultHttp3DataFrame(bytes));
        }

        private Exchange write(Object frame, boolean end) throws Exception {
            var written = stream().writeAndFlush(frame);
            if (end) {
                written.addListener(QuicStreamChannel.SHUTDOWN_OUTPUT);
            }
            return this;
        }

        /// Raw bytes, behind the codec.
        public Exchange raw(byte[] bytes) {
            stream().pipeline().firstContext().writeAndFlush(Unpooled.copiedBuffer(bytes));
            return this;
        }

        public Object next() throws Exception {
            Object event = events.poll(SECONDS, TimeUnit.SECONDS);
            if (event == null) {
                throw new AssertionError("nothing came");
            }
            return event;
        }

        /// All of the response.
        public Answer answer() throws Exception {
            List<String> interim = new ArrayList<>();
            Http3Headers head = new DefaultHttp3Headers();
            Http3Headers trailers = new DefaultHttp3Headers();
            StringBuilder body = new StringBuilder();
            String status = "";
            for (Object event = next(); !event.equals(END); event = next()) {
                if (event instanceof Http3Headers fields) {
                    if (!status.isEmpty()) {
                        trailers = fields;
                    } else if (String.valueOf(fields.status()).startsWith("1")) {
                        interim.add(String.valueOf(fields.status()));
                    } else {
                        head = fields;
                        status = String.valueOf(fields.status());
                    }
                } else if (event instanceof String piece) {
                    body.append(piece);
                } else if (event instanceof QuicStreamResetException broken) {
                    return new Answer(
                            status, interim, head, body.toString(), trailers, broken.applicationProtocolCode());
                } else {
                    throw new AssertionError(event);
                }
            }
            return new Answer(status, interim, head, body.toString(), trailers, -1);
        }
    }

    @Override
    public void close() {
        connection.close().awaitUninterruptibly(SECONDS, TimeUnit.SECONDS);
        socket.close().awaitUninterruptibly(SECONDS, TimeUnit.SECONDS);
        loop.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(SECONDS, TimeUnit.SECONDS);
    }
}
