package dev.culvert.dataplane.os;

import dev.culvert.model.forward.Interval;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
    static final int HOOK_POSTROUTING = 4;
    static final int TCP = 6;
    static final int UDP = 17;
    static final int ICMP = 1;
    static final int ICMPV6 = 58;
    static final int IPV4 = 2;
    static final int IPV6 = 10;
    /// nft's numbers of these types.
    static final int IPV4_ADDRESS = 7;

    static final int IPV6_ADDRESS = 8;
    static final int NETWORK_HEADER = 1;
    static final int TRANSPORT_HEADER = 2;

    /// Keys of connection tracking: addresses by IP version, and ports.
    static final int SOURCE4 = 19;

    static final int DESTINATION4 = 20;
    static final int SOURCE6 = 21;
    static final int DESTINATION6 = 22;
    static final int SOURCE_PORT = 11;
    static final int DESTINATION_PORT = 12;

    static final int JUMP = -3;
    private static final int SUBSYSTEM = 10;
    private static final int BATCH_BEGIN = 16;
    private static final int BATCH_END = 17;
    private static final int NEW_TABLE = SUBSYSTEM << 8;
    private static final int GET_TABLE = SUBSYSTEM << 8 | 1;
    private static final int DELETE_TABLE = SUBSYSTEM << 8 | 2;
    private static final int NEW_CHAIN = SUBSYSTEM << 8 | 3;
    private static final int NEW_RULE = SUBSYSTEM << 8 | 6;
    private static final int NEW_SET = SUBSYSTEM << 8 | 9;
    private static final int NEW_ELEMENTS = SUBSYSTEM << 8 | 12;
    private static final int NEW_OBJECT = SUBSYSTEM << 8 | 18;
    private static final int GET_OBJECT = SUBSYSTEM << 8 | 19;
    static final int COUNTER = 1;
    static final int INET = 1;
    private static final int OWNER = 2;
    private static final int NO_FLAGS = 0;
    private static final int FAMILY_LENGTH = 4;
    private static final int ENOENT = 2;
    private static final int EOPNOTSUPP = 95;
    // Before the chains of this machine's own rules, which may be stricter.
    private static final int PRIORITY = -10;
    /// Behind the tracking of connections, before the translation of addresses.
    static final int MANGLE = -150;
    static final int INTERFACE_NAME = 16;

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

    /// Makes an empty table that stays, as a mark for a later process.
    static void put(String table) throws IOException {
        try (Netlink kernel = Netlink.open(Netlink.NETFILTER)) {
            NetlinkMessage batch = begin();
            table(batch, NEW_TABLE, table, NO_FLAGS);
            kernel.request(end(batch));
        }
    }

    static boolean exists(String table) throws IOException {
        try (Netlink kernel = Netlink.open(Netlink.NETFILTER)) {
            return !isGone(kernel, table);
        }
    }

    /// Whether somebody has removed it, as by flushing all rules of the machine.
    boolean isGone() throws IOException {
        return isGone(kernel, table);
    }

    private static boolean isGone(Netlink kernel, String table) throws IOException {
        NetlinkMessage question = new NetlinkMessage().begin(GET_TABLE, NetlinkMessage.ACK);
        return kernel.request(family(question, INET, 0).text(1, table)) == ENOENT;
    }

    /// What a counter of the table has seen.
    record Counted(long packets, long bytes) {
        static final Counted NOTHING = new Counted(0, 0);
    }

    /// The table's counters by their names; none where the table is gone.
    Map<String, Counted> counters() throws IOException {
        NetlinkMessage question = new NetlinkMessage().begin(GET_OBJECT, NetlinkMessage.DUMP);
        Map<String, Counted> counters = new HashMap<>();
        int error = kernel.ask(
                family(question, INET, 0).text(1, table).big(3, COUNTER),
                answer -> readCounter(new NetlinkAttributes(answer.position(FAMILY_LENGTH)), counters));
        if (error != 0 && error != ENOENT) {
            throw new IOException("the kernel does not tell its counters: errno " + error);
        }
        return counters;
    }

    private static void readCounter(NetlinkAttributes attributes, Map<String, Counted> into) {
        String name = "";
        long packets = 0;
        long bytes = 0;
        while (attributes.next()) {
            if (attributes.type() == 2) {
                byte[] text = new byte[Math.max(0, attributes.length() - 1)];
                attributes.value().get(text);
                name = new String(text, StandardCharsets.US_ASCII);
            } else if (attributes.type() == 4) {
                NetlinkAttributes data = attributes.nested();
                while (data.next()) {
                    long number = data.length() < Long.BYTES
                            ? 0
                            : data.value().order(ByteOrder.BIG_ENDIAN).getLong();
                    bytes = data.type() == 1 ? number : bytes;
                    packets = data.type() == 2 ? number : packets;
                }
            }
        }
        into.put(name, new Counted(packets, bytes));
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

    static NetlinkMessage begin() {
        return family(new NetlinkMessage().begin(BATCH_BEGIN, 0), 0, SUBSYSTEM);
    }

    static NetlinkMessage end(NetlinkMessage batch) {
        return family(batch.begin(BATCH_END, 0), 0, SUBSYSTEM);
    }

    /// `struct nfgenmsg`: its last field is in the network's order.
    private static NetlinkMessage family(NetlinkMessage message, int family, int resource) {
        return message.u8(family).u8(0).u8(resource >>> 8).u8(resource);
    }

    private void table(NetlinkMessage batch, int type, int tableFlags) {
        table(batch, type, table, tableFlags);
    }

    private static void table(NetlinkMessage batch, int type, String table, int tableFlags) {
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

    /// What stands in the table. A rule is its matches, then its verdict. Errors are told without being asked for; so
    /// many acknowledgements would not find room in the socket.
    static final class Rules {
        private static final int INTERVAL = 4;
        private static final int MAP = 8;
        private static final int TIMEOUT = 0x10;
        private static final int INTERVAL_END = 1;
        // Of so many elements a message is far from the 64 KiB that an attribute can hold.
        private static final int ELEMENTS = 500;
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
            family(batch.begin(NEW_CHAIN, NetlinkMessage.CREATE), INET, 0)
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
            family(batch.begin(NEW_SET, NetlinkMessage.CREATE), INET, 0)
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

        /// A set that rules fill, each of whose elements has an expression of its own.
        ///
        /// @param type of its elements, an address
        /// @param forgets whether elements are forgotten when they are not used
        void meter(String name, int size, int type, boolean forgets) {
            family(batch.begin(NEW_SET, NetlinkMessage.CREATE), INET, 0)
                    .text(1, table)
                    .text(2, name)
                    .big(3, DYNAMIC | (forgets ? TIMEOUT : 0))
                    .big(4, type)
                    .big(5, length(type))
                    .nest(9, () -> batch.big(1, size))
                    .big(10, ++sets);
        }

        /// A set of intervals of addresses, in order, none overlapping another.
        void intervals(String name, int type, List<Interval> intervals) {
            int id = ++sets;
            family(batch.begin(NEW_SET, NetlinkMessage.CREATE), INET, 0)
                    .text(1, table)
                    .text(2, name)
                    .big(3, INTERVAL)
                    .big(4, type)
                    .big(5, length(type))
                    .big(10, id);
            for (int start = 0; start < intervals.size(); start += ELEMENTS) {
                List<Interval> some = intervals.subList(start, Math.min(intervals.size(), start + ELEMENTS));
                family(batch.begin(NEW_ELEMENTS, NetlinkMessage.CREATE), INET, 0)
                        .text(1, table)
                        .text(2, name)
                        .big(4, id)
                        .nest(3, () -> some.forEach(this::element));
            }
        }

        private void element(Interval interval) {
            element(interval.first().getAddress(), 0);
            byte[] behind = interval.behind();
            if (behind.length > 0) {
                element(behind, INTERVAL_END);
            }
        }

        private void element(byte[] key, int flags) {
            batch.nest(1, () -> {
                batch.nest(1, () -> batch.attribute(1, key));
                if (flags != 0) {
                    batch.big(3, flags);
                }
            });
        }

        private static int length(int type) {
            return type == IPV6_ADDRESS ? 16 : 4;
        }

        /// A counter that rules share, and that goes on from what one before it had seen.
        void counter(String name, Counted before) {
            family(batch.begin(NEW_OBJECT, NetlinkMessage.CREATE), INET, 0)
                    .text(1, table)
                    .text(2, name)
                    .big(3, COUNTER)
                    .nest(4, () -> batch.bigLong(1, before.bytes()).bigLong(2, before.packets()));
        }

        /// A chain that rules jump to.
        void chain(String chain) {
            family(batch.begin(NEW_CHAIN, NetlinkMessage.CREATE), INET, 0)
                    .text(1, table)
                    .text(3, chain);
        }

        void rule(String chain, Consumer<NftRule> expressions) {
            family(batch.begin(NEW_RULE, NetlinkMessage.CREATE | APPEND), INET, 0)
                    .text(1, table)
                    .text(2, chain)
                    .nest(4, () -> expressions.accept(new NftRule(batch)));
        }

        private static final int APPEND = 0x800;
    }
}
