package dev.culvert.dataplane.os;

import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;

/// The way back to sockets of this process that are bound to visitors' addresses: without it this machine would send a
/// target's answers out to the visitors themselves.
///
/// Sockets with the mark [#LIVE] tell a table of nftables of their own which answers are theirs: exactly the four-tuple
/// of each, as long as they speak. Such an answer is marked, and rules of routing lead what is so marked to a table
/// with one route: everything is local. See docs/decisions/0020-transparent.md. All numbers are Culvert's own, 5182 to
/// 5185, so that what a killed process left behind is found and replaced. Owned by one thread.
public final class LinuxReturnPath implements AutoCloseable {
    /// SO_MARK of a socket that speaks for a visitor.
    public static final int LIVE = 5182;
    /// SO_MARK of a datagram that says that its socket will not speak any more. It goes nowhere.
    public static final int ENDING = 5183;

    // Marks of answers: of this machine's own processes, and of others.
    private static final int ANSWER_HERE = 5184;
    private static final int ANSWER_ARRIVED = 5185;

    private static final String TABLE = "culvert-transparent";
    private static final int ROUTES = 5182;
    private static final int FIRST_RULE = 5182;
    private static final int LAST_RULE = 5186;
    private static final int MAIN = 254;

    // linux/rtnetlink.h, linux/fib_rules.h
    static final int NEW_ROUTE = 24;
    private static final int DELETE_ROUTE = 25;
    static final int NEW_RULE = 32;
    private static final int DELETE_RULE = 33;
    private static final int LOOK_UP = 1;
    private static final int RULE_SOURCE = 2;
    private static final int RULE_INTERFACE = 3;
    private static final int RULE_PRIORITY = 6;
    private static final int RULE_MARK = 10;
    private static final int RULE_LEAST_PREFIX = 14;
    private static final int RULE_TABLE = 15;
    private static final int ROUTE_INTERFACE = 4;
    private static final int ROUTE_TABLE = 15;
    private static final int LOCAL = 2;
    private static final int SCOPE_HOST = 254;
    private static final int PROTOCOL_STATIC = 4;

    // Silent connections are probed every minute (Loops); flows of datagrams live for 300 s at most.
    private static final int TCP_SECONDS = 150;
    private static final int UDP_SECONDS = 330;
    /// How long late answers of what has ended still come here and not to the visitor.
    public static final int ENDING_SECONDS = 30;

    private static final int FLOWS_SIZE = 1 << 18;
    private static final int ANSWERS_SIZE = 1 << 16;

    private final Netlink routes;
    private final Nftables firewall;
    private boolean mine;

    private LinuxReturnPath() throws IOException {
        routes = Netlink.open(Netlink.ROUTE);
        firewall = Nftables.owned(TABLE);
    }

    /// Sets it up, in place of what another process may have left.
    ///
    /// @throws IOException with the remedy; then nothing of it is there
    public static LinuxReturnPath open() throws IOException {
        LinuxReturnPath path = new LinuxReturnPath();
        try {
            path.put();
            return path;
        } catch (IOException e) {
            path.close();
            throw e;
        }
    }

    /// Removes what a process may have left that was killed; nothing happens where this one may not, or where another
    /// one lives.
    public static void clear() {
        try (LinuxReturnPath left = new LinuxReturnPath()) {
            left.mine = left.firewall.replace(_ -> {}) == 0;
        } catch (IOException e) {
            // Where there is no netlink there is nothing of it either.
        }
    }

    private void put() throws IOException {
        int error = firewall.replace(LinuxReturnPath::rules);
        if (error == Libc.EPERM && mayConfigure()) {
            throw new IOException("another process of this machine shows targets their visitors' addresses"
                    + " (client-address: transparent), which one can do at a time");
        }
        check("rules of nftables", error);
        mine = true;
        removeRules(Libc.AF_INET);
        removeRules(Libc.AF_INET6);
        check("a rule of routing", lead(Libc.AF_INET, new byte[] {127, 0, 0, 0}, 8));
        // Without IPv6 there are no visitors by IPv6 either.
        lead(Libc.AF_INET6, InetAddress.ofLiteral("::1").getAddress(), 128);
    }

    /// Whether a request that changes nothing is refused for another reason than its sender.
    private boolean mayConfigure() throws IOException {
        return routes.request(rule(DELETE_RULE, Libc.AF_INET, 1, ROUTES, new byte[0], 0)) != Libc.EPERM;
    }

    private static void check(String what, int error) throws IOException {
        if (error != 0) {
            throw new IOException("the visitor's own address cannot be shown to targets (client-address: transparent): "
                    + (error == Libc.EPERM || error == Libc.EACCES
                            ? "this process needs CAP_NET_ADMIN; client-address: proxy-v2 needs nothing"
                            : "the kernel refuses " + what + ": errno " + error));
        }
    }

    /// @return 0, or `errno`
    private int lead(int family, byte[] loopback, int length) throws IOException {
        int index = NetworkInterface.getByName("lo").getIndex();
        int error = routes.request(route(NEW_ROUTE, family).number(ROUTE_INTERFACE, index));
        // From 127.0.0.1 nothing leaves this machine anyway; but where rules of NAT lead it on, it goes on there.
        int rule = FIRST_RULE;
        error = first(
                error,
                rule(NEW_RULE, family, rule++, MAIN, loopback, length)
                        .text(RULE_INTERFACE, "lo")
                        .number(RULE_LEAST_PREFIX, 0));
        error = first(
                error, rule(NEW_RULE, family, rule++, ROUTES, loopback, length).text(RULE_INTERFACE, "lo"));
        error = first(
                error,
                rule(NEW_RULE, family, rule++, ROUTES, loopback, 0)
                        .text(RULE_INTERFACE, "lo")
                        .number(RULE_MARK, ANSWER_HERE));
        // Where the mark counts for the check of the source (src_valid_mark), the way to that is the ordinary one.
        error = first(
                error,
                rule(NEW_RULE, family, rule++, MAIN, loopback, 0)
                        .text(RULE_INTERFACE, "lo")
                        .number(RULE_MARK, ANSWER_ARRIVED));
        return first(error, rule(NEW_RULE, family, rule, ROUTES, loopback, 0).number(RULE_MARK, ANSWER_ARRIVED));
    }

    private int first(int error, NetlinkMessage request) throws IOException {
        return error != 0 ? error : routes.request(request);
    }

    /// `struct rtmsg`: everything is local.
    static NetlinkMessage route(int type, int family) {
        return new NetlinkMessage()
                .begin(type, flags(type))
                .u8(family)
                .u8(0)
                .u8(0)
                .u8(0)
                .u8(0)
                .u8(PROTOCOL_STATIC)
                .u8(family == Libc.AF_INET ? SCOPE_HOST : 0)
                .u8(LOCAL)
                .u32(0)
                .number(ROUTE_TABLE, ROUTES);
    }

    /// `struct fib_rule_hdr`.
    ///
    /// @param length bits of `source`; 0 for any source
    static NetlinkMessage rule(int type, int family, int priority, int table, byte[] source, int length) {
        NetlinkMessage rule = new NetlinkMessage()
                .begin(type, flags(type))
                .u8(family)
                .u8(0)
                .u8(length)
                .u8(0)
                .u8(table < 256 ? table : 0)
                .u8(0)
                .u8(0)
                .u8(LOOK_UP)
                .u32(0)
                .number(RULE_PRIORITY, priority);
        if (length > 0) {
            rule.attribute(RULE_SOURCE, source);
        }
        return table < 256 ? rule : rule.number(RULE_TABLE, table);
    }

    private static int flags(int type) {
        boolean put = type == NEW_RULE || type == NEW_ROUTE;
        return NetlinkMessage.ACK | (put ? NetlinkMessage.CREATE | NetlinkMessage.EXCLUSIVE : 0);
    }

    private void removeRules(int family) throws IOException {
        for (int priority = FIRST_RULE; priority <= LAST_RULE; priority++) {
            int table = priority == FIRST_RULE || priority == FIRST_RULE + 3 ? MAIN : ROUTES;
            while (routes.request(rule(DELETE_RULE, family, priority, table, new byte[0], 0)) == 0) {
                // Somebody may have put one twice.
            }
        }
        routes.request(route(DELETE_ROUTE, family));
    }

    /// What stands in the table. For IPv4 and IPv6 each, one set of flows, whose keys are of the words visitor, port,
    /// target, port, protocol; and one map, from visitor, port and port of the target to the target's address, for
    /// servers of datagrams on this machine that answer from another of its addresses.
    private static void rules(Nftables.Rules rules) {
        rules.hook("arrived", "filter", Nftables.HOOK_PREROUTING, Nftables.MANGLE);
        rules.hook("sent", "route", Nftables.HOOK_OUTPUT, Nftables.MANGLE);
        rules.chain("live");
        rules.chain("ending");
        for (ReturnFamily family : ReturnFamily.values()) {
            rules.set(family.flows(), FLOWS_SIZE, family.flowTypes(), 0);
            rules.set(family.answers(), ANSWERS_SIZE, family.answerTypes(), family.addressType());
        }
        // Within this machine our mark has done its work; a listener could take it over.
        rules.rule("arrived", rule -> rule.fromLoopback().mark(LIVE).setMark(0));
        rules.rule("arrived", rule -> rule.fromLoopback().verdict(Nftables.ACCEPT));
        rules.rule("sent", rule -> rule.mark(LIVE).jump("live"));
        rules.rule("sent", rule -> rule.mark(ENDING).jump("ending"));
        for (ReturnFamily family : ReturnFamily.values()) {
            family.remember(rules, "live", TCP_SECONDS, UDP_SECONDS, Nftables.ACCEPT);
            family.remember(rules, "ending", ENDING_SECONDS, ENDING_SECONDS, Nftables.DROP);
            family.recognize(rules, "arrived", ANSWER_ARRIVED);
            family.recognize(rules, "sent", ANSWER_HERE);
            family.correct(rules, "sent", ANSWER_HERE);
        }
        // What could not be remembered does not leave, or its answer would go to the visitor.
        rules.rule("live", rule -> rule.verdict(Nftables.DROP));
        rules.rule("ending", rule -> rule.verdict(Nftables.DROP));
    }

    @Override
    public void close() {
        try {
            if (mine) {
                removeRules(Libc.AF_INET);
                removeRules(Libc.AF_INET6);
            }
        } catch (IOException e) {
            // The rules alone do nothing: nobody sets their marks.
        }
        firewall.close();
        routes.close();
    }
}
