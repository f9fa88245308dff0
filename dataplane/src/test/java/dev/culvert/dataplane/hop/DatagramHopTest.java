package dev.culvert.dataplane.hop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.dataplane.DialException;
import dev.culvert.dataplane.DialException.Broken;
import dev.culvert.dataplane.Ports;
import dev.culvert.dataplane.udp.DatagramFault;
import dev.culvert.dataplane.udp.DatagramPort;
import dev.culvert.dataplane.udp.DatagramPorts;
import dev.culvert.dataplane.udp.Way;
import dev.culvert.proto.netstack.UdpEndpoint;
import dev.culvert.proto.proxyprotocol.HopCode;
import dev.culvert.proto.proxyprotocol.HopReply;
import dev.culvert.proto.proxyprotocol.HopRequest;
import dev.culvert.proto.proxyprotocol.HopRequestParser;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The gateway's side of a flow, datagram by datagram.
class DatagramHopTest {
    // A tunnel of 1280 over IPv4, and over IPv6.
    private static final int ROOM4 = 1252;
    private static final int ROOM6 = 1232;
    private static final InetAddress OWN = InetAddress.ofLiteral("10.77.0.1");
    private static final InetAddress SITE = InetAddress.ofLiteral("10.77.0.2");
    private static final HopRequest REQUEST = HopRequest.visitor(
            0,
            new HopRequest.Target(HopRequest.Protocol.UDP, "192.168.1.30", 27015),
            HopRequest.Announcement.NONE,
            new InetSocketAddress("203.0.113.7", 40000),
            new InetSocketAddress("192.0.2.1", 27015));

    private final Inside inside = new Inside();
    private final Told visitor = new Told();

    @Test
    void send_beforeTheSiteHasAnswered_bringsTheRequestEachTime() throws IOException {
        DatagramHop hop = open(REQUEST);

        hop.send(bytes(40));
        hop.send(bytes(50));

        assertThat(inside.sent)
                .hasSize(2)
                .allSatisfy(each -> assertThat(each.port).isEqualTo(Ports.HOP));
        for (int i = 0; i < 2; i++) {
            ByteBuffer datagram = ByteBuffer.wrap(inside.sent.get(i).bytes);
            assertThat(HopRequestParser.parseDatagram(datagram))
                    .isInstanceOfSatisfying(HopRequestParser.Accepted.class, accepted -> {
                        assertThat(accepted.request()).isEqualTo(REQUEST);
                        datagram.position(accepted.consumed());
                    });
            assertThat(datagram.remaining()).isEqualTo(40 + 10 * i);
        }
    }

    @Test
    void send_afterTheSiteHasAnswered_isPayloadAlone() throws IOException {
        DatagramHop hop = open(REQUEST);
        hop.send(bytes(40));

        inside.reply(HopCode.OK);
        hop.send(bytes(1252));

        assertThat(visitor.connected).isTrue();
        assertThat(inside.sent.getLast().port).isEqualTo(Ports.FLOWS);
        assertThat(inside.sent.getLast().bytes).hasSize(1252);
    }

    @ParameterizedTest
    @ValueSource(ints = {ROOM4, ROOM6})
    void initialOfQuic_passesATunnelOf1280_whateverTheLengthOfTheRequest(int room) throws IOException {
        String longest = ("a".repeat(62) + ".").repeat(4) + "b";
        HopRequest request = HopRequest.visitor(
                0,
                new HopRequest.Target(HopRequest.Protocol.UDP, longest, 443),
                HopRequest.Announcement.PROXY_V2,
                new InetSocketAddress(InetAddress.ofLiteral("2001:db8::1"), 40000),
                new InetSocketAddress(InetAddress.ofLiteral("2001:db8::2"), 443));
        inside.room = room;
        DatagramHop hop = open(request);

        assertThat(hop.send(bytes(1200))).isTrue();

        assertThat(inside.sent)
                .hasSize(2)
                .allSatisfy(each -> assertThat(each.bytes).hasSizeLessThanOrEqualTo(room));
        assertThat(inside.sent.getFirst().port).isEqualTo(Ports.HOP);
        assertThat(inside.sent.getLast().port).isEqualTo(Ports.FLOWS);
        assertThat(inside.sent.getLast().bytes).hasSize(1200);
    }

    @Test
    void unknownFlow_bringsTheRequestBack() throws IOException {
        DatagramHop hop = open(REQUEST);
        hop.send(bytes(40));
        inside.reply(HopCode.OK);
        hop.send(bytes(40));

        inside.reply(HopCode.UNKNOWN_FLOW);
        hop.send(bytes(40));

        assertThat(inside.sent.stream().map(each -> each.port).toList())
                .containsExactly(Ports.HOP, Ports.FLOWS, Ports.HOP);
        assertThat(visitor.failed).isNull();
    }

    @ParameterizedTest
    @EnumSource(names = {"DENIED", "REFUSED", "UNREACHABLE", "TIMEOUT", "OVERLOADED", "BAD_HEADER"})
    void refusal_endsTheFlowWithItsReason(HopCode code) throws IOException {
        open(REQUEST).send(bytes(1));

        inside.reply(code);

        assertThat(visitor.failed).isEqualTo(HopHandshake.broken(code));
    }

    @Test
    void answer_isTakenFromTheFlowsPortOfTheSiteOnly() throws IOException {
        open(REQUEST);

        inside.arrive(SITE, Ports.FLOWS, new byte[] {1});
        inside.arrive(SITE, 53, new byte[] {2});
        inside.arrive(InetAddress.ofLiteral("10.77.0.3"), Ports.FLOWS, new byte[] {3});

        assertThat(visitor.answers).containsExactly(1);
        assertThat(visitor.faults).containsExactly(DatagramFault.STRANGER, DatagramFault.STRANGER);
    }

    @Test
    void reply_cutAnywhereOrWithMoreBehindIt_isNone() throws IOException {
        open(REQUEST);
        ByteBuffer whole = ByteBuffer.allocate(HopReply.LENGTH);
        new HopReply(HopCode.OK).write(whole);

        for (int length = 0; length < HopReply.LENGTH; length++) {
            inside.arrive(SITE, Ports.HOP, Arrays.copyOf(whole.array(), length));
        }
        inside.arrive(SITE, Ports.HOP, Arrays.copyOf(whole.array(), HopReply.LENGTH + 1));

        assertThat(visitor.connected).isFalse();
        assertThat(visitor.faults).hasSize(HopReply.LENGTH + 1).containsOnly(DatagramFault.STRANGER);
    }

    @Test
    void request_cutAnywhere_isNone() {
        ByteBuffer whole = ByteBuffer.allocate(HopRequest.MAX_LENGTH);
        int length = REQUEST.write(whole);

        for (int cut = 0; cut < length; cut++) {
            assertThat(HopRequestParser.parseDatagram(ByteBuffer.wrap(whole.array(), 0, cut)))
                    .isNotInstanceOf(HopRequestParser.Accepted.class);
        }
    }

    private DatagramHop open(HopRequest request) throws IOException {
        return DatagramHop.open(inside, OWN, SITE, 1280, request, visitor);
    }

    private static ByteBuffer bytes(int length) {
        return ByteBuffer.wrap(new byte[length]);
    }

    private static final class Sent {
        final int port;
        final byte[] bytes;

        Sent(int port, byte[] bytes) {
            this.port = port;
            this.bytes = bytes;
        }
    }

    /// A tunnel's ports, as far as one flow uses them.
    private static final class Inside implements DatagramPorts, DatagramPort {
        final List<Sent> sent = new ArrayList<>();
        int room = ROOM4;

        @Nullable
        Receiver receiver;

        void reply(HopCode code) {
            ByteBuffer reply = ByteBuffer.allocate(HopReply.LENGTH);
            new HopReply(code).write(reply);
            arrive(SITE, Ports.HOP, reply.array());
        }

        void arrive(InetAddress from, int port, byte[] bytes) {
            Receiver to = receiver;
            if (to != null) {
                to.datagram(ByteBuffer.wrap(bytes), new UdpEndpoint(OWN, new InetSocketAddress(from, port)));
            }
        }

        @Override
        public DatagramPort bind(@Nullable InetAddress address, int port, boolean shared, Receiver to) {
            receiver = to;
            return this;
        }

        @Override
        public DatagramPort connect(InetSocketAddress remote, Receiver to) throws IOException {
            throw new IOException("not inside a tunnel");
        }

        @Override
        public DatagramPort connectFrom(InetSocketAddress from, InetSocketAddress remote, Receiver to)
                throws IOException {
            throw new IOException("not inside a tunnel");
        }

        @Override
        public DatagramPort adopt(int descriptor, Receiver to) throws IOException {
            throw new IOException("not inside a tunnel");
        }

        @Override
        public boolean send(ByteBuffer payload, UdpEndpoint ends) {
            byte[] bytes = new byte[payload.remaining()];
            payload.get(payload.position(), bytes);
            sent.add(new Sent(ends.remotePort(), bytes));
            return bytes.length <= room;
        }

        @Override
        public int maxPayload(UdpEndpoint ends) {
            return room;
        }

        @Override
        public int port() {
            return 40000;
        }

        @Override
        public void read(boolean wanted) {}

        @Override
        public int descriptor() {
            return -1;
        }

        @Override
        public void close() {}
    }

    private static final class Told implements Way.Visitor {
        final List<Integer> answers = new ArrayList<>();
        final List<DatagramFault> faults = new ArrayList<>();
        boolean connected;

        @Nullable
        Broken failed;

        @Override
        public void answer(ByteBuffer payload) {
            answers.add((int) payload.get());
        }

        @Override
        public void connected() {
            connected = true;
        }

        @Override
        public void failed(DialException why) {
            failed = why.broken();
        }

        @Override
        public void dropped(DatagramFault fault) {
            faults.add(fault);
        }
    }
}
