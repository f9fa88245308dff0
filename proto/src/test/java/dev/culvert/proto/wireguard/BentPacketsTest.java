package dev.culvert.proto.wireguard;

import static dev.culvert.proto.wireguard.testing.Packets.packet;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.wireguard.testing.Datagram;
import dev.culvert.proto.wireguard.testing.End;
import dev.culvert.proto.wireguard.testing.Pair;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// What somebody on the way can do to genuine messages: bend, cut, lengthen, repeat and reorder them.
final class BentPacketsTest {
    private static final InetSocketAddress ELSEWHERE = new InetSocketAddress("203.0.113.1", 1);

    private final Pair pair = Pair.established(5);
    private final End a = pair.a;
    private final End b = pair.b;

    private Datagram data(int number) {
        a.send(packet("10.0.0.1", "10.0.0.2", 64, number));
        return pair.takeOne(a);
    }

    /// Hands it to `b` from another place; it must come to nothing.
    private void refused(Datagram bent, String what) {
        b.receive(bent.from(ELSEWHERE));
        assertThat(b.device.lastDrop()).as(what).isNotNull();
        assertThat(b.received).as(what).isEmpty();
        assertThat(b.peer().endpoint()).as(what).isEqualTo(a.address);
        assertThat(pair.take(b)).as(what).isEmpty();
    }

    private void refusedHoweverBent(Datagram genuine, int bytes) {
        for (int bit = 0; bit < 8 * bytes; bit++) {
            byte[] bent = genuine.bytes.clone();
            bent[bit / 8] ^= (byte) (1 << bit % 8);
            refused(genuine.with(bent), "bit " + bit);
        }
        for (int length = 0; length < genuine.bytes.length; length++) {
            refused(genuine.with(Arrays.copyOf(genuine.bytes, length)), "cut to " + length);
        }
        for (int more = 1; more <= 32; more++) {
            refused(genuine.with(Arrays.copyOf(genuine.bytes, genuine.bytes.length + more)), "longer by " + more);
        }
    }

    @Test
    void data_bentCutOrLengthened_isDropped_andTheGenuineOneStillCounts() {
        Datagram genuine = data(7);

        refusedHoweverBent(genuine, genuine.bytes.length);
        b.receive(genuine);

        assertThat(b.numbers()).containsExactly(7);
    }

    /// Without load nobody looks at mac2, so only what stands before it is bent.
    @Test
    void initiation_bentCutOrLengthened_isDropped_andTheGenuineOneIsAnswered() {
        pair.skip(6 * Pair.SECOND);
        a.device.initiate(a.peer(), pair.now());
        Datagram genuine = pair.takeOne(a);

        refusedHoweverBent(genuine, Macs.mac2Offset(148));
        b.receive(genuine);

        assertThat(pair.takeOne(b).type()).isEqualTo("response");
    }

    @Test
    void response_bentCutOrLengthened_isDropped_andTheGenuineOneCounts() {
        pair.skip(6 * Pair.SECOND);
        b.device.initiate(b.peer(), pair.now());
        a.receive(pair.takeOne(b));
        Datagram genuine = pair.takeOne(a);
        long before = b.peer().lastHandshakeNanos();

        refusedHoweverBent(genuine, Macs.mac2Offset(92));
        assertThat(b.peer().lastHandshakeNanos()).isEqualTo(before);
        b.receive(genuine);

        assertThat(b.peer().lastHandshakeNanos()).isEqualTo(pair.now());
    }

    @Test
    void data_inAnyOrderAndRepeated_countsOnceEach() {
        Random random = new Random(11);
        List<Datagram> sent = new ArrayList<>();
        for (int i = 0; i < 2000; i++) {
            sent.add(data(i));
        }
        List<Datagram> arriving = new ArrayList<>(sent);
        arriving.addAll(sent);
        java.util.Collections.shuffle(arriving, random);
        arriving.forEach(b::receive);

        assertThat(b.numbers())
                .containsExactlyInAnyOrderElementsOf(
                        IntStream.range(0, 2000).boxed().toList());
        assertThat(b.device.drops(Drop.REPLAYED)).isEqualTo(2000);
    }

    @Test
    void data_fromASourceOfAnotherPeer_isDroppedAndCounted() {
        b.device.addPeer(
                new PeerConfig(
                        PrivateKey.generate(new Random(1)).publicKey(),
                        null,
                        null,
                        0,
                        List.of(dev.culvert.proto.inet.IpPrefix.parse("10.0.0.3/32"))),
                pair.now());
        for (String source : List.of("10.0.0.3", "10.0.0.2", "192.0.2.1", "127.0.0.1", "0.0.0.0")) {
            a.send(packet(source, "10.0.0.2", 64, 1));
            b.receive(pair.takeOne(a));
            assertThat(b.device.lastDrop()).as(source).isEqualTo(Drop.SOURCE_NOT_ALLOWED);
        }
        assertThat(b.received).isEmpty();
    }
}
