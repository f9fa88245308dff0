package dev.culvert.dataplane.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.dataplane.testing.TunnelPair.Io;
import dev.culvert.dataplane.tunnel.UdpPort;
import dev.culvert.proto.inet.AddressWords;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// Both UDP ports keep every datagram as it was, whatever the kernel joins and cuts on the way.
@Timeout(20)
class UdpPortTest {
    private record Received(ByteBuffer datagram, InetSocketAddress from, int ecn) {}

    /// A bound port on a loop of its own, with what it has received.
    private static final class Bound implements AutoCloseable {
        final MultiThreadIoEventLoopGroup loop;
        final UdpPort port;
        final LinkedBlockingQueue<Received> received = new LinkedBlockingQueue<>();

        Bound(Io io, InetSocketAddress address) throws Exception {
            loop = new MultiThreadIoEventLoopGroup(1, io.handlers());
            port = io.bind(address);
            port.register(
                    loop.next(),
                    () -> port.receive((datagram, from, ecn) -> received.add(copy(datagram, from, ecn)), 64),
                    () -> {});
        }

        private static Received copy(ByteBuffer datagram, InetSocketAddress from, int ecn) {
            byte[] bytes = new byte[datagram.remaining()];
            datagram.get(bytes);
            return new Received(ByteBuffer.wrap(bytes), from, ecn);
        }

        void send(List<byte[]> datagrams, InetSocketAddress... to) throws Exception {
            send(datagrams, _ -> 0, to);
        }

        void send(List<byte[]> datagrams, IntUnaryOperator trafficClass, InetSocketAddress... to) throws Exception {
            loop.next()
                    .submit(() -> {
                        for (int i = 0; i < datagrams.size(); i++) {
                            while (!port.send(
                                    ByteBuffer.wrap(datagrams.get(i)), to[i % to.length], trafficClass.applyAsInt(i))) {
                                port.flush();
                            }
                        }
                        port.flush();
                    })
                    .get(5, TimeUnit.SECONDS);
        }

        List<byte[]> take(int count) throws Exception {
            List<byte[]> all = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                Received next = received.poll(5, TimeUnit.SECONDS);
                assertThat(next).as("datagram %d of %d", i, count).isNotNull();
                all.add(next.datagram().array());
            }
            return all;
        }

        @Override
        public void close() {
            loop.next().submit(port::close).syncUninterruptibly();
            loop.shutdownGracefully(0, 2, TimeUnit.SECONDS).syncUninterruptibly();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "EPOLL, 127.0.0.1",
        "NIO, 127.0.0.1",
        "EPOLL, ::1",
        "NIO, ::1",
    })
    void datagramsOfManySizes_arriveEachAsItWasAndInOrder(Io io, String address) throws Exception {
        List<List<Integer>> shapes = List.of(
                List.of(1),
                List.of(100, 100, 100),
                List.of(100, 100, 40),
                List.of(100, 100, 40, 100),
                List.of(100, 200),
                List.of(200, 100, 200, 100),
                List.of(1452, 1452, 1452, 1452, 32, 1452),
                repeat(1452, 130),
                repeat(1, 200),
                repeat(9000, 20),
                List.of(65_000, 65_000, 1, 65_000),
                List.of(148, 1452, 1452, 92, 92, 32));
        Random random = new Random(5);
        try (Bound sender = new Bound(io, at(address, 0));
                Bound receiver = new Bound(io, at(address, 0))) {
            for (List<Integer> sizes : shapes) {
                List<byte[]> sent = new ArrayList<>();
                for (int size : sizes) {
                    byte[] datagram = new byte[size];
                    random.nextBytes(datagram);
                    sent.add(datagram);
                }

                sender.send(sent, receiver.port.localAddress());

                List<byte[]> got = receiver.take(sizes.size());
                for (int i = 0; i < sent.size(); i++) {
                    assertThat(Arrays.equals(got.get(i), sent.get(i)))
                            .as("datagram %d of sizes %s", i, sizes)
                            .isTrue();
                }
            }
            assertThat(sender.port.sendErrors()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(Io.class)
    void datagramsInTurnToSeveralPlaces_eachGetsItsOwn(Io io) throws Exception {
        try (Bound sender = new Bound(io, at("127.0.0.1", 0));
                Bound one = new Bound(io, at("127.0.0.1", 0));
                Bound two = new Bound(io, at("127.0.0.2", 0));
                Bound three = new Bound(io, at("127.0.0.3", 0))) {
            Bound[] all = {one, two, three};
            List<byte[]> sent = new ArrayList<>();
            for (int i = 0; i < 60; i++) {
                sent.add(new byte[] {(byte) (i % 3), (byte) i});
            }

            sender.send(sent, one.port.localAddress(), two.port.localAddress(), three.port.localAddress());

            for (int i = 0; i < 3; i++) {
                for (byte[] datagram : all[i].take(20)) {
                    assertThat(datagram[0]).isEqualTo((byte) i);
                }
                assertThat(all[i].received).isEmpty();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Io.class)
    void wildcardPort_takesBothFamiliesAndAnswersToWhereItCameFrom(Io io) throws Exception {
        try (Bound wild = new Bound(io, new InetSocketAddress(0));
                Bound four = new Bound(io, at("127.0.0.1", 0));
                Bound six = new Bound(io, at("::1", 0))) {
            int port = wild.port.localAddress().getPort();
            four.send(List.of(new byte[] {4}), at("127.0.0.1", port));
            Received fromFour = wild.received.poll(5, TimeUnit.SECONDS);
            six.send(List.of(new byte[] {6}), at("::1", port));
            Received fromSix = wild.received.poll(5, TimeUnit.SECONDS);

            assertThat(fromFour).isNotNull();
            assertThat(fromSix).isNotNull();
            assertThat(fromFour.from()).isEqualTo(four.port.localAddress());
            assertThat(fromSix.from().getPort())
                    .isEqualTo(six.port.localAddress().getPort());

            wild.send(List.of(new byte[] {14}), fromFour.from());
            wild.send(List.of(new byte[] {16}), fromSix.from());
            assertThat(four.take(1).getFirst()).containsExactly(14);
            assertThat(six.take(1).getFirst()).containsExactly(16);
        }
    }

    /// Where this machine has several addresses, an answer from another one is a stranger's to NATs and peers.
    @ParameterizedTest
    @CsvSource({"127.0.0.1, 127.0.0.3", "::1, ::1"})
    void answer_leavesFromTheAddressThatWasAsked(String remote, String asked) throws Exception {
        try (Bound wild = new Bound(Io.EPOLL, new InetSocketAddress(0));
                Bound far = new Bound(Io.EPOLL, at(remote, 0))) {
            InetSocketAddress there = at(asked, wild.port.localAddress().getPort());
            far.send(List.of(new byte[] {1}), there);
            Received request = wild.received.poll(5, TimeUnit.SECONDS);
            assertThat(request).isNotNull();
            assertThat(request.from()).isEqualTo(far.port.localAddress());

            wild.send(List.of(new byte[100], new byte[100], new byte[7]), request.from());

            for (int i = 0; i < 3; i++) {
                Received answer = far.received.poll(5, TimeUnit.SECONDS);
                assertThat(answer).isNotNull();
                assertThat(answer.from()).isEqualTo(there);
            }
        }
    }

    /// An address of ours that is gone is no reason to be silent.
    @Test
    void answerFromAnAddressThatIsGone_leavesFromAnother() throws Exception {
        try (Bound wild = new Bound(Io.EPOLL, new InetSocketAddress(0));
                Bound far = new Bound(Io.EPOLL, at("127.0.0.1", 0))) {
            InetSocketAddress to = far.port.localAddress();
            long gone = AddressWords.ipv4Low(0xc0000201);
            wild.send(List.of(new byte[] {5}), new ReturnAddress(to.getAddress(), to.getPort(), 0, gone));

            assertThat(far.take(1).getFirst()).containsExactly(5);
            assertThat(wild.port.sendErrors()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(Io.class)
    void datagramToAClosedPort_leavesThePortGood(Io io) throws Exception {
        InetSocketAddress gone;
        try (Bound closing = new Bound(io, at("127.0.0.1", 0))) {
            gone = closing.port.localAddress();
        }
        try (Bound sender = new Bound(io, at("127.0.0.1", 0));
                Bound receiver = new Bound(io, at("127.0.0.1", 0))) {
            for (int i = 0; i < 5; i++) {
                sender.send(List.of(new byte[10], new byte[10]), gone);
                sender.send(List.of(new byte[20], new byte[20]), receiver.port.localAddress());
            }

            // Not all: an ICMP error of an earlier datagram may cost one of the next.
            receiver.take(5);
            receiver.send(List.of(new byte[] {1}), sender.port.localAddress());
            assertThat(sender.take(1).getFirst()).containsExactly(1);
        }
    }

    @ParameterizedTest
    @EnumSource(Io.class)
    void portThatIsTaken_isSaidSo(Io io) throws Exception {
        try (Bound first = new Bound(io, at("127.0.0.1", 0))) {
            assertThatThrownBy(() -> io.bind(first.port.localAddress()).close()).isInstanceOf(BindException.class);
        }
    }

    /// A mark is of each datagram (RFC 3168 §5): what is joined and cut on the way never lends its own to others. A
    /// wildcard port is one of IPv6, which says it otherwise for each family.
    @ParameterizedTest
    @CsvSource({
        "127.0.0.1, false",
        "127.0.0.1, true",
        "::1, false",
        "::1, true",
    })
    void ecnOfEachDatagram_arrivesWithIt(String address, boolean wildcard) throws Exception {
        IntUnaryOperator inRuns = i -> i / 7 % 4;
        IntUnaryOperator inTurns = i -> i % 4;
        try (Bound sender = new Bound(Io.EPOLL, wildcard ? new InetSocketAddress(0) : at(address, 0));
                Bound receiver = new Bound(Io.EPOLL, wildcard ? new InetSocketAddress(0) : at(address, 0))) {
            InetSocketAddress to = at(address, receiver.port.localAddress().getPort());
            for (IntUnaryOperator ecn : List.of(inRuns, inTurns)) {
                List<byte[]> sent = new ArrayList<>();
                for (int i = 0; i < 64; i++) {
                    sent.add(new byte[] {(byte) i, 0, 0});
                }

                sender.send(sent, ecn, to);

                for (int i = 0; i < sent.size(); i++) {
                    Received got = receiver.received.poll(5, TimeUnit.SECONDS);
                    assertThat(got).as("datagram %d", i).isNotNull();
                    assertThat(got.datagram().get(0)).isEqualTo((byte) i);
                    assertThat(got.ecn()).as("ECN of datagram %d", i).isEqualTo(ecn.applyAsInt(i));
                }
            }
            assertThat(sender.port.sendErrors()).isZero();
        }
    }

    private static InetSocketAddress at(String address, int port) {
        return new InetSocketAddress(InetAddress.ofLiteral(address), port);
    }

    private static List<Integer> repeat(int size, int count) {
        Integer[] sizes = new Integer[count];
        Arrays.fill(sizes, size);
        return List.of(sizes);
    }
}
