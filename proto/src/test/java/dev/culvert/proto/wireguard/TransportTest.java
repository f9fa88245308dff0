package dev.culvert.proto.wireguard;

import static dev.culvert.proto.wireguard.testing.Packets.packet;
import static dev.culvert.proto.wireguard.testing.Pair.SECOND;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.proto.wireguard.testing.Datagram;
import dev.culvert.proto.wireguard.testing.End;
import dev.culvert.proto.wireguard.testing.Packets;
import dev.culvert.proto.wireguard.testing.Pair;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class TransportTest {
    private final Pair pair = Pair.established(5);
    private final End a = pair.a;
    private final End b = pair.b;

    @ParameterizedTest
    @CsvSource({
        "28, 1420, 64",
        "32, 1420, 64",
        "33, 1420, 80",
        "1408, 1420, 1440",
        "1409, 1420, 1452",
        "1420, 1420, 1452",
        "1421, 1420, 1468",
        "2840, 1420, 2872",
        "1400, 1400, 1432",
        "1393, 1400, 1432",
    })
    void encapsulate_anyLength_padsTo16ButNotBeyondTheMtu(int length, int mtu, int expected) {
        a.device.mtu(mtu);
        a.send(packet("10.0.0.1", "10.0.0.2", length, 9));
        Datagram datagram = pair.takeOne(a);
        assertThat(datagram.bytes).hasSize(expected);
        b.receive(datagram);
        assertThat(b.received.getFirst()).isEqualTo(packet("10.0.0.1", "10.0.0.2", length, 9));
    }

    @Test
    void encapsulate_roomUsedBefore_padsWithZeros() {
        byte[] room = new byte[100];
        Arrays.fill(room, (byte) 0xff);
        System.arraycopy(packet("10.0.0.1", "10.0.0.2", 33, 0), 0, room, 16, 33);
        SealJob job = requireNonNull(a.device.encapsulate(ByteBuffer.wrap(room, 16, 33), pair.now()));
        assertThat(Arrays.copyOfRange(room, 49, 64)).containsOnly(0);
        job.run();
        assertThat(a.device.complete(job, pair.now())).isTrue();
        assertThat(job.array()).isSameAs(room);
        assertThat(job.datagram().position()).isZero();
        assertThat(job.datagram().remaining()).isEqualTo(80);
        assertThat(job.endpoint()).isEqualTo(b.address);
        assertThat(job.peer()).isSameAs(a.peer());
    }

    @Test
    void encapsulate_withoutRoom_isAProgrammingError() {
        byte[] packet = packet("10.0.0.1", "10.0.0.2", 64, 0);
        assertThatThrownBy(() -> a.device.encapsulate(ByteBuffer.wrap(packet), pair.now()))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void jobs_batchOf200HandedOutFirst_keepTheirBytesApart() {
        List<SealJob> seals = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            seals.add(requireNonNull(
                    a.device.encapsulate(End.buffer(packet("fd00::1", "fd00::2", 48 + i, i)), pair.now())));
        }
        Collections.shuffle(seals, new Random(1));
        seals.forEach(SealJob::run);
        byte[] batch = new byte[200 * 300];
        List<OpenJob> opens = new ArrayList<>();
        for (SealJob seal : seals) {
            assertThat(a.device.complete(seal, pair.now())).isTrue();
            int at = opens.size() * 300;
            int length = seal.datagram().remaining();
            seal.datagram().get(batch, at, length);
            ByteBuffer in = ByteBuffer.wrap(batch, at, length);
            opens.add(requireNonNull(b.device.handleDatagram(in, a.address, pair.now())));
        }
        opens.forEach(OpenJob::run);
        List<Integer> numbers = new ArrayList<>();
        for (OpenJob open : opens) {
            assertThat(b.device.complete(open, pair.now())).isTrue();
            assertThat(open.array()).isSameAs(batch);
            byte[] packet = new byte[open.packet().remaining()];
            open.packet().get(packet);
            assertThat(packet).hasSize(48 + Packets.number(packet));
            numbers.add(Packets.number(packet));
        }
        assertThat(numbers).hasSize(200).doesNotHaveDuplicates();
    }

    @Test
    void complete_twiceOrUnrun_isAProgrammingError() {
        ByteBuffer packet = End.buffer(packet("10.0.0.1", "10.0.0.2", 64, 0));
        SealJob job = requireNonNull(a.device.encapsulate(packet, pair.now()));
        assertThatThrownBy(() -> a.device.complete(job, pair.now())).isInstanceOf(IllegalStateException.class);
        job.run();
        assertThatThrownBy(job::run).isInstanceOf(IllegalStateException.class);
        assertThat(a.device.complete(job, pair.now())).isTrue();
        assertThatThrownBy(() -> a.device.complete(job, pair.now())).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void complete_sessionRetiredMeanwhile_keepsItsKeysUntilThen() {
        Keypair session = requireNonNull(a.peer().keypairs.current());
        SealJob job =
                requireNonNull(a.device.encapsulate(End.buffer(packet("10.0.0.1", "10.0.0.2", 64, 3)), pair.now()));
        pair.skip(200 * SECOND);
        a.peer().clearKeys();
        job.run();
        assertThat(job.datagram().remaining()).isEqualTo(96);
        byte[] wire = Arrays.copyOfRange(job.array(), job.offset() + 16, job.offset() + 96);
        assertThat(requireNonNull(b.peer().keypairs.current()).receiving.open(session.sendCounter - 1, wire, 0, 80))
                .isTrue();
        assertThat(a.device.complete(job, pair.now())).isTrue();
        assertThat(((JdkAead) session.sending).key.bytes).containsOnly(0);
        assertThatThrownBy(() -> session.sending.seal(0, new byte[16], 0, 0)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void complete_keepalive_isFalseWithoutADrop() {
        b.device.initiate(b.peer(), true, pair.now());
        pair.skip(SECOND);
        a.receive(pair.takeOne(b));
        b.receive(pair.takeOne(a));
        a.receive(pair.takeOne(b));
        assertThat(a.device.lastDrop()).isNull();
        assertThat(a.received).isEmpty();
    }

    @Test
    void complete_innerSourceNotAllowed_stillRoams() {
        b.know(a, null, false, 0, "10.0.0.77/32");
        InetSocketAddress elsewhere = new InetSocketAddress("2001:db8::7", 7);
        long news = b.device.peerNews();
        a.send(packet("10.0.0.1", "10.0.0.2", 64, 0));
        b.receive(pair.takeOne(a).from(elsewhere));
        assertThat(b.device.lastDrop()).isEqualTo(Drop.SOURCE_NOT_ALLOWED);
        assertThat(b.peer().endpoint()).isEqualTo(elsewhere);
        assertThat(b.peer().roams()).isOne();
        assertThat(b.device.peerNews()).isEqualTo(news + 1);
    }

    @Test
    void complete_replayedFromElsewhere_movesNothing() {
        a.send(packet("10.0.0.1", "10.0.0.2", 64, 0));
        Datagram data = pair.takeOne(a);
        b.receive(data);
        b.receive(data.from(new InetSocketAddress("203.0.113.1", 1)));
        b.receive(data.damaged(40).from(new InetSocketAddress("203.0.113.1", 1)));
        assertThat(b.peer().endpoint()).isEqualTo(a.address);
    }

    @Test
    void roaming_off_keepsTheEndpoint() {
        b.device.roaming(false);
        a.send(packet("10.0.0.1", "10.0.0.2", 64, 0));
        b.receive(pair.takeOne(a).from(new InetSocketAddress("203.0.113.1", 1)));
        assertThat(b.numbers()).containsExactly(0);
        assertThat(b.peer().endpoint()).isEqualTo(a.address);
    }

    @Test
    void complete_oldSessionAfterARekey_isTakenOnce() {
        a.send(packet("10.0.0.1", "10.0.0.2", 64, 1));
        Datagram first = pair.takeOne(a);
        a.send(packet("10.0.0.1", "10.0.0.2", 64, 2));
        Datagram second = pair.takeOne(a);
        b.receive(first);
        pair.skip(6 * SECOND);
        a.device.initiate(a.peer(), pair.now());
        pair.settle();
        b.receive(second);
        b.receive(first);
        b.receive(second);
        assertThat(b.numbers()).containsExactly(1, 2);
        assertThat(b.device.drops(Drop.REPLAYED)).isEqualTo(2);
    }

    @Test
    void ecn_ofInnerPacket_isShownOutsideAndMarksComeIn() {
        byte[] packet = packet("10.0.0.1", "10.0.0.2", 64, 0);
        InnerPacket.ecn(packet, 0, InnerPacket.ECT0);
        SealJob seal = requireNonNull(a.device.encapsulate(End.buffer(packet), pair.now()));
        assertThat(seal.ecn()).isEqualTo(InnerPacket.ECT0);
        seal.run();
        a.device.complete(seal, pair.now());
        OpenJob open = requireNonNull(b.device.handleDatagram(seal.datagram(), a.address, InnerPacket.CE, pair.now()));
        open.run();
        assertThat(b.device.complete(open, pair.now())).isTrue();
        assertThat(InnerPacket.ecn(open.array(), open.offset())).isEqualTo(InnerPacket.CE);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void lossyLink_10000Packets_deliversEachAtMostOnceAndMost(long seed) {
        Pair lossy = Pair.of(seed).lossy(0.1, 0.1, SECOND / 5);
        for (int i = 0; i < 5000; i++) {
            lossy.a.send(packet("10.0.0.1", "10.0.0.2", 64 + i % 40, i));
            lossy.b.send(packet("fd00::2", "fd00::1", 64 + i % 40, i));
            lossy.advance(SECOND / 10);
        }
        for (End end : List.of(lossy.a, lossy.b)) {
            assertThat(end.numbers()).as("seed %d, %s", seed, end.name).doesNotHaveDuplicates();
            assertThat(end.numbers()).as("seed %d, %s", seed, end.name).hasSizeGreaterThan(4300);
            assertThat(end.device.drops(Drop.REPLAYED))
                    .as("seed %d, %s", seed, end.name)
                    .isPositive();
            assertThat(end.device.drops(Drop.FORGED_TRANSPORT)).isZero();
        }
    }
}
