package dev.culvert.dataplane.os;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// The expressions of one rule, in order.
final class NftRule {
    private static final int EQUAL = 0;
    private static final int NOT_EQUAL = 1;
    private static final int AT_MOST = 3;
    private static final int AT_LEAST = 5;
    private static final int IN_NAME = 6;
    private static final int OUT_NAME = 7;
    private static final int SOCKET_USER = 10;
    private static final int MARK = 3;
    private static final int IN_TYPE = 8;
    private static final int OUT_TYPE = 9;
    // linux/if_arp.h
    private static final int LOOPBACK = 772;
    // Registers of four bytes, of which the first sixteen are four of sixteen.
    private static final int FIRST_WORD = 8;
    private static final int ADD = 0;
    private static final int UPDATE = 1;
    private static final long METER_MILLIS = 3_600_000;
    // enum nft_ct_keys; linux/netfilter/nf_conntrack_common.h
    private static final int TRACKED_STATE = 0;
    private static final int TRACKED_DIRECTION = 1;
    private static final int TRACKED_STATUS = 2;
    private static final int TRACKED_PROTOCOL = 10;
    private static final int STATE_NEW = 8;
    private static final int STATUS_DESTINATION = 0x20;
    private static final int FIB_TYPE = 3;
    private static final int FIB_DESTINATION = 2;
    // RTN_LOCAL
    private static final int LOCAL = 2;
    private static final int ROUTE_SEGMENT = 3;
    private static final int SYN = 2;
    private static final int SYN_RST = 6;
    private static final int FAMILY = 15;
    private static final int PROTOCOL = 16;

    private final NetlinkMessage batch;

    NftRule(NetlinkMessage batch) {
        this.batch = batch;
    }

    NftRule from(String name) {
        return meta(IN_NAME).compare(EQUAL, interfaceName(name));
    }

    NftRule notFrom(String name) {
        return meta(IN_NAME).compare(NOT_EQUAL, interfaceName(name));
    }

    NftRule to(String name) {
        return meta(OUT_NAME).compare(EQUAL, interfaceName(name));
    }

    NftRule family(int family) {
        return meta(FAMILY).compare(EQUAL, new byte[] {(byte) family});
    }

    NftRule protocol(int protocol) {
        return meta(PROTOCOL).compare(EQUAL, new byte[] {(byte) protocol});
    }

    NftRule otherProtocolThan(int protocol) {
        return meta(PROTOCOL).compare(NOT_EQUAL, new byte[] {(byte) protocol});
    }

    /// Sent from a socket of another user; packets without a socket do not match.
    NftRule fromOtherUserThan(int user) {
        return meta(SOCKET_USER).compare(NOT_EQUAL, word(user));
    }

    NftRule bytes(int header, int offset, byte... value) {
        return payload(header, offset, value.length).compare(EQUAL, value);
    }

    /// Whether the masked byte is another one.
    NftRule bitsAreNot(int header, int offset, int mask, int value) {
        payload(header, offset, 1);
        expression("bitwise", () -> {
            batch.big(1, 1).big(2, 1).big(3, 1);
            batch.nest(4, () -> batch.attribute(1, new byte[] {(byte) mask}));
            batch.nest(5, () -> batch.attribute(1, new byte[] {0}));
        });
        return compare(NOT_EQUAL, (byte) value);
    }

    NftRule portWithin(int first, int last) {
        return payload(Nftables.TRANSPORT_HEADER, 2, 2)
                .compare(AT_LEAST, big16(first))
                .compare(AT_MOST, big16(last));
    }

    NftRule port(int port) {
        return bytes(Nftables.TRANSPORT_HEADER, 2, big16(port));
    }

    NftRule mark(int mark) {
        return meta(MARK).compare(EQUAL, word(mark));
    }

    NftRule setMark(int mark) {
        expression("immediate", () -> {
            batch.big(1, 1);
            batch.nest(2, () -> batch.attribute(1, word(mark)));
        });
        return expression("meta", () -> batch.big(2, MARK).big(3, 1));
    }

    NftRule fromLoopback() {
        return meta(IN_TYPE).compare(EQUAL, half(LOOPBACK));
    }

    NftRule notToLoopback() {
        return meta(OUT_TYPE).compare(NOT_EQUAL, half(LOOPBACK));
    }

    /// Puts bytes of the packet into words of a key.
    NftRule load(int word, int header, int offset, int length) {
        return expression(
                "payload",
                () -> batch.big(1, FIRST_WORD + word)
                        .big(2, header)
                        .big(3, offset)
                        .big(4, length));
    }

    NftRule loadProtocol(int word) {
        return expression("meta", () -> batch.big(2, PROTOCOL).big(1, FIRST_WORD + word));
    }

    /// Goes on where the key that begins with that word is in the set.
    NftRule find(String set, int key) {
        return expression("lookup", () -> batch.text(1, set).big(2, FIRST_WORD + key));
    }

    /// Goes on with what the map has for the key.
    NftRule find(String map, int key, int value) {
        return expression(
                "lookup", () -> batch.text(1, map).big(2, FIRST_WORD + key).big(3, FIRST_WORD + value));
    }

    /// Puts the key into the set, or keeps it there for so long from now on; goes on where it has room.
    NftRule update(String set, int key, int seconds) {
        return expression(
                "dynset",
                () -> batch.text(1, set).big(3, UPDATE).big(4, FIRST_WORD + key).bigLong(6, seconds * 1000L));
    }

    NftRule update(String map, int key, int value, int seconds) {
        return expression(
                "dynset",
                () -> batch.text(1, map)
                        .big(3, UPDATE)
                        .big(4, FIRST_WORD + key)
                        .big(5, FIRST_WORD + value)
                        .bigLong(6, seconds * 1000L));
    }

    /// Puts an address from a word into the header of IP, and its sums right.
    ///
    /// @param sum where that header has its own; negative where it has none
    NftRule writeAddress(int word, int offset, int length, int sum) {
        return expression("payload", () -> {
            batch.big(5, FIRST_WORD + word)
                    .big(2, Nftables.NETWORK_HEADER)
                    .big(3, offset)
                    .big(4, length);
            if (sum >= 0) {
                batch.big(6, 1).big(7, sum);
            }
            // NFT_PAYLOAD_L4CSUM_PSEUDOHDR
            batch.big(8, 1);
        });
    }

    NftRule toOneOfOurAddresses() {
        return expression("fib", () -> batch.big(1, 1).big(2, FIB_TYPE).big(3, FIB_DESTINATION))
                .compare(EQUAL, word(LOCAL));
    }

    /// What connection tracking knows of the packet's connection, in the direction of its first packet or of the
    /// answers to that.
    NftRule tracked(int key, boolean answers, byte... value) {
        return loadTracked(key, answers).compare(EQUAL, value);
    }

    NftRule trackedPortWithin(int key, boolean answers, int first, int last) {
        return loadTracked(key, answers).compare(AT_LEAST, big16(first)).compare(AT_MOST, big16(last));
    }

    NftRule trackedProtocol(int protocol) {
        return expression("ct", () -> batch.big(1, 1).big(2, TRACKED_PROTOCOL))
                .compare(EQUAL, new byte[] {(byte) protocol});
    }

    NftRule begins() {
        return trackedBit(TRACKED_STATE, STATE_NEW);
    }

    NftRule isTranslated() {
        return trackedBit(TRACKED_STATUS, STATUS_DESTINATION);
    }

    private NftRule trackedBit(int key, int bit) {
        expression("ct", () -> batch.big(1, 1).big(2, key));
        return mask(word(bit)).compare(NOT_EQUAL, word(0));
    }

    NftRule loadTracked(int key, boolean answers) {
        return expression("ct", () -> batch.big(1, 1).big(2, key).attribute(3, new byte[] {(byte) (answers ? 1 : 0)}));
    }

    /// Keeps these bits of what was loaded last.
    NftRule mask(byte... bits) {
        return expression("bitwise", () -> {
            batch.big(1, 1).big(2, 1).big(3, bits.length);
            batch.nest(4, () -> batch.attribute(1, bits));
            batch.nest(5, () -> batch.attribute(1, new byte[bits.length]));
        });
    }

    /// Whether what was loaded last is in a set, or is not.
    NftRule loadedIs(boolean in, String set) {
        return expression("lookup", () -> batch.text(1, set).big(2, 1).big(5, in ? 0 : 1));
    }

    NftRule moreOftenThan(int events, int seconds, int burst) {
        return expression("limit", () -> rate(events, seconds, burst));
    }

    NftRule moreAtOnceThan(int connections) {
        return expression("connlimit", () -> batch.big(1, connections).big(2, 1));
    }

    /// The same for each value that was loaded last.
    NftRule eachMoreOftenThan(String meter, int events, int seconds, int burst) {
        return expression(
                "dynset",
                () -> batch.text(1, meter)
                        .big(3, UPDATE)
                        .big(4, 1)
                        .bigLong(6, METER_MILLIS)
                        .nest(7, () -> batch.text(1, "limit").nest(2, () -> rate(events, seconds, burst))));
    }

    NftRule eachMoreAtOnceThan(String meter, int connections) {
        return expression(
                "dynset",
                () -> batch.text(1, meter)
                        .big(3, ADD)
                        .big(4, 1)
                        .nest(
                                7,
                                () -> batch.text(1, "connlimit")
                                        .nest(2, () -> batch.big(1, connections).big(2, 1))));
    }

    private void rate(int events, int seconds, int burst) {
        batch.bigLong(1, events).bigLong(2, seconds).big(3, burst).big(4, 0).big(5, 1);
    }

    /// Counts it in a counter of the table.
    NftRule countIn(String counter) {
        return expression("objref", () -> batch.big(1, Nftables.COUNTER).text(2, counter));
    }

    /// Whether it goes the way that the connection's first packet went.
    NftRule isOfWhoBegan() {
        return expression("ct", () -> batch.big(1, 1).big(2, TRACKED_DIRECTION)).compare(EQUAL, new byte[] {0});
    }

    /// Lets a SYN announce no larger segments than its way takes.
    NftRule clampSegments() {
        load(0, Nftables.TRANSPORT_HEADER, 13, 1).mask((byte) SYN_RST).compare(EQUAL, (byte) SYN);
        expression("rt", () -> batch.big(1, 1).big(2, ROUTE_SEGMENT));
        expression(
                "byteorder", () -> batch.big(1, 1).big(2, 1).big(3, 1).big(4, 2).big(5, 2));
        return expression(
                "exthdr",
                () -> batch.big(7, 1)
                        .attribute(2, new byte[] {2})
                        .big(3, 2)
                        .big(4, 2)
                        .big(6, 1));
    }

    /// Leads the connection to another address, on the same port where `port` is 0.
    void leadTo(byte[] address, int port) {
        immediate(1, address);
        if (port > 0) {
            immediate(2, big16(port));
        }
        expression("nat", () -> {
            batch.big(1, 1)
                    .big(2, address.length == 4 ? Nftables.IPV4 : Nftables.IPV6)
                    .big(3, 1);
            if (port > 0) {
                batch.big(5, 2);
            }
        });
    }

    /// Lets the connection come from another address, and a port within.
    void comeFrom(byte[] address, int firstPort, int lastPort) {
        immediate(1, address);
        immediate(2, big16(firstPort));
        immediate(3, big16(lastPort));
        expression(
                "nat",
                () -> batch.big(1, 0)
                        .big(2, address.length == 4 ? Nftables.IPV4 : Nftables.IPV6)
                        .big(3, 1)
                        .big(5, 2)
                        .big(6, 3));
    }

    /// As [#comeFrom], on the same port where that is free.
    void comeFrom(byte[] address) {
        immediate(1, address);
        expression(
                "nat",
                () -> batch.big(1, 0)
                        .big(2, address.length == 4 ? Nftables.IPV4 : Nftables.IPV6)
                        .big(3, 1));
    }

    private void immediate(int register, byte[] value) {
        expression("immediate", () -> batch.big(1, register).nest(2, () -> batch.attribute(1, value)));
    }

    /// Drops it, and tells its sender by a reset.
    void reset() {
        expression("reject", () -> batch.big(1, 1).attribute(2, new byte[] {0}));
    }

    private static byte[] word(int value) {
        return ByteBuffer.allocate(4)
                .order(ByteOrder.nativeOrder())
                .putInt(value)
                .array();
    }

    private static byte[] half(int value) {
        return ByteBuffer.allocate(2)
                .order(ByteOrder.nativeOrder())
                .putShort((short) value)
                .array();
    }

    void verdict(int code) {
        expression("immediate", () -> {
            batch.big(1, 0);
            batch.nest(2, () -> batch.nest(2, () -> batch.big(1, code)));
        });
    }

    void jump(String chain) {
        expression("immediate", () -> {
            batch.big(1, 0);
            batch.nest(2, () -> batch.nest(2, () -> batch.big(1, Nftables.JUMP).text(2, chain)));
        });
    }

    private static byte[] big16(int value) {
        return new byte[] {(byte) (value >>> 8), (byte) value};
    }

    private static byte[] interfaceName(String name) {
        return Arrays.copyOf(name.getBytes(StandardCharsets.US_ASCII), Nftables.INTERFACE_NAME);
    }

    private NftRule meta(int key) {
        return expression("meta", () -> batch.big(2, key).big(1, 1));
    }

    private NftRule payload(int header, int offset, int length) {
        return expression(
                "payload", () -> batch.big(1, 1).big(2, header).big(3, offset).big(4, length));
    }

    private NftRule compare(int operation, byte... value) {
        return expression("cmp", () -> {
            batch.big(1, 1).big(2, operation);
            batch.nest(3, () -> batch.attribute(1, value));
        });
    }

    private NftRule expression(String name, Runnable data) {
        batch.nest(1, () -> batch.text(1, name).nest(2, data));
        return this;
    }
}
