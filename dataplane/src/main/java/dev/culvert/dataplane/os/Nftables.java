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
    static final int HOOK_INPUT = 1;
    static final int HOOK_FORWARD = 2;
    static final int HOOK_OUTPUT = 3;
    static final int TCP = 6;
    static final int ICMP = 1;
    static final int ICMPV6 = 58;
    static final int IPV4 = 2;
    static final int IPV6 = 10;
    static final int NETWORK_HEADER = 1;
    static final int TRANSPORT_HEADER = 2;

    private static final int JUMP = -3;
    private static final int SUBSYSTEM = 10;
    private static final int BATCH_BEGIN = 16;
    private static final int BATCH_END = 17;
    private static final int NEW_TABLE = SUBSYSTEM << 8;
    private static final int DELETE_TABLE = SUBSYSTEM << 8 | 2;
    private static final int NEW_CHAIN = SUBSYSTEM << 8 | 3;
    private static final int NEW_RULE = SUBSYSTEM << 8 | 6;
    private static final int INET = 1;
    private static final int OWNER = 2;
    private static final int NO_FLAGS = 0;
    private static final int EOPNOTSUPP = 95;
    // Before the chains of this machine's own rules, which may be stricter.
    private static final int PRIORITY = -10;
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
        private final NetlinkMessage batch;
        private final String table;

        private Rules(NetlinkMessage batch, String table) {
            this.batch = batch;
            this.table = table;
        }

        /// A chain that packets pass at a hook; who gets to its end goes on.
        void hook(String chain, int hook) {
            family(batch.begin(NEW_CHAIN, NetlinkMessage.ACK | NetlinkMessage.CREATE), INET, 0)
                    .text(1, table)
                    .text(3, chain)
                    .nest(4, () -> batch.big(1, hook).big(2, PRIORITY))
                    .big(5, ACCEPT)
                    .text(7, "filter");
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
        private static final int FAMILY = 15;
        private static final int PROTOCOL = 16;

        private final NetlinkMessage batch;

        private Rule(NetlinkMessage batch) {
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
            byte[] number = ByteBuffer.allocate(4)
                    .order(ByteOrder.nativeOrder())
                    .putInt(user)
                    .array();
            return meta(SOCKET_USER).compare(NOT_EQUAL, number);
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
