package dev.culvert.dataplane.os;

import dev.culvert.dataplane.tunnel.HostNetwork;
import dev.culvert.proto.inet.IpPrefix;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.net.BindException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Scanner;
import java.util.Set;
import java.util.TreeSet;

/// Addresses, routes and isolation of a tunnel's interface, by rtnetlink and nftables; no other program is run.
///
/// Isolation stands before the interface is up: what comes from it reaches this machine's own addresses in the tunnel,
/// there the ports that are open, and answers to what was dialled from here; nothing is forwarded; and of this
/// machine's users only the process's own sends into it. See docs/wireguard.md.
public final class LinuxHostNetwork implements HostNetwork {
    // linux/rtnetlink.h, linux/if_link.h, linux/if_addr.h.
    private static final int NEW_LINK = 16;
    private static final int NEW_ADDRESS = 20;
    private static final int NEW_ROUTE = 24;
    private static final int DELETE_ROUTE = 25;
    private static final int PUT = NetlinkMessage.ACK | NetlinkMessage.CREATE | NetlinkMessage.REPLACE;
    private static final int IFF_UP = 1;
    private static final int LINK_MTU = 4;
    private static final int LINK_QUEUE = 13;
    private static final int LINK_FAMILIES = 26;
    private static final int LINK_GSO_MAX_SIZE = 41;
    private static final int ADDRESS_MODE = 8;
    private static final int NODAD_NOPREFIXROUTE = 0x2 | 0x200;
    private static final int TABLE_MAIN = 254;
    private static final int PROTOCOL_STATIC = 4;
    private static final int SCOPE_LINK = 253;
    private static final int UNICAST = 1;
    // Behind every route that this machine has for the same prefix: its own network stays its own.
    private static final int METRIC = 5182;
    private static final int QUEUE = 1000;
    // Cut and sealed, all segments fit into one message with UDP_SEGMENT.
    private static final int GSO_MAX_SIZE = 61_000;

    private static final int[] ICMP_TYPES = {0, 3, 8, 11, 12};
    private static final int[] ICMPV6_TYPES = {1, 2, 3, 4, 128, 129};
    private static final int SYN_BITS = 0x17;
    private static final int SYN = 0x02;
    private static final Path EPHEMERAL_PORTS = Path.of("/proc/sys/net/ipv4/ip_local_port_range");

    private static final MethodHandle IF_NAMETOINDEX = Libc.function("if_nametoindex");

    private final String name;
    private final List<InetAddress> addresses;
    private final int user;
    private final int index;
    private final int firstEphemeral;
    private final int lastEphemeral;
    private final Netlink routes;
    private final List<Nftables> firewalls;
    private Set<Integer> open = Set.of();

    private LinuxHostNetwork(String name, List<InetAddress> addresses, boolean outlives) throws IOException {
        this.name = name;
        this.addresses = List.copyOf(addresses);
        int[] range = ephemeralPorts();
        firstEphemeral = range[0];
        lastEphemeral = range[1];
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment errno = arena.allocate(Libc.stateLayout());
            user = UnixCalls.geteuid(errno);
            index = (int) Downcalls.call(
                    IF_NAMETOINDEX, errno, arena.allocateFrom(name).address(), 0, 0, 0, 0);
        }
        routes = Netlink.open(Netlink.ROUTE);
        firewalls = outlives
                ? List.of(Nftables.staying(staying(name)), Nftables.owned(owned(name)))
                : List.of(Nftables.owned(owned(name)));
    }

    private static String owned(String name) {
        return "culvert-" + name;
    }

    private static String staying(String name) {
        return "culvert-" + name + "-stays";
    }

    /// Removes the rules of an interface whose process was killed.
    ///
    /// @throws IOException if the kernel has no nftables
    static void forget(String name) throws IOException {
        Nftables.staying(staying(name)).close();
    }

    /// By one read: the kernel gives such a file to the first one only, and a JDK's first may be of one byte.
    private static int[] ephemeralPorts() throws IOException {
        byte[] text = new byte[32];
        try (InputStream file = Files.newInputStream(EPHEMERAL_PORTS)) {
            int length = file.read(text);
            Scanner numbers = new Scanner(new String(text, 0, Math.max(0, length), StandardCharsets.US_ASCII));
            return new int[] {numbers.nextInt(), numbers.nextInt()};
        }
    }

    /// Isolates an interface, then gives it addresses and an MTU and sets it up.
    ///
    /// @param outlives whether the interface lives on when this process is killed: then rules do as well, beside
    ///     those that nobody else can change
    /// @throws IOException with the remedy; then nothing of it is left but what ends with the interface
    public static LinuxHostNetwork up(String name, List<InetAddress> addresses, int mtu, boolean outlives)
            throws IOException {
        LinuxHostNetwork network = new LinuxHostNetwork(name, addresses, outlives);
        try {
            network.open(Set.of());
            network.configure(mtu);
            return network;
        } catch (IOException e) {
            network.close();
            throw e;
        }
    }

    private void configure(int mtu) throws IOException {
        // No address of its own making; a kernel without IPv6 refuses, and has none either.
        NetlinkMessage quiet = link(0);
        quiet.nest(LINK_FAMILIES, () -> quiet.nest(Libc.AF_INET6, () -> quiet.attribute(ADDRESS_MODE, new byte[] {1})));
        routes.request(quiet);
        check("an MTU of " + mtu, link(0).number(LINK_MTU, mtu).number(LINK_QUEUE, QUEUE));
        routes.request(link(0).number(LINK_GSO_MAX_SIZE, GSO_MAX_SIZE));
        for (InetAddress address : addresses) {
            byte[] bytes = address.getAddress();
            NetlinkMessage put = new NetlinkMessage()
                    .begin(NEW_ADDRESS, PUT)
                    .u8(family(bytes))
                    .u8(bytes.length * 8)
                    .u8(0)
                    .u8(0)
                    .u32(index)
                    .attribute(1, bytes)
                    .attribute(2, bytes)
                    .number(8, NODAD_NOPREFIXROUTE);
            check("the address " + address.getHostAddress(), put);
        }
        check("its being up", link(IFF_UP));
    }

    /// `struct ifinfomsg`.
    private NetlinkMessage link(int flags) {
        return new NetlinkMessage()
                .begin(NEW_LINK, NetlinkMessage.ACK)
                .u8(0)
                .u8(0)
                .u16(0)
                .u32(index)
                .u32(flags)
                .u32(flags);
    }

    private void check(String what, NetlinkMessage request) throws IOException {
        int error = routes.request(request);
        if (error != 0) {
            throw refused(what, error);
        }
    }

    private IOException refused(String what, int error) {
        if (error == Libc.EADDRINUSE) {
            return new BindException("its UDP port is taken");
        }
        return new IOException("the kernel refuses " + what + " for the tunnel's interface " + name + ": "
                + (error == Libc.EPERM || error == Libc.EACCES
                        ? "this process needs CAP_NET_ADMIN"
                        : "errno " + error));
    }

    private static int family(byte[] address) {
        return address.length == 4 ? Libc.AF_INET : Libc.AF_INET6;
    }

    @Override
    public void route(IpPrefix to, int mtu) throws IOException {
        NetlinkMessage put = route(NEW_ROUTE, PUT, to);
        for (InetAddress address : addresses) {
            if (address.getAddress().length == to.address().getAddress().length) {
                put.attribute(7, address.getAddress());
                break;
            }
        }
        if (mtu > 0) {
            put.nest(8, () -> put.number(2, mtu));
        }
        check("a route to " + to, put);
    }

    @Override
    public void unroute(IpPrefix to) throws IOException {
        check("the end of the route to " + to, route(DELETE_ROUTE, NetlinkMessage.ACK, to));
    }

    /// `struct rtmsg`, and what makes a route that one.
    private NetlinkMessage route(int type, int flags, IpPrefix to) {
        byte[] bytes = to.address().getAddress();
        return new NetlinkMessage()
                .begin(type, flags)
                .u8(family(bytes))
                .u8(to.length())
                .u8(0)
                .u8(0)
                .u8(TABLE_MAIN)
                .u8(PROTOCOL_STATIC)
                .u8(bytes.length == 4 ? SCOPE_LINK : 0)
                .u8(UNICAST)
                .u32(0)
                .attribute(1, bytes)
                .number(4, index)
                .number(6, METRIC);
    }

    @Override
    public void open(Set<Integer> tcpPorts) throws IOException {
        open = Set.copyOf(tcpPorts);
        int error = 0;
        for (Nftables firewall : firewalls) {
            int result = firewall.replace(rules -> isolate(rules, new TreeSet<>(tcpPorts)));
            error = error == 0 ? result : error;
        }
        if (error != 0) {
            throw new IOException("the tunnel's interface " + name + " cannot be isolated by nftables ("
                    + (error == Libc.EPERM ? "this process needs CAP_NET_ADMIN" : "errno " + error)
                    + "): without that peers would reach every port of this machine. Take tunnel: type: embedded");
        }
    }

    /// The rules that stay after a kill are anybody's: a flush of the machine's rules takes them away.
    @Override
    public void keep() throws IOException {
        if (firewalls.size() > 1 && firewalls.getFirst().isGone()) {
            open(open);
        }
    }

    private void isolate(Nftables.Rules rules, Set<Integer> tcpPorts) {
        rules.hook("input", Nftables.HOOK_INPUT);
        rules.hook("forward", Nftables.HOOK_FORWARD);
        rules.hook("output", Nftables.HOOK_OUTPUT);
        rules.chain("open");
        rules.rule("input", rule -> rule.notFrom(name).verdict(Nftables.ACCEPT));
        for (InetAddress address : addresses) {
            byte[] bytes = address.getAddress();
            boolean four = bytes.length == 4;
            rules.rule(
                    "input",
                    rule -> rule.family(four ? Nftables.IPV4 : Nftables.IPV6)
                            .bytes(Nftables.NETWORK_HEADER, four ? 16 : 24, bytes)
                            .jump("open"));
        }
        rules.rule("input", rule -> rule.verdict(Nftables.DROP));
        // Answers to what was dialled from here: without connection tracking, which would cost every packet of this
        // machine. A segment that begins nothing finds a connection or is answered by a reset.
        rules.rule(
                "open",
                rule -> rule.protocol(Nftables.TCP)
                        .bitsAreNot(Nftables.TRANSPORT_HEADER, 13, SYN_BITS, SYN)
                        .portWithin(firstEphemeral, lastEphemeral)
                        .verdict(Nftables.ACCEPT));
        for (int port : tcpPorts) {
            rules.rule("open", rule -> rule.protocol(Nftables.TCP).port(port).verdict(Nftables.ACCEPT));
        }
        admit(rules, Nftables.ICMP, ICMP_TYPES);
        admit(rules, Nftables.ICMPV6, ICMPV6_TYPES);
        // What LinuxKernelForward has let through; without it nobody sets that mark.
        rules.rule("forward", rule -> rule.mark(LinuxKernelForward.MARK).verdict(Nftables.ACCEPT));
        rules.rule("forward", rule -> rule.from(name).verdict(Nftables.DROP));
        rules.rule("forward", rule -> rule.to(name).verdict(Nftables.DROP));
        rules.rule("output", rule -> rule.to(name).fromOtherUserThan(user).verdict(Nftables.DROP));
    }

    private static void admit(Nftables.Rules rules, int protocol, int[] types) {
        for (int type : types) {
            rules.rule(
                    "open",
                    rule -> rule.protocol(protocol)
                            .bytes(Nftables.TRANSPORT_HEADER, 0, (byte) type)
                            .verdict(Nftables.ACCEPT));
        }
    }

    @Override
    public void close() {
        firewalls.forEach(Nftables::close);
        routes.close();
    }
}
