package dev.culvert.dataplane.hop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.dataplane.ConnectionRegistry;
import dev.culvert.dataplane.Dialer;
import dev.culvert.dataplane.Events;
import dev.culvert.dataplane.Ports;
import dev.culvert.dataplane.site.TargetDialer;
import dev.culvert.dataplane.testing.RawBackend;
import dev.culvert.dataplane.testing.TunnelPair;
import dev.culvert.model.AllowRule;
import dev.culvert.model.SiteRules;
import dev.culvert.model.Surroundings;
import dev.culvert.model.Transparency;
import dev.culvert.proto.inet.IpPrefix;
import dev.culvert.proto.proxyprotocol.HopCode;
import dev.culvert.proto.proxyprotocol.HopReply;
import dev.culvert.proto.proxyprotocol.HopRequest;
import dev.culvert.proto.proxyprotocol.HopRequest.Announcement;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(20)
class HopServerTest {
    private static final InetSocketAddress VISITOR = new InetSocketAddress("203.0.113.7", 4711);
    private static final InetSocketAddress DOOR = new InetSocketAddress("198.51.100.1", 443);
    private static final InetAddress OWN = InetAddress.ofLiteral("198.51.100.77");

    private final TestSite site = new TestSite();
    private TunnelPair pair;

    @BeforeEach
    void open() throws Exception {
        pair = TunnelPair.open(TunnelPair.Io.EPOLL);
        new ServerBootstrap()
                .group(pair.site().group())
                .channelFactory(pair.site().listeners())
                .childOption(ChannelOption.AUTO_READ, false)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(dev.culvert.dataplane.relay.Relay.HANDSHAKE, new HopServer(site));
                    }
                })
                .bind(new InetSocketAddress(Ports.HOP))
                .get(5, TimeUnit.SECONDS);
    }

    @AfterEach
    void close() {
        pair.close();
        site.lookups.close();
    }

    @Test
    void request_forAnAllowedTarget_isAnsweredOkAndRelayed() throws Exception {
        try (RawBackend target = RawBackend.echo()) {
            site.allow("127.0.0.1/32");

            Caller caller = call(bytes(visitor(target.port(), Announcement.NONE, VISITOR), "hello"));

            assertThat(caller.reply()).isEqualTo(HopCode.OK);
            assertThat(caller.text(5)).isEqualTo("hello");
        }
    }

    @Test
    void request_forATargetThatIsNotListed_isDeniedAndNothingIsDialled() throws Exception {
        try (RawBackend target = RawBackend.echo()) {
            site.allow("192.168.1.20/32");

            Caller caller = call(bytes(visitor(target.port(), Announcement.NONE, VISITOR), ""));

            assertThat(caller.reply()).isEqualTo(HopCode.DENIED);
            assertThat(caller.ended.get(5, TimeUnit.SECONDS)).hasSize(HopReply.LENGTH);
            assertThat(target.accepted()).isZero();
            assertThat(site.events.counters()).containsEntry("hop.denied.target", 1L);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1",
                "::1",
                "192.168.1.5",
                "172.16.0.1",
                "10.0.0.1",
                "10.77.0.1",
                "10.77.0.9",
                "169.254.1.1",
                "fe80::1",
                "fd77:77:77::9",
                "100.64.0.1",
                "224.0.0.1",
                "255.255.255.255",
                "198.51.100.77",
                "::ffff:127.0.0.1",
                "::ffff:192.168.1.5"
            })
    void gatewayThatLiesAboutTheClient_isRefusedBeforeTheTargetIsDialled(String lie) throws Exception {
        try (RawBackend target = RawBackend.echo()) {
            site.allow("127.0.0.1/32");
            InetAddress claimed = InetAddress.ofLiteral(lie);
            InetSocketAddress local = claimed.getAddress().length == 4 ? DOOR : new InetSocketAddress("2001:db8::1", 1);

            Caller caller = call(bytes(
                    visitor(target.port(), Announcement.PROXY_V2, new InetSocketAddress(claimed, 4711), local), ""));

            assertThat(caller.reply()).isEqualTo(HopCode.DENIED);
            assertThat(target.accepted()).isZero();
            assertThat(site.events.counters()).containsEntry("hop.denied.client", 1L);
        }
    }

    @Test
    void visitorsOwnAddress_isShownOnlyWhereTheHomeAgrees() throws Exception {
        try (RawBackend target = RawBackend.echo()) {
            site.allow("127.0.0.1/32");

            Caller caller = call(bytes(visitor(target.port(), Announcement.TRANSPARENT, VISITOR), ""));

            assertThat(caller.reply()).isEqualTo(HopCode.DENIED);
            assertThat(target.accepted()).isZero();
            assertThat(site.events.counters()).containsEntry("hop.denied.transparent", 1L);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.77.0.1", "127.0.0.1", "198.51.100.77"})
    void ownAddresses_areShownToNoTargetWhateverClientsSays(String lie) throws Exception {
        try (RawBackend target = RawBackend.echo()) {
            AllowRule rule = new AllowRule.Addresses(IpPrefix.parse("127.0.0.1"), target.port(), target.port());
            site.rules = new SiteRules(
                    List.of(rule),
                    List.of(IpPrefix.parse("0.0.0.0/0")),
                    List.of(IpPrefix.parse("10.77.0.0/24")),
                    new Transparency(List.of(rule), List.of()),
                    null);

            Caller caller = call(bytes(
                    visitor(target.port(), Announcement.TRANSPARENT, new InetSocketAddress(lie, 4711), DOOR), ""));

            assertThat(caller.reply()).isEqualTo(HopCode.DENIED);
            assertThat(target.accepted()).isZero();
            assertThat(site.events.counters()).containsEntry("hop.denied.transparent", 1L);
        }
    }

    /// By IPv4 a target cannot see the address of somebody who came by IPv6.
    @Test
    void visitorOfTheOtherVersion_isNotShown() throws Exception {
        try (RawBackend target = RawBackend.echo()) {
            AllowRule rule = new AllowRule.Addresses(IpPrefix.parse("127.0.0.1"), target.port(), target.port());
            site.rules = new SiteRules(
                    List.of(rule), List.of(), List.of(), new Transparency(List.of(rule), List.of()), null);
            InetSocketAddress six = new InetSocketAddress("2001:db8::9", 4711);

            Caller caller = call(bytes(
                    visitor(target.port(), Announcement.TRANSPARENT, six, new InetSocketAddress("2001:db8::1", 1)),
                    ""));

            assertThat(caller.reply()).isEqualTo(HopCode.UNREACHABLE);
            assertThat(target.accepted()).isZero();
        }
    }

    @Test
    void clientThatTheHomeListsUnderClients_isBelieved() throws Exception {
        try (RawBackend target = RawBackend.echo()) {
            site.rules = new SiteRules(
                    List.of(new AllowRule.Addresses(IpPrefix.parse("127.0.0.1/32"), target.port(), target.port())),
                    List.of(IpPrefix.parse("192.168.1.0/24")),
                    List.of());

            Caller caller = call(bytes(
                    visitor(target.port(), Announcement.NONE, new InetSocketAddress("192.168.1.5", 4711), DOOR), ""));

            assertThat(caller.reply()).isEqualTo(HopCode.OK);
        }
    }

    @Test
    void request_forAClosedPort_isAnsweredRefused() throws Exception {
        int port;
        try (java.net.ServerSocket gone = new java.net.ServerSocket(0)) {
            port = gone.getLocalPort();
        }
        site.allow("127.0.0.1/32");

        assertThat(call(bytes(visitor(port, Announcement.NONE, VISITOR), "")).reply())
                .isEqualTo(HopCode.REFUSED);
    }

    @Test
    void request_forANameThatDoesNotResolve_isAnsweredUnreachable() throws Exception {
        site.rules = new SiteRules(List.of(new AllowRule.Name("nowhere.invalid", 80, 80)), List.of(), List.of());
        HopRequest.Target target = new HopRequest.Target(HopRequest.Protocol.TCP, "nowhere.invalid", 80);

        Caller caller = call(bytes(HopRequest.visitor(0, target, Announcement.NONE, VISITOR, DOOR), ""));

        assertThat(caller.reply()).isEqualTo(HopCode.UNREACHABLE);
    }

    @Test
    void announcementV1_standsBeforeTheVisitorsFirstByte() throws Exception {
        CompletableFuture<String> seen = new CompletableFuture<>();
        try (RawBackend target = new RawBackend((wire, _) -> seen.complete(wire.readUntil("hello")))) {
            site.allow("127.0.0.1/32");

            call(bytes(visitor(target.port(), Announcement.PROXY_V1, VISITOR), "hello"));

            assertThat(seen.get(5, TimeUnit.SECONDS))
                    .isEqualTo("PROXY TCP4 203.0.113.7 198.51.100.1 4711 443\r\nhello");
        }
    }

    @Test
    void announcementV2_standsBeforeTheVisitorsFirstByteAndCarriesNoHopTlv() throws Exception {
        CompletableFuture<byte[]> seen = new CompletableFuture<>();
        try (RawBackend target = new RawBackend((wire, _) -> seen.complete(wire.readBytes(28 + 5)))) {
            site.allow("127.0.0.1/32");

            call(bytes(visitor(target.port(), Announcement.PROXY_V2, VISITOR), "hello"));

            byte[] expected = ByteBuffer.allocate(33)
                    .put(new byte[] {13, 10, 13, 10, 0, 13, 10, 'Q', 'U', 'I', 'T', 10, 0x21, 0x11, 0, 12})
                    .put(VISITOR.getAddress().getAddress())
                    .put(DOOR.getAddress().getAddress())
                    .putShort((short) 4711)
                    .putShort((short) 443)
                    .put("hello".getBytes(StandardCharsets.US_ASCII))
                    .array();
            assertThat(seen.get(5, TimeUnit.SECONDS)).isEqualTo(expected);
        }
    }

    @Test
    void sharedRequest_namesNoClientAndIsRelayedWithoutAnnouncement() throws Exception {
        try (RawBackend target = RawBackend.echo()) {
            site.allow("127.0.0.1/32");
            HopRequest request = HopRequest.shared(0, target(target.port()));

            Caller caller = call(bytes(request, "hello"));

            assertThat(caller.reply()).isEqualTo(HopCode.OK);
            assertThat(caller.text(5)).isEqualTo("hello");
        }
    }

    @Test
    void request_inPieces_isUnderstood() throws Exception {
        try (RawBackend target = RawBackend.echo()) {
            site.allow("127.0.0.1/32");
            byte[] all = bytes(visitor(target.port(), Announcement.NONE, VISITOR), "");
            Caller caller = call(java.util.Arrays.copyOf(all, 20));

            caller.send(java.util.Arrays.copyOfRange(all, 20, all.length));

            assertThat(caller.reply()).isEqualTo(HopCode.OK);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
                "PROXY TCP4 203.0.113.7 198.51.100.1 4711 443\r\nhello",
                "\r\n\r\n\0\r\nQUIT\n!\021\0\fAAAABBBBCCDD"
            })
    void whatIsNoHopRequest_isAnsweredBadHeaderAndClosed(String text) throws Exception {
        site.allow("0.0.0.0/0");

        Caller caller = call(text.getBytes(StandardCharsets.ISO_8859_1));

        assertThat(caller.reply()).isEqualTo(HopCode.BAD_HEADER);
        assertThat(caller.ended.get(5, TimeUnit.SECONDS)).hasSize(HopReply.LENGTH);
    }

    @Test
    void stranger_isClosedWithoutAWord() throws Exception {
        site.gateway = null;

        Caller caller = call(bytes(visitor(80, Announcement.NONE, VISITOR), ""));

        assertThat(caller.ended.get(5, TimeUnit.SECONDS)).isEmpty();
        assertThat(site.events.counters()).containsEntry("hop.stranger", 1L);
    }

    @Test
    void relayThroughTheHop_passesHalfCloseAndReset() throws Exception {
        CompletableFuture<String> seen = new CompletableFuture<>();
        RawBackend.Script script = (wire, number) -> {
            seen.complete(wire.readAll());
            wire.send("late answer");
            if (number == 2) {
                wire.reset();
            }
        };
        try (RawBackend target = new RawBackend(script)) {
            site.allow("127.0.0.1/32");
            Caller caller = call(bytes(visitor(target.port(), Announcement.NONE, VISITOR), "question"));
            caller.reply();
            caller.endOutput();

            assertThat(seen.get(5, TimeUnit.SECONDS)).isEqualTo("question");
            assertThat(caller.text(11)).isEqualTo("late answer");
            caller.ended.get(5, TimeUnit.SECONDS);

            Caller cut = call(bytes(visitor(target.port(), Announcement.NONE, VISITOR), "question"));
            cut.reply();
            cut.endOutput();
            assertThat(cut.failed.get(5, TimeUnit.SECONDS)).hasMessageContaining("RESET");
        }
    }

    private static HopRequest.Target target(int port) {
        return new HopRequest.Target(HopRequest.Protocol.TCP, "127.0.0.1", port);
    }

    private static HopRequest visitor(int port, Announcement announcement, InetSocketAddress client) {
        return visitor(port, announcement, client, DOOR);
    }

    private static HopRequest visitor(
            int port, Announcement announcement, InetSocketAddress client, InetSocketAddress local) {
        return HopRequest.visitor(0, target(port), announcement, client, local);
    }

    private static byte[] bytes(HopRequest request, String early) {
        ByteBuffer out = ByteBuffer.allocate(HopRequest.MAX_LENGTH + early.length());
        int length = request.write(out);
        out.position(length);
        out.put(early.getBytes(StandardCharsets.ISO_8859_1)).flip();
        byte[] all = new byte[out.remaining()];
        out.get(all);
        return all;
    }

    private Caller call(byte[] first) throws Exception {
        Caller caller = new Caller();
        Channel channel = new Bootstrap()
                .group(pair.gateway().group())
                .channelFactory(pair.gateway().connections())
                .handler(caller)
                .connect(new InetSocketAddress(TunnelPair.SITE, Ports.HOP))
                .sync()
                .channel();
        caller.channel = channel;
        caller.send(first);
        return caller;
    }

    /// The gateway's end of one hop, as raw bytes.
    private static final class Caller extends ChannelInboundHandlerAdapter {
        private final ByteArrayOutputStream received = new ByteArrayOutputStream();
        private final List<Waiting> waiting = new ArrayList<>();
        final CompletableFuture<byte[]> ended = new CompletableFuture<>();
        final CompletableFuture<Throwable> failed = new CompletableFuture<>();
        private @Nullable Channel channel;

        private record Waiting(int length, CompletableFuture<byte[]> bytes) {}

        void send(byte[] bytes) {
            channel().writeAndFlush(Unpooled.wrappedBuffer(bytes));
        }

        void endOutput() {
            ((io.netty.channel.socket.DuplexChannel) channel()).shutdownOutput();
        }

        private Channel channel() {
            Channel current = channel;
            if (current == null) {
                throw new IllegalStateException("not connected");
            }
            return current;
        }

        private byte[] first(int length) throws Exception {
            CompletableFuture<byte[]> bytes = new CompletableFuture<>();
            channel().eventLoop().execute(() -> {
                waiting.add(new Waiting(length, bytes));
                look();
            });
            return bytes.get(8, TimeUnit.SECONDS);
        }

        HopCode reply() throws Exception {
            HopReply.Result result = HopReply.parse(ByteBuffer.wrap(first(HopReply.LENGTH)));
            assertThat(result).isInstanceOf(HopReply.Accepted.class);
            return ((HopReply.Accepted) result).reply().code();
        }

        /// What came behind the reply.
        String text(int length) throws Exception {
            byte[] all = first(HopReply.LENGTH + length);
            return new String(all, HopReply.LENGTH, length, StandardCharsets.ISO_8859_1);
        }

        private void look() {
            waiting.removeIf(one -> {
                boolean there = received.size() >= one.length();
                if (there) {
                    one.bytes().complete(received.toByteArray());
                }
                return there;
            });
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ByteBuf bytes = (ByteBuf) message;
            received.writeBytes(io.netty.buffer.ByteBufUtil.getBytes(bytes));
            bytes.release();
            look();
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof ChannelInputShutdownEvent) {
                ended.complete(received.toByteArray());
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            ended.complete(received.toByteArray());
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            failed.complete(cause);
        }
    }

    private static final class TestSite implements HopServer.Site {
        private final ExecutorService lookups = Executors.newVirtualThreadPerTaskExecutor();
        private final ConnectionRegistry connections = new ConnectionRegistry(_ -> {});
        final Events events = new Events();
        volatile SiteRules rules = SiteRules.NOTHING;
        volatile @Nullable String gateway = "vps";

        void allow(String prefix) {
            rules = new SiteRules(
                    List.of(new AllowRule.Addresses(IpPrefix.parse(prefix), 1, 65535)),
                    List.of(),
                    List.of(IpPrefix.parse("10.77.0.0/24"), IpPrefix.parse("fd77:77:77::/64")));
        }

        @Override
        public @Nullable String gateway(InetAddress address) {
            return address.equals(TunnelPair.GATEWAY) ? gateway : null;
        }

        @Override
        public SiteRules rules() {
            return rules;
        }

        @Override
        public Surroundings surroundings() {
            return new Surroundings(Set.of(OWN), List.of());
        }

        @Override
        public boolean hearsAnswersToVisitors() {
            return true;
        }

        @Override
        public void terminate(Channel channel, Dialer.Visitor visitor) {
            channel.close();
        }

        @Override
        public TargetDialer targets() {
            return new TargetDialer(EpollSocketChannel::new, EpollSocketChannel::new, lookups);
        }

        @Override
        public ConnectionRegistry connections() {
            return connections;
        }

        @Override
        public Events events() {
            return events;
        }
    }
}
