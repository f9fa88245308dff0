package dev.culvert.dataplane.os;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Consumer;

/// One table of nftables, replaced as a whole, atomically. One that is owned is this process's: nobody else changes it,
/// and the kernel removes it when the process ends, however that ends (a table with an owner, since Linux 5.12; an
/// older kernel keeps it until the next start replaces it). One that stays is anybody's, and outlives the process.
///
/// Numbers are of linux/netfilter/nf_tables.h. Owned by one thread.
final class Nftables implements AutoCloseable {
    static final int ACCEPT = 1;
    static final int DROP = 0;
    static final int HOOK_PREROUTING = 0;
    static final int HOOK_INPUT = 1;
    static final int HOOK_FORWARD = 2;
    static final int HOOK_OUTPUT = 3;
    static final int TCP = 6;
    static final int ICMP = 1;
    static final int ICMPV6 = 58;
    static final int IPV4 = 2;
    static final int IPV6 = 10;
    /// nft's number of that type.
    static final int IPV6_ADDRESS = 8;
    static final int NETWORK_HEADER = 1;
    static final int TRANSPORT_HEADER = 2;

    private static final int JUMP = -3;
    private static final int SUBSYSTEM = 10;
    private static final int BATCH_BEGIN = 16;
    private static final int BATCH_END = 17;
    private static final int NEW_TABLE = SUBSYSTEM << 8;
    private static final int GET_TABLE = SUBSYSTEM << 8 | 1;
    private static final int DELETE_TABLE = SUBSYSTEM << 8 | 2;
    private static final int NEW_CHAIN = SUBSYSTEM << 8 | 3;
    private static final int NEW_RULE = SUBSYSTEM << 8 | 6;
    private static final int NEW_SET = SUBSYSTEM << 8 | 9;
    private static final int INET = 1;
    private static final int OWNER = 2;
    private static final int NO_FLAGS = 0;
    private static final int ENOENT = 2;
    private static final int EOPNOTSUPP = 95;
    // Before the chains of this machine's own rules, which may be stricter.
    private static final int PRIORITY = -10;
    /// Behind the tracking of connections, before the translation of addresses.
    static final int MANGLE = -150;
    private static final int INTERFACE_NAME = 16;

    private final Netlink kernel;
    private final String table;
    private int flags;

    private Nftables(String table, int flags) throws IOException {
        this.table = table;
        this.flags = flags;
        this.kernel = Netlink.open(Netlink.NETFILTER);
    }

    static Nftables owned(String table) throws IOException {
        return new Nftables(table, OWNER);
    }

    static Nftables staying(String table) throws IOException {
        return new Nftables(table, NO_FLAGS);
    }

    /// Replaces the table.
    ///
    /// @return 0, or `errno`: then all is as before
    int replace(Consumer<Rules> content) throws IOException {
        int error = kernel.request(replacing(content));
        if (error == EOPNOTSUPP || error == Libc.EINVAL) {
            // One of that name without an owner is left of somebody, or the kernel does not know owners.
            remove();
            error = kernel.request(replacing(content));
        }
        if (error == EOPNOTSUPP || error == Libc.EINVAL) {
            flags = NO_FLAGS;
            error = kernel.request(replacing(content));
        }
        return error;
    }

    /// Whether somebody has removed it, as by flushing all rules of the machine.
    boolean isGone() throws IOException {
        NetlinkMessage question = new NetlinkMessage().begin(GET_TABLE, NetlinkMessage.ACK);
        return kernel.request(family(question, INET, 0).text(1, table)) == ENOENT;
    }

    private NetlinkMessage replacing(Consumer<Rules> content) {
        NetlinkMessage batch = begin();
        table(batch, NEW_TABLE, flags);
        table(batch, DELETE_TABLE, NO_FLAGS);
        table(batch, NEW_TABLE, flags);
        content.accept(new Rules(batch, table));
        return end(batch);
    }

    private void remove() throws IOException {
        NetlinkMessage batch = begin();
        table(batch, NEW_TABLE, NO_FLAGS);
        table(batch, DELETE_TABLE, NO_FLAGS);
        kernel.request(end(batch));
    }

    private static NetlinkMessage begin() {
        return family(new NetlinkMessage().begin(BATCH_BEGIN, 0), 0, SUBSYSTEM);
    }

    private static NetlinkMessage end(NetlinkMessage batch) {
        return family(batch.begin(BATCH_END, 0), 0, SUBSYSTEM);
    }

    /// `struct nfgenmsg`: its last field is in the network's order.
    private static NetlinkMessage family(NetlinkMessage message, int family, int resource) {
        return message.u8(family).u8(0).u8(resource >>> 8).u8(resource);
    }

    private void table(NetlinkMessage batch, int type, int tableFlags) {
        family(batch.begin(type, NetlinkMessage.ACK | NetlinkMessage.CREATE), INET, 0)
                .text(1, table);
        if (type == NEW_TABLE) {
            batch.big(2, tableFlags);
        }
    }

    /// Also where the kernel would do so by itself.
    @Override
    public void close() {
        try {
            NetlinkMessage batch = begin();
            table(batch, DELETE_TABLE, NO_FLAGS);
            kernel.request(end(batch));
        } catch (IOException e) {
            // The kernel removes it with its owner.
        }
        kernel.close();
    }

    /// What stands in the table. A rule is its matches, then its verdict.
    static final class Rules {
        private static final int MAP = 8;
        private static final int TIMEOUT = 0x10;
        private static final int DYNAMIC = 0x20;
        // What nft adds to the number of a type before the next one in a key of several.
        private static final int TYPE_BITS = 6;

        private final NetlinkMessage batch;
        private final String table;
        private int sets;

        private Rules(NetlinkMessage batch, String table) {
            this.batch = batch;
            this.table = table;
        }

        /// A chain that packets pass at a hook; who gets to its end goes on.
        void hook(String chain, int hook) {
            hook(chain, "filter", hook, PRIORITY);
        }

        /// @param type `filter`, or `route`: what is changed by then is routed anew
        void hook(String chain, String type, int hook, int priority) {
            family(batch.begin(NEW_CHAIN, NetlinkMessage.ACK | NetlinkMessage.CREATE), INET, 0)
                    .text(1, table)
                    .text(3, chain)
                    .nest(4, () -> batch.big(1, hook).big(2, priority))
                    .big(5, ACCEPT)
                    .text(7, type);
        }

        /// A set or map that rules fill, whose elements are forgotten some time after they were used last.
        ///
        /// @param size most elements
        /// @param key nft's numbers of the types of its words: 4 bytes each, but 16 of an IPv6 address
        /// @param value the type of what a map leads to; 0 for a set
        void set(String name, int size, int[] key, int value) {
            int type = 0;
            int length = 0;
            for (int word : key) {
                type = type << TYPE_BITS | word;
                length += length(word);
            }
            family(batch.begin(NEW_SET, NetlinkMessage.ACK | NetlinkMessage.CREATE), INET, 0)
                    .text(1, table)
                    .text(2, name)
                    .big(3, TIMEOUT | DYNAMIC | (value == 0 ? 0 : MAP))
                    .big(4, type)
                    .big(5, length)
                    .nest(9, () -> batch.big(1, size))
                    .big(10, ++sets);
            if (value != 0) {
                batch.big(6, value).big(7, length(value));
            }
        }

        private static int length(int type) {
            return type == IPV6_ADDRESS ? 16 : 4;
        }

        /// A chain that rules jump to.
        void chain(String chain) {
            family(batch.begin(NEW_CHAIN, NetlinkMessage.ACK | NetlinkMessage.CREATE), INET, 0)
                    .text(1, table)
                    .text(3, chain);
        }

        void rule(String chain, Consumer<Rule> expressions) {
            family(batch.begin(NEW_RULE, NetlinkMessage.ACK | NetlinkMessage.CREATE | APPEND), INET, 0)
                    .text(1, table)
                    .text(2, chain)
                    .nest(4, () -> expressions.accept(new Rule(batch)));
        }

        private static final int APPEND = 0x800;
    }

    /// The expressions of one rule, in order.
    static final class Rule {
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
        private static final int UPDATE = 1;
        private static final int FAMILY = 15;
        private static final int PROTOCOL = 16;

        private final NetlinkMessage batch;

        Rule(NetlinkMessage batch) {
            this.batch = batch;
        }

        Rule from(String name) {
            return meta(IN_NAME).compare(EQUAL, interfaceName(name));
        }

        Rule notFrom(String name) {
            return meta(IN_NAME).compare(NOT_EQUAL, interfaceName(name));
        }

        Rule to(String name) {
            return meta(OUT_NAME).compare(EQUAL, interfaceName(name));
        }

        Rule family(int family) {
            return meta(FAMILY).compare(EQUAL, new byte[] {(byte) family});
        }

        Rule protocol(int protocol) {
            return meta(PROTOCOL).compare(EQUAL, new byte[] {(byte) protocol});
        }

        /// Sent from a socket of another user; packets without a socket do not match.
        Rule fromOtherUserThan(int user) {
            return meta(SOCKET_USER).compare(NOT_EQUAL, word(user));
        }

        Rule bytes(int header, int offset, byte... value) {
            return payload(header, offset, value.length).compare(EQUAL, value);
        }

        /// Whether the masked byte is another one.
        Rule bitsAreNot(int header, int offset, int mask, int value) {
            payload(header, offset, 1);
            expression("bitwise", () -> {
                batch.big(1, 1).big(2, 1).big(3, 1);
                batch.nest(4, () -> batch.attribute(1, new byte[] {(byte) mask}));
                batch.nest(5, () -> batch.attribute(1, new byte[] {0}));
            });
            return compare(NOT_EQUAL, (byte) value);
        }

        Rule portWithin(int first, int last) {
            return payload(TRANSPORT_HEADER, 2, 2)
                    .compare(AT_LEAST, big16(first))
                    .compare(AT_MOST, big16(last));
        }

        Rule port(int port) {
            return bytes(TRANSPORT_HEADER, 2, big16(port));
        }

        Rule mark(int mark) {
            return meta(MARK).compare(EQUAL, word(mark));
        }

        Rule setMark(int mark) {
            expression("immediate", () -> {
                batch.big(1, 1);
                batch.nest(2, () -> batch.attribute(1, word(mark)));
            });
            return expression("meta", () -> batch.big(2, MARK).big(3, 1));
        }

        Rule fromLoopback() {
            return meta(IN_TYPE).compare(EQUAL, half(LOOPBACK));
        }

        Rule notToLoopback() {
            return meta(OUT_TYPE).compare(NOT_EQUAL, half(LOOPBACK));
        }

        /// Puts bytes of the packet into words of a key.
        Rule load(int word, int header, int offset, int length) {
            return expression(
                    "payload",
                    () -> batch.big(1, FIRST_WORD + word)
                            .big(2, header)
                            .big(3, offset)
                            .big(4, length));
        }

        Rule loadProtocol(int word) {
            return expression("meta", () -> batch.big(2, PROTOCOL).big(1, FIRST_WORD + word));
        }

        /// Goes on where the key that begins with that word is in the set.
        Rule find(String set, int key) {
            return expression("lookup", () -> batch.text(1, set).big(2, FIRST_WORD + key));
        }

        /// Goes on with what the map has for the key.
        Rule find(String map, int key, int value) {
            return expression(
                    "lookup", () -> batch.text(1, map).big(2, FIRST_WORD + key).big(3, FIRST_WORD + value));
        }

        /// Puts the key into the set, or keeps it there for so long from now on; goes on where it has room.
        Rule update(String set, int key, int seconds) {
            return expression(
                    "dynset",
                    () -> batch.text(1, set)
                            .big(3, UPDATE)
                            .big(4, FIRST_WORD + key)
                            .bigLong(6, seconds * 1000L));
        }

        Rule update(String map, int key, int value, int seconds) {
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
        Rule writeAddress(int word, int offset, int length, int sum) {
            return expression("payload", () -> {
                batch.big(5, FIRST_WORD + word)
                        .big(2, NETWORK_HEADER)
                        .big(3, offset)
                        .big(4, length);
                if (sum >= 0) {
                    batch.big(6, 1).big(7, sum);
                }
                // NFT_PAYLOAD_L4CSUM_PSEUDOHDR
                batch.big(8, 1);
            });
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
                batch.nest(2, () -> batch.nest(2, () -> batch.big(1, JUMP).text(2, chain)));
            });
        }

        private static byte[] big16(int value) {
            return new byte[] {(byte) (value >>> 8), (byte) value};
        }

        private static byte[] interfaceName(String name) {
            return Arrays.copyOf(name.getBytes(StandardCharsets.US_ASCII), INTERFACE_NAME);
        }

        private Rule meta(int key) {
            return expression("meta", () -> batch.big(2, key).big(1, 1));
        }

        private Rule payload(int header, int offset, int length) {
            return expression(
                    "payload",
                    () -> batch.big(1, 1).big(2, header).big(3, offset).big(4, length));
        }

        private Rule compare(int operation, byte... value) {
            return expression("cmp", () -> {
                batch.big(1, 1).big(2, operation);
                batch.nest(3, () -> batch.attribute(1, value));
            });
        }

        private Rule expression(String name, Runnable data) {
            batch.nest(1, () -> batch.text(1, name).nest(2, data));
            return this;
        }
    }
}
