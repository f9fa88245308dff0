package dev.culvert.proto.offload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.inet.AddressWords;
import dev.culvert.proto.inet.InternetChecksum;
import dev.culvert.proto.inet.IpProtocol;
import dev.culvert.proto.inet.Ipv4Header;
import dev.culvert.proto.inet.Ipv6Header;
import dev.culvert.proto.inet.NetworkOrder;
import dev.culvert.proto.inet.TcpHeader;
import dev.culvert.proto.inet.UdpHeader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OffloadTest {
    private static final int ROOM = 16;
    private static final int ACK = TcpHeader.ACK;
    private static final int PSH = TcpHeader.PSH;
    private static final int FIN = TcpHeader.FIN;
    private static final int CWR = 0x80;

    private final Segmenter segmenter = new Segmenter();
    private final Coalescer coalescer = new Coalescer();
    private final List<byte[]> written = new ArrayList<>();

    /// A TCP segment as its sender would make it, by this project's other writers of headers.
    private static byte[] tcp(boolean four, int port, int id, int sequence, int flags, byte[] payload) {
        int header = four ? Ipv4Header.LENGTH : Ipv6Header.LENGTH;
        int headers = TcpHeader.LENGTH + 12;
        int upper = headers + payload.length;
        byte[] packet = new byte[header + upper];
        long from = four ? AddressWords.ipv4Low(0x0a4d0001) : 1;
        long to = four ? AddressWords.ipv4Low(0x0a4d0002) : 2;
        long high = four ? 0 : 0xfd77_0000_0000_0000L;
        TcpHeader.write(packet, header, 1000 + port, 80, sequence, 77, headers, flags, 512);
        System.arraycopy(payload, 0, packet, header + headers, payload.length);
        long pseudo = InternetChecksum.pseudoHeader(high, from, high, to, IpProtocol.TCP);
        TcpHeader.writeChecksum(packet, header, upper, pseudo);
        if (four) {
            Ipv4Header.write(packet, 0, packet.length, IpProtocol.TCP, 0x0a4d0001, 0x0a4d0002);
            NetworkOrder.put16(packet, 4, id);
            NetworkOrder.put16(packet, 10, 0);
            NetworkOrder.put16(packet, 10, InternetChecksum.finish(InternetChecksum.sum(packet, 0, header)));
        } else {
            Ipv6Header.write(packet, 0, upper, IpProtocol.TCP, high, from, high, to);
        }
        return packet;
    }

    private static byte[] random(Random random, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private void add(byte[] packet) {
        byte[] roomy = new byte[ROOM + packet.length];
        System.arraycopy(packet, 0, roomy, ROOM, packet.length);
        coalescer.add(roomy, ROOM, packet.length, this::write);
    }

    private void write(byte[] bytes, int offset, int length) {
        written.add(Arrays.copyOfRange(bytes, offset, offset + length));
    }

    private List<byte[]> cut(byte[] read) {
        List<byte[]> packets = new ArrayList<>();
        byte[] copy = read.clone();
        assertThat(segmenter.begin(copy, 0, copy.length)).isTrue();
        byte[] out = new byte[65_600];
        for (int length = segmenter.next(out, 7); length > 0; length = segmenter.next(out, 7)) {
            packets.add(Arrays.copyOfRange(out, 7, 7 + length));
        }
        return packets;
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void segmentsInARow_areOneForTheKernelAndTheSameAgainWhenCut(boolean four) {
        Random random = new Random(1);
        List<byte[]> sent = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            boolean last = i == 39;
            byte[] payload = random(random, last ? 300 : 1000);
            sent.add(tcp(four, 1, i, 5000 + i * 1000, last ? ACK | PSH : ACK, payload));
        }

        sent.forEach(this::add);
        coalescer.flush(this::write);

        assertThat(written).hasSize(1);
        assertThat(cut(written.getFirst())).usingRecursiveComparison().isEqualTo(sent);
    }

    @Test
    void segmentWithPush_isTheLastOfItsRow() {
        add(tcp(true, 1, 0, 0, ACK, new byte[100]));
        add(tcp(true, 1, 1, 100, ACK | PSH, new byte[100]));
        add(tcp(true, 1, 2, 200, ACK, new byte[100]));
        coalescer.flush(this::write);

        assertThat(written).hasSize(2);
    }

    @Test
    void segmentsThatDoNotFollow_areLeftAsTheyCameAndInOrder() {
        Random random = new Random(2);
        byte[] wrong = tcp(true, 1, 1, 100, ACK, random(random, 100));
        wrong[60] ^= 1;
        List<byte[]> sent = List.of(
                tcp(true, 1, 0, 0, ACK, random(random, 100)),
                wrong,
                tcp(true, 1, 2, 300, ACK, random(random, 100)),
                tcp(true, 1, 3, 400, ACK | FIN, random(random, 100)),
                tcp(true, 1, 4, 500, ACK, new byte[0]),
                tcp(true, 1, 5, 500, ACK, random(random, 100)),
                tcp(true, 1, 6, 600, ACK, random(random, 200)));

        sent.forEach(this::add);
        coalescer.flush(this::write);

        List<byte[]> plain = written.stream()
                .map(one -> Arrays.copyOfRange(one, 10, one.length))
                .toList();
        assertThat(plain).usingRecursiveComparison().isEqualTo(sent);
        assertThat(written).allMatch(one -> one[0] == 0 && one[1] == 0);
    }

    @Test
    void manyConnectionsAtOnce_eachKeepsItsOrderAndItsBytes() {
        Random random = new Random(3);
        Map<Integer, List<byte[]>> sent = new HashMap<>();
        Map<Integer, Integer> next = new HashMap<>();
        int[] ids = new int[20];
        for (int i = 0; i < 5000; i++) {
            int port = random.nextInt(20);
            int gap = random.nextInt(20) == 0 ? 50 : 0;
            int sequence = next.getOrDefault(port, Integer.MAX_VALUE - 20_000) + gap;
            int length = random.nextInt(10) == 0 ? random.nextInt(500) : 500;
            int flags = random.nextInt(15) == 0 ? ACK | PSH : ACK;
            byte[] packet = tcp(port % 2 == 0, port, ids[port]++, sequence, flags, random(random, length));
            next.put(port, sequence + length);
            sent.computeIfAbsent(port, _ -> new ArrayList<>()).add(packet);
            add(packet);
            if (random.nextInt(100) == 0) {
                coalescer.flush(this::write);
            }
        }
        coalescer.flush(this::write);

        Map<Integer, List<byte[]>> got = new HashMap<>();
        for (byte[] one : written) {
            for (byte[] packet : cut(one)) {
                int header = packet[0] >>> 4 == 4 ? Ipv4Header.LENGTH : Ipv6Header.LENGTH;
                int port = NetworkOrder.u16(packet, header) - 1000;
                got.computeIfAbsent(port, _ -> new ArrayList<>()).add(packet);
            }
        }
        assertThat(got.keySet()).isEqualTo(sent.keySet());
        got.forEach((port, packets) -> assertThat(packets.toArray(new byte[0][]))
                .as("connection %d", port)
                .isDeepEqualTo(sent.getOrDefault(port, List.of()).toArray(new byte[0][])));
        assertThat(written.size()).isLessThan(5000);
    }

    @Test
    void otherPackets_passAtOnce() {
        byte[] icmp = new byte[40];
        Ipv4Header.write(icmp, 0, 40, IpProtocol.ICMP, 1, 2);
        byte[] fragment = tcp(true, 1, 0, 0, ACK, new byte[100]);
        NetworkOrder.put16(fragment, 6, 0x2000);

        add(icmp);
        add(fragment);
        add(new byte[] {0x45, 0, 0});

        assertThat(written).hasSize(3);
    }

    /// The kinds of virtio: TCP over IPv4, over IPv6, and UDP.
    @ParameterizedTest
    @ValueSource(ints = {1, 4, 5})
    void superPacketOfTheKernel_isCutIntoValidPackets(int kind) {
        boolean four = kind != 4;
        boolean udp = kind == 5;
        int header = four ? Ipv4Header.LENGTH : Ipv6Header.LENGTH;
        int headers = header + (udp ? UdpHeader.LENGTH : TcpHeader.LENGTH + 12);
        byte[] payload = random(new Random(4), 5300);
        byte[] packet = udp ? datagram(payload) : tcp(four, 1, 65_533, -1000, ACK | PSH | FIN | CWR, payload);
        byte[] read = new byte[10 + packet.length];
        ByteBuffer virtio = ByteBuffer.wrap(read).order(ByteOrder.nativeOrder());
        virtio.put((byte) 1).put((byte) kind).putShort((short) headers).putShort((short) 1000);
        virtio.putShort((short) header).putShort((short) (udp ? 6 : 16));
        System.arraycopy(packet, 0, read, 10, packet.length);

        List<byte[]> packets = cut(read);

        assertThat(packets).hasSize(6);
        byte[] joined = new byte[payload.length];
        for (int i = 0; i < packets.size(); i++) {
            byte[] one = packets.get(i);
            assertThat(one.length - headers).isEqualTo(i == 5 ? 300 : 1000);
            System.arraycopy(one, headers, joined, i * 1000, one.length - headers);
            assertThat(isValid(one, four, udp)).isTrue();
            if (!udp) {
                int flags = ACK | (i == 5 ? PSH | FIN : 0) | (i == 0 ? CWR : 0);
                assertThat(NetworkOrder.i32(one, header + 4)).isEqualTo(-1000 + i * 1000);
                assertThat(NetworkOrder.u8(one, header + 13)).isEqualTo(flags);
            }
            if (four && !udp) {
                assertThat(NetworkOrder.u16(one, 4)).isEqualTo((65_533 + i) & 0xffff);
            }
        }
        assertThat(joined).isEqualTo(payload);
    }

    private static byte[] datagram(byte[] payload) {
        byte[] packet = new byte[Ipv4Header.LENGTH + UdpHeader.LENGTH + payload.length];
        System.arraycopy(payload, 0, packet, 28, payload.length);
        UdpHeader.write(packet, 20, 53, 54, UdpHeader.LENGTH + payload.length, 0);
        Ipv4Header.write(packet, 0, packet.length, IpProtocol.UDP, 0x0a4d0001, 0x0a4d0002);
        return packet;
    }

    private static boolean isValid(byte[] packet, boolean four, boolean udp) {
        int header = four ? Ipv4Header.LENGTH : Ipv6Header.LENGTH;
        int upper = packet.length - header;
        int addresses = four ? InternetChecksum.sum(packet, 12, 8) : InternetChecksum.sum(packet, 8, 32);
        int protocol = udp ? IpProtocol.UDP : IpProtocol.TCP;
        long sum = (long) addresses + protocol + upper + InternetChecksum.sum(packet, header, upper);
        boolean length = four
                ? NetworkOrder.u16(packet, 2) == packet.length && InternetChecksum.sum(packet, 0, header) == 0xffff
                : NetworkOrder.u16(packet, 4) == upper;
        return length && InternetChecksum.fold(sum) == 0xffff;
    }

    @Test
    void packetWithoutItsChecksum_getsIt() {
        byte[] packet = tcp(true, 1, 0, 0, ACK, random(new Random(5), 100));
        byte[] read = new byte[10 + packet.length];
        System.arraycopy(packet, 0, read, 10, packet.length);
        int pseudo = InternetChecksum.sum(packet, 12, 8) + IpProtocol.TCP + packet.length - 20;
        NetworkOrder.put16(read, 10 + 36, InternetChecksum.fold(pseudo));
        ByteBuffer virtio = ByteBuffer.wrap(read).order(ByteOrder.nativeOrder());
        virtio.put(0, (byte) 1).putShort(6, (short) 20).putShort(8, (short) 16);

        assertThat(cut(read).getFirst()).isEqualTo(packet);
    }

    @Test
    void readsThatMeanNothing_areRefusedAndNeverThrow() {
        Random random = new Random(6);
        byte[] packet = tcp(true, 1, 0, 0, ACK, new byte[300]);
        byte[] out = new byte[65_600];
        int refused = 0;
        for (int i = 0; i < 50_000; i++) {
            int length = random.nextInt(10 + packet.length + 1);
            byte[] read = new byte[10 + packet.length];
            System.arraycopy(packet, 0, read, 10, packet.length);
            for (int j = 0; j < 10; j++) {
                read[j] = (byte) random.nextInt(random.nextBoolean() ? 6 : 256);
            }
            read[10 + random.nextInt(40)] ^= (byte) random.nextInt();
            if (!segmenter.begin(read, 0, length)) {
                refused++;
                continue;
            }
            while (segmenter.next(out, 0) > 0) {
                assertThat(segmenter.longest()).isPositive();
            }
        }
        assertThat(refused).isPositive();
    }
}
