package dev.culvert.dataplane.os;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// One rule in each chain of other firewalls that forwarded packets pass: what has our mark may go on. In nftables one
/// chain cannot overrule another's drop, so it has to stand in the very chain, as its first rule; it matches what
/// [ForwardRules] has let through, and nothing once that is gone. It is of a form that iptables-nft reads and prints,
/// for docker and ufw speak to the kernel by that. Owned by one thread.
final class FirewallPasses implements AutoCloseable {
    private static final int SUBSYSTEM = 10 << 8;
    private static final int GET_CHAIN = SUBSYSTEM | 4;
    private static final int NEW_RULE = SUBSYSTEM | 6;
    private static final int GET_RULE = SUBSYSTEM | 7;
    private static final int DELETE_RULE = SUBSYSTEM | 8;
    private static final int GET_GENERATION = SUBSYSTEM | 16;
    private static final String OURS = "culvert-";
    // struct nftnl_udata of a rule's comment, as nft writes it: type, length, text.
    private static final byte[] COMMENT = comment("culvert: forward: kernel");

    private final Netlink kernel;
    private int generation;

    FirewallPasses() throws IOException {
        kernel = Netlink.open(Netlink.NETFILTER);
    }

    private static byte[] comment(String text) {
        byte[] bytes = (text + "\0").getBytes(StandardCharsets.US_ASCII);
        return ByteBuffer.allocate(2 + bytes.length)
                .put((byte) 0)
                .put((byte) bytes.length)
                .put(bytes)
                .array();
    }

    private record Chain(int family, String table, String name) {}

    private record Rule(Chain chain, long handle) {}

    /// Whether anybody has changed any rule of the machine since the last [#keep].
    boolean isOutdated() throws IOException {
        return generation() != generation;
    }

    private int generation() throws IOException {
        int[] found = new int[1];
        kernel.ask(begin(new NetlinkMessage(), GET_GENERATION, 0, 0), answer -> {
            NetlinkAttributes attributes = attributes(answer);
            while (attributes.next()) {
                if (attributes.type() == 1) {
                    found[0] = big(attributes.value());
                }
            }
        });
        return found[0];
    }

    /// Sees to it that each such chain has the rule. A chain whose owner lets nobody in is left as it is.
    void keep() throws IOException {
        Set<Chain> having = new HashSet<>();
        rules().forEach(rule -> having.add(rule.chain()));
        for (Chain chain : chains()) {
            if (!having.contains(chain)) {
                add(chain);
            }
        }
        generation = generation();
    }

    /// Takes all of them away.
    void remove() {
        try {
            for (Rule rule : rules()) {
                NetlinkMessage batch = Nftables.begin();
                begin(batch, DELETE_RULE, rule.chain().family(), NetlinkMessage.ACK)
                        .text(1, rule.chain().table())
                        .text(2, rule.chain().name())
                        .bigLong(3, rule.handle());
                kernel.request(Nftables.end(batch));
            }
        } catch (IOException e) {
            // They match nothing without the table.
        }
    }

    private void add(Chain chain) throws IOException {
        NetlinkMessage batch = Nftables.begin();
        // Without a position and the flag to append it becomes the first rule.
        begin(batch, NEW_RULE, chain.family(), NetlinkMessage.ACK | NetlinkMessage.CREATE)
                .text(1, chain.table())
                .text(2, chain.name())
                .nest(4, () -> new NftRule(batch).mark(LinuxKernelForward.MARK).verdict(Nftables.ACCEPT))
                .attribute(7, COMMENT);
        kernel.request(Nftables.end(batch));
    }

    private static NetlinkMessage begin(NetlinkMessage message, int type, int family, int flags) {
        return message.begin(type, flags).u8(family).u8(0).u8(0).u8(0);
    }

    /// Those of others at the hook `forward` that filter.
    private List<Chain> chains() throws IOException {
        List<Chain> found = new ArrayList<>();
        kernel.ask(begin(new NetlinkMessage(), GET_CHAIN, 0, NetlinkMessage.DUMP), answer -> {
            int family = answer.get(answer.position());
            NetlinkAttributes attributes = attributes(answer);
            String table = "";
            String name = "";
            String type = "";
            int hook = -1;
            while (attributes.next()) {
                switch (attributes.type()) {
                    case 1 -> table = text(attributes.value());
                    case 3 -> name = text(attributes.value());
                    case 4 -> hook = hook(attributes.nested());
                    case 7 -> type = text(attributes.value());
                    default -> {}
                }
            }
            if (hook == Nftables.HOOK_FORWARD && type.equals("filter") && isIp(family) && !table.startsWith(OURS)) {
                found.add(new Chain(family, table, name));
            }
        });
        return found;
    }

    private static boolean isIp(int family) {
        return family == Nftables.INET || family == Nftables.IPV4 || family == Nftables.IPV6;
    }

    private static int hook(NetlinkAttributes attributes) {
        while (attributes.next()) {
            if (attributes.type() == 1) {
                return big(attributes.value());
            }
        }
        return -1;
    }

    private List<Rule> rules() throws IOException {
        List<Rule> found = new ArrayList<>();
        kernel.ask(begin(new NetlinkMessage(), GET_RULE, 0, NetlinkMessage.DUMP), answer -> {
            int family = answer.get(answer.position());
            NetlinkAttributes attributes = attributes(answer);
            String table = "";
            String chain = "";
            long handle = 0;
            boolean ours = false;
            while (attributes.next()) {
                switch (attributes.type()) {
                    case 1 -> table = text(attributes.value());
                    case 2 -> chain = text(attributes.value());
                    case 3 ->
                        handle = attributes.value().order(ByteOrder.BIG_ENDIAN).getLong();
                    case 7 -> ours = attributes.value().equals(ByteBuffer.wrap(COMMENT));
                    default -> {}
                }
            }
            if (ours) {
                found.add(new Rule(new Chain(family, table, chain), handle));
            }
        });
        return found;
    }

    /// Behind `struct nfgenmsg`.
    private static NetlinkAttributes attributes(ByteBuffer answer) {
        return new NetlinkAttributes(answer.slice(4, answer.remaining() - 4).order(answer.order()));
    }

    private static int big(ByteBuffer value) {
        return value.order(ByteOrder.BIG_ENDIAN).getInt();
    }

    private static String text(ByteBuffer value) {
        byte[] bytes = new byte[Math.max(0, value.remaining() - 1)];
        value.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        kernel.close();
    }
}
