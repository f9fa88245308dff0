package dev.culvert.dataplane.os;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.dataplane.tunnel.ArrivalRules;
import dev.culvert.dataplane.tunnel.UdpPort;
import dev.culvert.proto.wireguard.IndexForm;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What the kernel lets pass. Loopback delivers before `send` returns, so nothing is waited for.
@Timeout(20)
@EnabledOnOs(OS.LINUX)
class SocketFilterTest {
    private static final IndexForm FORM = new IndexForm(0x9e3779b1, 0x12345678);

    private final Random random = new Random(3);

    private byte[] message(int type, int length, int receiverAt, boolean ours) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        java.util.Arrays.fill(bytes, 0, Math.min(4, length), (byte) 0);
        if (length > 0) {
            bytes[0] = (byte) type;
        }
        if (receiverAt > 0) {
            int index;
            do {
                index = random.nextInt();
            } while (FORM.fits(index) != ours);
            for (int i = 0; i < 4; i++) {
                bytes[receiverAt + i] = (byte) (index >>> (8 * i));
            }
        }
        return bytes;
    }

    private static int arrived(UdpPort port) {
        int[] count = new int[1];
        while (port.receive((datagram, from, ecn) -> count[0]++, 64) > 0) {
            assertThat(count[0]).isLessThan(1000);
        }
        return count[0];
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "::1", "::"})
    void genuineMessagesPass_othersWakeNobodyAndAreCounted(String address) throws Exception {
        List<byte[]> genuine = new ArrayList<>();
        List<byte[]> strange = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            genuine.add(message(1, 148, 0, true));
            genuine.add(message(2, 92, 8, true));
            genuine.add(message(3, 64, 4, true));
            genuine.add(message(4, 32, 4, true));
            genuine.add(message(4, 1452, 4, true));
            strange.add(message(1, 147, 0, true));
            strange.add(message(2, 92, 8, false));
            strange.add(message(2, 91, 8, true));
            strange.add(message(3, 64, 4, false));
            strange.add(message(4, 32, 4, false));
            strange.add(message(4, 31, 4, true));
            strange.add(message(4, 1452, 4, false));
            strange.add(message(5, 148, 0, true));
            strange.add(message(0, i, 0, true));
        }
        // A reserved byte that is not zero.
        byte[] reserved = message(4, 100, 4, true);
        reserved[2] = 1;
        strange.add(reserved);
        try (UdpPort port = LinuxUdpPort.bind(new InetSocketAddress(InetAddress.ofLiteral(address), 0));
                DatagramSocket stranger = new DatagramSocket()) {
            port.filter(ArrivalRules.open(FORM));
            InetAddress to = address.equals("::") ? InetAddress.ofLiteral("127.0.0.1") : InetAddress.ofLiteral(address);
            InetSocketAddress there =
                    new InetSocketAddress(to, port.localAddress().getPort());

            for (byte[] one : genuine) {
                stranger.send(new DatagramPacket(one, one.length, there));
            }
            assertThat(arrived(port)).isEqualTo(genuine.size());
            assertThat(port.kernelDrops()).isZero();
            for (byte[] one : strange) {
                stranger.send(new DatagramPacket(one, one.length, there));
            }

            assertThat(arrived(port)).isZero();
            assertThat(port.kernelDrops()).isEqualTo(strange.size());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 0x7fffffff})
    void anotherForm_takesThePlaceOfTheFirst(int multiplier) throws Exception {
        try (UdpPort port = LinuxUdpPort.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0));
                DatagramSocket stranger = new DatagramSocket()) {
            port.filter(ArrivalRules.open(FORM));
            IndexForm other = new IndexForm(multiplier, 99);
            port.filter(ArrivalRules.open(other));
            int fitting = 0;
            for (int i = 0; i < 500; i++) {
                byte[] one = message(4, 64, 4, FORM.fits(i));
                int index = ByteBuffer.wrap(one).order(ByteOrder.LITTLE_ENDIAN).getInt(4);
                fitting += other.fits(index) ? 1 : 0;
                stranger.send(new DatagramPacket(one, one.length, port.localAddress()));
            }

            assertThat(arrived(port)).isEqualTo(fitting);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "::1", "::"})
    void aPartOfTheInitiationsPasses_ofEachKindItsOwn_andAllOthers(String address) throws Exception {
        InetAddress to = address.equals("::") ? InetAddress.ofLiteral("127.0.0.1") : InetAddress.ofLiteral(address);
        try (UdpPort port = LinuxUdpPort.bind(new InetSocketAddress(InetAddress.ofLiteral(address), 0));
                DatagramSocket stranger = new DatagramSocket()) {
            InetSocketAddress there =
                    new InetSocketAddress(to, port.localAddress().getPort());
            // Neighbours of the stranger are not the stranger.
            List<InetAddress> others = new ArrayList<>();
            for (int i = 2; i < ArrivalRules.MAX_EXEMPT; i++) {
                others.add(InetAddress.ofLiteral((i & 1) == 0 ? "127.0.0." + i : "::" + i + ":0:0:0:1"));
            }
            port.filter(new ArrivalRules(FORM, 0.25, 0.75, others));
            int bare = 0;
            int proven = 0;
            for (int i = 0; i < 40; i++) {
                bare += sent(stranger, there, port, false);
                proven += sent(stranger, there, port, true);
            }
            assertThat(bare).isBetween(800, 1200);
            assertThat(proven).isBetween(2800, 3200);
            byte[] data = message(4, 1452, 4, true);
            stranger.send(new DatagramPacket(data, data.length, there));
            assertThat(arrived(port)).isOne();

            others.add(to);
            port.filter(new ArrivalRules(FORM, 0.01, 0.01, others));
            assertThat(sent(stranger, there, port, false)).isEqualTo(100);
            port.filter(new ArrivalRules(FORM, 1, 0.01, List.of()));
            assertThat(sent(stranger, there, port, false)).isEqualTo(100);
        }
    }

    /// How many of 100 initiations arrive.
    private int sent(DatagramSocket from, InetSocketAddress to, UdpPort port, boolean withMac2) throws Exception {
        for (int i = 0; i < 100; i++) {
            byte[] one = message(1, 148, 0, true);
            java.util.Arrays.fill(one, 132, 148, (byte) 0);
            one[132 + i % 16] = (byte) (withMac2 ? 1 + i : 0);
            from.send(new DatagramPacket(one, one.length, to));
        }
        return arrived(port);
    }
}
