package dev.culvert.dataplane.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.dataplane.os.SteadyEpoll;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.ChannelOutputShutdownException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
@Timeout(60)
class TcpChannelTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final MultiThreadIoEventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, SteadyEpoll.newFactory());
    private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    private final BlockingQueue<Channel> children = new LinkedBlockingQueue<>();

    @AfterEach
    void end() {
        loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    /// Writes down what a channel hears, one word each.
    private final class Diary extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ByteBuf bytes = (ByteBuf) message;
            heard.add(bytes.toString(StandardCharsets.US_ASCII));
            bytes.release();
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext ctx) {
            heard.add("complete");
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof ChannelInputShutdownEvent) {
                heard.add("end");
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            heard.add("broken");
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            heard.add("closed");
        }
    }

    private String next() throws InterruptedException {
        String word = heard.poll(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        assertThat(word).isNotNull();
        return String.valueOf(word);
    }

    private Channel dial(InetSocketAddress to, boolean autoRead) throws InterruptedException {
        return dialLater(to, autoRead).sync().channel();
    }

    private ChannelFuture dialLater(InetSocketAddress to, boolean autoRead) {
        return new Bootstrap()
                .group(loops)
                .channelFactory(() -> new TcpChannel(SocketSetup.NONE))
                .option(ChannelOption.AUTO_READ, autoRead)
                .handler(new Diary())
                .connect(to);
    }

    /// Begins before it returns.
    private void dialOnLoop(InetSocketAddress to) {
        TcpChannel channel = new TcpChannel(SocketSetup.NONE);
        channel.pipeline().addLast(new Diary());
        loops.register(channel);
        channel.connect(to);
    }

    private static ServerSocket server() throws IOException {
        return new ServerSocket(0, 8, InetAddress.getLoopbackAddress());
    }

    private static InetSocketAddress at(ServerSocket server) {
        return (InetSocketAddress) server.getLocalSocketAddress();
    }

    @Test
    void connect_whereNobodyListens_isRefused() throws Exception {
        InetSocketAddress nobody;
        try (ServerSocket gone = server()) {
            nobody = at(gone);
        }
        assertThatThrownBy(() -> dial(nobody, true)).isInstanceOf(ConnectException.class);
    }

    @Test
    void bytesAndAnEnd_areHeardInOrder_andTheAnswerStillGoes() throws Exception {
        try (ServerSocket server = server()) {
            Channel channel = dial(at(server), true);
            try (Socket peer = server.accept()) {
                peer.getOutputStream().write("abc".getBytes(StandardCharsets.US_ASCII));
                peer.shutdownOutput();
                assertThat(next()).isEqualTo("abc");
                String then = next();
                assertThat(then.equals("complete") ? next() : then).isEqualTo("end");
                assertThat(channel.isActive()).isTrue();

                channel.writeAndFlush(ascii("answer"));
                ((TcpChannel) channel).shutdownOutput().sync();
                assertThat(new String(peer.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                        .isEqualTo("answer");
                // Nothing can happen any more.
                channel.closeFuture().sync();
            }
        }
    }

    private static ByteBuf ascii(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII);
    }

    /// Its first bytes are there before the loop hears that it is connected.
    @Test
    void connect_toOneThatSpeaksAtOnce_hearsIt() throws Exception {
        try (ServerSocket server = server()) {
            loops.submit(() -> {
                        dialOnLoop(at(server));
                        try (Socket peer = server.accept()) {
                            peer.getOutputStream().write("greeting".getBytes(StandardCharsets.US_ASCII));
                        }
                        return null;
                    })
                    .sync();
            assertThat(next()).isEqualTo("greeting");
        }
    }

    @Test
    void end_isHeardByWhoReadsNothing() throws Exception {
        try (ServerSocket server = server()) {
            Channel channel = dial(at(server), false);
            server.accept().close();
            assertThat(next()).isEqualTo("end");
            assertThat(channel.isOpen()).isTrue();
            channel.close().sync();
        }
    }

    @Test
    void bytes_areNotTaken_beforeTheyAreWanted() throws Exception {
        try (ServerSocket server = server()) {
            Channel channel = dial(at(server), false);
            try (Socket peer = server.accept()) {
                peer.getOutputStream().write("one".getBytes(StandardCharsets.US_ASCII));
                assertThat(heard.poll(300, TimeUnit.MILLISECONDS)).isNull();
                channel.read();
                assertThat(next()).isEqualTo("one");
                assertThat(next()).isEqualTo("complete");
                peer.getOutputStream().write("two".getBytes(StandardCharsets.US_ASCII));
                assertThat(heard.poll(300, TimeUnit.MILLISECONDS)).isNull();
                channel.read();
                assertThat(next()).isEqualTo("two");
            }
        }
    }

    @Test
    void reset_isHeardByWhoReadsNothing() throws Exception {
        try (ServerSocket server = server()) {
            Channel channel = dial(at(server), false);
            Socket peer = server.accept();
            peer.setSoLinger(true, 0);
            peer.close();
            assertThat(next()).isEqualTo("broken");
            assertThat(next()).isEqualTo("closed");
            assertThat(channel.isOpen()).isFalse();
        }
    }

    /// Both are there before the loop hears of either: an answer, and a reset because of what was not read.
    @Test
    void answerBeforeAReset_isHeard() throws Exception {
        try (ServerSocket server = server()) {
            Channel channel = dial(at(server), false);
            Socket peer = server.accept();
            channel.eventLoop()
                    .submit(() -> {
                        peer.getOutputStream().write("refused".repeat(1_000).getBytes(StandardCharsets.US_ASCII));
                        peer.setSoLinger(true, 0);
                        peer.close();
                        return null;
                    })
                    .sync();
            StringBuilder got = new StringBuilder();
            String word = next();
            for (; !word.equals("complete"); word = next()) {
                got.append(word);
            }
            assertThat(got).hasToString("refused".repeat(1_000));
            assertThat(next()).isEqualTo("broken");
            assertThat(next()).isEqualTo("closed");
        }
    }

    /// A read stops at the mark of what is urgent (tcp(7)); nothing tells of the bytes behind it again.
    @Test
    void bytesBehindUrgentData_areHeard() throws Exception {
        try (ServerSocket server = server()) {
            Channel channel = dial(at(server), true);
            try (Socket peer = server.accept()) {
                channel.eventLoop()
                        .submit(() -> {
                            peer.getOutputStream().write("before".getBytes(StandardCharsets.US_ASCII));
                            peer.sendUrgentData('!');
                            peer.getOutputStream().write("behind".getBytes(StandardCharsets.US_ASCII));
                            return null;
                        })
                        .sync();
                StringBuilder got = new StringBuilder();
                while (got.length() < "beforebehind".length()) {
                    String word = next();
                    got.append(word.equals("complete") ? "" : word);
                }
                assertThat(got).hasToString("beforebehind");
            }
        }
    }

    @Test
    void write_behindTheEndOfTheOutput_failsAlone() throws Exception {
        try (ServerSocket server = server()) {
            TcpChannel channel = (TcpChannel) dial(at(server), true);
            try (Socket peer = server.accept()) {
                channel.shutdownOutput().sync();
                assertThat(channel.writeAndFlush(ascii("late")).await().cause())
                        .isInstanceOf(ChannelOutputShutdownException.class);
                peer.getOutputStream().write("still".getBytes(StandardCharsets.US_ASCII));
                assertThat(next()).isEqualTo("still");
            }
        }
    }

    @Test
    void abort_resetsThePeer() throws Exception {
        try (ServerSocket server = server()) {
            TcpChannel channel = (TcpChannel) dial(at(server), true);
            try (Socket peer = server.accept()) {
                channel.abort();
                assertThatThrownBy(() -> peer.getInputStream().read()).isInstanceOf(SocketException.class);
            }
        }
    }

    @Test
    void shutdownOutput_waitsForAllThatWasWritten() throws Exception {
        try (ServerSocket server = server()) {
            TcpChannel channel = (TcpChannel) dial(at(server), true);
            try (Socket peer = server.accept()) {
                MessageDigest sent = MessageDigest.getInstance("SHA-256");
                Random random = new Random(7);
                for (int i = 0; i < 300; i++) {
                    byte[] bytes = new byte[random.nextInt(60_000)];
                    random.nextBytes(bytes);
                    sent.update(bytes);
                    channel.write(anyKind(i, bytes));
                }
                channel.shutdownOutput();
                MessageDigest got = MessageDigest.getInstance("SHA-256");
                byte[] part = new byte[64 << 10];
                for (int count; (count = peer.getInputStream().read(part)) > 0; ) {
                    got.update(part, 0, count);
                }
                assertThat(got.digest()).isEqualTo(sent.digest());
                assertThat(channel.isOutputShutdown()).isTrue();
            }
        }
    }

    /// Of the heap, direct, in pieces, and nothing at all now and then.
    private static ByteBuf anyKind(int which, byte[] bytes) {
        return switch (which % 4) {
            case 0 -> Unpooled.wrappedBuffer(bytes);
            case 1 -> Unpooled.directBuffer(bytes.length + 1).writeBytes(bytes);
            case 2 -> {
                int half = bytes.length / 2;
                yield Unpooled.wrappedBuffer(
                        Unpooled.EMPTY_BUFFER,
                        Unpooled.copiedBuffer(bytes, 0, half),
                        Unpooled.directBuffer(bytes.length + 1).writeBytes(bytes, half, bytes.length - half));
            }
            default -> Unpooled.wrappedBuffer(Unpooled.EMPTY_BUFFER, Unpooled.copiedBuffer(bytes));
        };
    }

    @Test
    void handedOver_itsPipelineHearsNothing() throws Exception {
        try (ServerSocket server = server()) {
            TcpChannel channel = (TcpChannel) dial(at(server), true);
            try (Socket peer = server.accept()) {
                channel.eventLoop()
                        .submit(() -> channel.handOver((_, what) -> {
                            if (what.contains(EpollIoOps.EPOLLIN)) {
                                heard.add("ready");
                            }
                        }))
                        .sync();
                peer.getOutputStream().write('x');
                assertThat(next()).isEqualTo("ready");
                channel.close();
                assertThat(next()).isEqualTo("closed");
            }
        }
    }

    @Test
    void muted_hearsNothingButAnEnd_untilItListensAgain() throws Exception {
        try (ServerSocket server = server()) {
            TcpChannel channel = (TcpChannel) dial(at(server), true);
            try (Socket peer = server.accept()) {
                channel.eventLoop().submit(channel::mute).sync();
                peer.getOutputStream().write("kept".getBytes(StandardCharsets.US_ASCII));
                assertThat(heard.poll(300, TimeUnit.MILLISECONDS)).isNull();
                channel.eventLoop().submit(channel::listenAgain).sync();
                assertThat(next()).isEqualTo("kept");
                assertThat(next()).isEqualTo("complete");
                channel.eventLoop().submit(channel::mute).sync();
                peer.shutdownOutput();
                assertThat(next()).isEqualTo("end");
            }
        }
    }

    @Test
    void bothKinds_areProbedOnceTheyAreAFewSecondsOld() throws Exception {
        InetSocketAddress at = (InetSocketAddress) listen(true).localAddress();
        TcpChannel dialled = (TcpChannel) dial(at, true);
        TcpChannel accepted = (TcpChannel) Objects.requireNonNull(children.poll(20, TimeUnit.SECONDS));
        assertThat(dialled.socket().isKeepAlive()).isFalse();
        assertThat(accepted.socket().isKeepAlive()).isFalse();
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!(dialled.socket().isKeepAlive() && accepted.socket().isKeepAlive()) && System.nanoTime() < deadline) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
        }
        assertThat(dialled.socket().isKeepAlive()).isTrue();
        assertThat(accepted.socket().isKeepAlive()).isTrue();
    }

    @Test
    void server_acceptsWhoWaited_onceItMay() throws Exception {
        Channel server = listen(false);
        InetSocketAddress at = (InetSocketAddress) server.localAddress();
        try (Socket waiting = new Socket(InetAddress.getLoopbackAddress(), at.getPort())) {
            waiting.getOutputStream().write("here".getBytes(StandardCharsets.US_ASCII));
            assertThat(heard.poll(300, TimeUnit.MILLISECONDS)).isNull();
            server.config().setAutoRead(true);
            assertThat(next()).isEqualTo("here");
        }
    }

    @Test
    void server_turnsAwayWhoIsUnwelcome_withoutAChannel() throws Exception {
        TcpServerChannel server = (TcpServerChannel) listen(true);
        int port = ((InetSocketAddress) server.localAddress()).getPort();
        InetAddress unwelcome = InetAddress.ofLiteral("127.0.0.9");
        List<InetAddress> asked = new CopyOnWriteArrayList<>();
        server.turnAway(from -> asked.add(from) && from.equals(unwelcome));

        // More than are accepted in a turn.
        for (int i = 0; i < 40; i++) {
            try (Socket turnedAway = new Socket(InetAddress.getLoopbackAddress(), port, unwelcome, 0)) {
                turnedAway.setSoTimeout(20_000);
                assertThatThrownBy(() -> turnedAway.getInputStream().read()).hasMessageContaining("reset");
            }
        }
        try (Socket welcome = new Socket(InetAddress.getLoopbackAddress(), port)) {
            assertThat(new String(welcome.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                    .isEqualTo(welcome.getLocalPort() + "\n");
        }

        assertThat(children).hasSize(1);
        assertThat(asked).hasSize(41);
    }

    private Channel listen(boolean autoRead) throws InterruptedException {
        return new ServerBootstrap()
                .group(loops)
                .channelFactory(() -> new TcpServerChannel(SocketSetup.NONE, 64))
                .option(ChannelOption.AUTO_READ, autoRead)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        children.add(channel);
                        channel.pipeline().addLast(new Diary(), new Echo());
                    }
                })
                .bind(InetAddress.getLoopbackAddress(), 0)
                .sync()
                .channel();
    }

    /// Says its peer's port, and ends.
    private static final class Echo extends ChannelInboundHandlerAdapter {
        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            int port = ((InetSocketAddress) ctx.channel().remoteAddress()).getPort();
            ctx.write(ascii(port + "\n"));
            ((TcpChannel) ctx.channel()).shutdownOutput();
        }
    }

    /// A descriptor's number is soon another's: nobody may get what was said of the one before.
    @Test
    void manyShortConnections_eachHearsItsOwn() throws Exception {
        Channel server = listen(true);
        int port = ((InetSocketAddress) server.localAddress()).getPort();
        try (ExecutorService visitors = Executors.newFixedThreadPool(8)) {
            List<java.util.concurrent.Future<Boolean>> all = new ArrayList<>();
            for (int i = 0; i < 4_000; i++) {
                all.add(visitors.submit(() -> {
                    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                        byte[] answer = socket.getInputStream().readAllBytes();
                        return new String(answer, StandardCharsets.US_ASCII).equals(socket.getLocalPort() + "\n");
                    }
                }));
            }
            for (java.util.concurrent.Future<Boolean> each : all) {
                assertThat(each.get()).isTrue();
            }
        }
    }

    /// Who could go on for ever, as a splice between two fast ends.
    private static final class Greedy implements Runnable {
        private final TcpChannel channel;

        Greedy(TcpChannel channel) {
            this.channel = channel;
        }

        @Override
        public void run() {
            if (channel.isOpen()) {
                channel.again(this);
            }
        }
    }

    @Test
    void again_withoutAnEnd_leavesSocketsAndTasksTheirTurns() throws Exception {
        try (ServerSocket server = server()) {
            TcpChannel channel = (TcpChannel) dial(at(server), true);
            try (Socket peer = server.accept()) {
                channel.eventLoop().submit(new Greedy(channel)).sync();
                peer.getOutputStream().write("through".getBytes(StandardCharsets.US_ASCII));
                assertThat(next()).isEqualTo("through");
                assertThat(channel.eventLoop().submit(() -> {}).await(PATIENCE.toMillis()))
                        .isTrue();
            }
        }
    }
}
