package dev.culvert.dataplane.os;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Requests to the kernel, one behind the other: a header of `struct nlmsghdr`, the fixed part of its family, then
/// attributes, which nest. Numbers are the machine's own order unless a name says otherwise; everything is aligned to
/// four bytes, so the layout is the same on x86-64 and aarch64 (netlink(7), rtnetlink(7)).
final class NetlinkMessage {
    static final int REQUEST = 1;
    static final int ACK = 4;
    static final int REPLACE = 0x100;
    static final int EXCLUSIVE = 0x200;
    static final int DUMP = 0x300;
    static final int CREATE = 0x400;

    static final int HEADER = 16;
    private static final int NESTED = 0x8000;
    private static final int CAPACITY = 64 * 1024;

    private ByteBuffer buffer = ByteBuffer.allocate(CAPACITY).order(ByteOrder.nativeOrder());
    private int message = -1;
    private int messages;

    /// Ends the message before and begins another, which has room for 32 KiB.
    NetlinkMessage begin(int type, int flags) {
        end();
        if (buffer.remaining() < CAPACITY / 2) {
            grow();
        }
        message = buffer.position();
        messages++;
        buffer.putInt(0).putShort((short) type).putShort((short) (flags | REQUEST));
        buffer.putInt(messages).putInt(0);
        return this;
    }

    private void grow() {
        ByteBuffer larger =
                ByteBuffer.allocate(buffer.position() + 4 * CAPACITY).order(ByteOrder.nativeOrder());
        larger.put(buffer.flip());
        Arrays.fill(buffer.array(), (byte) 0);
        buffer = larger;
    }

    private void end() {
        if (message >= 0) {
            buffer.putInt(message, buffer.position() - message);
        }
    }

    NetlinkMessage u8(int value) {
        buffer.put((byte) value);
        return this;
    }

    NetlinkMessage u16(int value) {
        buffer.putShort((short) value);
        return this;
    }

    NetlinkMessage u32(int value) {
        buffer.putInt(value);
        return this;
    }

    NetlinkMessage attribute(int type, byte[] value) {
        buffer.putShort((short) (4 + value.length)).putShort((short) type).put(value);
        return align();
    }

    /// A number in the machine's order.
    NetlinkMessage number(int type, int value) {
        buffer.putShort((short) 8).putShort((short) type).putInt(value);
        return this;
    }

    /// A number of 16 bits in the machine's order.
    NetlinkMessage half(int type, int value) {
        buffer.putShort((short) 6).putShort((short) type).putShort((short) value);
        return align();
    }

    /// A number in the network's order, as nftables has all of them.
    NetlinkMessage big(int type, int value) {
        return number(type, buffer.order() == ByteOrder.LITTLE_ENDIAN ? Integer.reverseBytes(value) : value);
    }

    NetlinkMessage bigLong(int type, long value) {
        return attribute(type, ByteBuffer.allocate(Long.BYTES).putLong(value).array());
    }

    /// A text with its final zero.
    NetlinkMessage text(int type, String value) {
        return attribute(type, (value + "\0").getBytes(StandardCharsets.US_ASCII));
    }

    /// Attributes within an attribute.
    NetlinkMessage nest(int type, Runnable attributes) {
        int start = buffer.position();
        buffer.putShort((short) 0).putShort((short) (type | NESTED));
        attributes.run();
        buffer.putShort(start, (short) (buffer.position() - start));
        return this;
    }

    private NetlinkMessage align() {
        while (buffer.position() % 4 != 0) {
            buffer.put((byte) 0);
        }
        return this;
    }

    /// Overwrites all of it, where secrets stand in it.
    void wipe() {
        Arrays.fill(buffer.array(), (byte) 0);
        message = -1;
    }

    /// All of them, ready to be sent.
    byte[] bytes() {
        end();
        byte[] all = new byte[buffer.position()];
        buffer.get(0, all);
        return all;
    }
}
