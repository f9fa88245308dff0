package dev.culvert.dataplane.os;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/// What the kernel is sent, against what other programs send it. The bytes are of little-endian machines, as x86-64 and
/// aarch64 both are; the structures of netlink have the same layout on both.
class NetlinkMessageTest {
    /// `ip route add 10.9.0.0/16 dev lo proto static`, as strace shows it of iproute2 6.1, with sequence number 1:
    /// the flags CREATE, EXCL and ACK, and the attributes destination and interface.
    private static final String ROUTE_OF_IPROUTE2 = "2c00000018000506" + "0100000000000000" + "02100000fe04fd01"
            + "00000000" + "080001000a090000" + "0800040001000000";

    @Test
    void route_isWhatIproute2Sends() {
        byte[] bytes = new NetlinkMessage()
                .begin(24, NetlinkMessage.CREATE | 0x200 | NetlinkMessage.ACK)
                .u8(2)
                .u8(16)
                .u8(0)
                .u8(0)
                .u8(254)
                .u8(4)
                .u8(253)
                .u8(1)
                .u32(0)
                .attribute(1, new byte[] {10, 9, 0, 0})
                .number(4, 1)
                .bytes();

        assertThat(HexFormat.of().formatHex(bytes)).isEqualTo(ROUTE_OF_IPROUTE2);
    }

    @Test
    void attributes_areAlignedAndNestedOnesKnowTheirLength() {
        NetlinkMessage message = new NetlinkMessage().begin(1, 0);
        message.nest(7, () -> message.attribute(1, new byte[] {5}).text(2, "abcd"));
        message.begin(2, 0);

        ByteBuffer bytes = ByteBuffer.wrap(message.bytes()).order(ByteOrder.nativeOrder());

        assertThat(bytes.getInt(0)).isEqualTo(16 + 4 + 8 + 12);
        assertThat(bytes.getShort(16)).isEqualTo((short) (4 + 8 + 12));
        assertThat(bytes.getShort(18)).isEqualTo((short) (0x8000 | 7));
        assertThat(bytes.getShort(20)).isEqualTo((short) 5);
        // The length of a text counts its zero, and not what aligns the next.
        assertThat(bytes.getShort(28)).isEqualTo((short) 9);
        assertThat(bytes.getInt(40)).isEqualTo(16);
        assertThat(bytes.getInt(48)).isEqualTo(2);
    }

    @Test
    void manyMessages_findRoom() {
        NetlinkMessage messages = new NetlinkMessage();
        for (int i = 0; i < 100; i++) {
            messages.begin(1, 0).attribute(1, new byte[20_000]);
        }

        ByteBuffer bytes = ByteBuffer.wrap(messages.bytes()).order(ByteOrder.nativeOrder());

        assertThat(bytes.capacity()).isEqualTo(100 * (16 + 4 + 20_000));
        assertThat(bytes.getInt(99 * 20_020)).isEqualTo(20_020);
        assertThat(bytes.getInt(99 * 20_020 + 8)).isEqualTo(100);
    }

    @Test
    void numbersOfNftables_areInTheOrderOfTheNetwork() {
        byte[] bytes = new NetlinkMessage().begin(1, 0).big(5, 1).bytes();

        assertThat(bytes).endsWith(0, 0, 0, 1);
    }
}
