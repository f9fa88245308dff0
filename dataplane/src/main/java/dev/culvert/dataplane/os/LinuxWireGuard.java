package dev.culvert.dataplane.os;

import dev.culvert.dataplane.tunnel.KernelWireGuard;
import dev.culvert.proto.wireguard.PrivateKey;
import dev.culvert.proto.wireguard.PublicKey;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// An interface of Linux's WireGuard (Linux 5.6): made by rtnetlink, configured by generic netlink; no other program is
/// run. It outlives a process that is killed: the next one of the same key removes it.
public final class LinuxWireGuard implements KernelWireGuard {
    // linux/rtnetlink.h, linux/if_link.h.
    private static final int NEW_LINK = 16;
    private static final int DELETE_LINK = 17;
    private static final int GET_LINK = 18;
    private static final int LINK_NAME = 3;
    private static final int LINK_INFO = 18;
    private static final int INFO_KIND = 1;
    private static final int LINK_STATS = 23;
    // struct rtnl_link_stats64: after packets and bytes of both directions.
    private static final String[] STATS = {"RX_ERRORS", "TX_ERRORS", "RX_DROPPED", "TX_DROPPED"};
    private static final int FIRST_STAT = 4;
    private static final int IFINFOMSG = 16;

    private static final int EEXIST = 17;
    private static final int EOPNOTSUPP = 95;
    private static final int NAMES = 32;
    private static final Path INTERFACES = Path.of("/sys/class/net");

    private static final MethodHandle IF_NAMETOINDEX = Libc.function("if_nametoindex");

    private final String name;
    private final int index;
    private final Netlink routes;
    private final Netlink generic;
    private final WireGuardMessages messages;
    private final int listenPort;

    private LinuxWireGuard(String name, Netlink routes, Netlink generic, PrivateKey key, int port) throws IOException {
        this.name = name;
        this.index = index(name);
        this.routes = routes;
        this.generic = generic;
        this.messages = new WireGuardMessages(family(generic), index);
        NetlinkMessage device = messages.device(key, port);
        int error = generic.request(device);
        device.wipe();
        if (error != 0) {
            throw refused("a key and a port", error);
        }
        this.listenPort = port;
    }

    /// Makes an interface, which is down, and removes what a killed process of the same key has left.
    ///
    /// @param port the UDP port that it takes when it is set up; 0 for any
    /// @throws IOException with the remedy
    public static LinuxWireGuard open(PrivateKey key, int port) throws IOException {
        removeStale(key.publicKey(CryptoProvider.functions()));
        Netlink routes = Netlink.open(Netlink.ROUTE);
        Netlink generic = Netlink.open(Netlink.GENERIC);
        String name = null;
        try {
            name = create(routes);
            return new LinuxWireGuard(name, routes, generic, key, port);
        } catch (IOException e) {
            if (name != null) {
                delete(routes, index(name));
            }
            routes.close();
            generic.close();
            throw e;
        }
    }

    private static String create(Netlink routes) throws IOException {
        for (int number = 0; number < NAMES; number++) {
            String name = "culvert" + number;
            NetlinkMessage link = link(NEW_LINK, NetlinkMessage.CREATE | NetlinkMessage.EXCLUSIVE, 0);
            link.text(LINK_NAME, name).nest(LINK_INFO, () -> link.text(INFO_KIND, "wireguard"));
            int error = routes.request(link);
            if (error == 0) {
                return name;
            }
            if (error != EEXIST) {
                throw refused("an interface", error);
            }
        }
        throw new IOException(
                "this machine has culvert0 to culvert" + (NAMES - 1) + ": remove those that nobody needs");
    }

    /// Removes the interfaces of a key, which nobody else has: of a process that was killed.
    ///
    /// @throws IOException if this process may not
    public static void removeStale(PublicKey key) throws IOException {
        for (int number = 0; number < NAMES; number++) {
            String name = "culvert" + number;
            if (isWireGuard(name) && isOf(key, name)) {
                try (Netlink routes = Netlink.open(Netlink.ROUTE)) {
                    delete(routes, index(name));
                }
                LinuxHostNetwork.forget(name);
            }
        }
    }

    private static boolean isWireGuard(String name) {
        Path about = INTERFACES.resolve(name).resolve("uevent");
        try {
            return Files.exists(about) && Files.readString(about).contains("DEVTYPE=wireguard");
        } catch (IOException e) {
            return false;
        }
    }

    private static boolean isOf(PublicKey key, String name) throws IOException {
        try (Netlink generic = Netlink.open(Netlink.GENERIC)) {
            WireGuardMessages.Device device = new WireGuardMessages.Device();
            int error = generic.ask(new WireGuardMessages(family(generic), index(name)).get(), device::read);
            return error == 0 && key.equals(device.key());
        }
    }

    private static int family(Netlink generic) throws IOException {
        int[] found = {-1};
        int error = generic.ask(
                WireGuardMessages.askFamily(),
                answer -> found[0] = Math.max(found[0], WireGuardMessages.family(answer)));
        if (found[0] < 0) {
            throw refused("requests to its WireGuard", error);
        }
        return found[0];
    }

    private static int index(String name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment errno = arena.allocate(Libc.stateLayout());
            return (int) Downcalls.call(
                    IF_NAMETOINDEX, errno, arena.allocateFrom(name).address(), 0, 0, 0, 0);
        }
    }

    private static IOException refused(String what, int error) {
        return new IOException("the kernel refuses " + what + " of type wireguard: "
                + switch (error) {
                    case Libc.EPERM, Libc.EACCES ->
                        "this process needs CAP_NET_ADMIN; see docs/wireguard.md, or take tunnel: type: embedded";
                    case EOPNOTSUPP -> "it has no WireGuard (module wireguard); take tunnel: type: tun or embedded";
                    default -> "errno " + error;
                });
    }

    /// `struct ifinfomsg`.
    private static NetlinkMessage link(int type, int flags, int index) {
        return new NetlinkMessage()
                .begin(type, NetlinkMessage.ACK | flags)
                .u32(0)
                .u32(index)
                .u32(0)
                .u32(0);
    }

    private static void delete(Netlink routes, int index) throws IOException {
        // Without a number the kernel would look for a name.
        if (index > 0) {
            routes.request(link(DELETE_LINK, 0, index));
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int listenPort() {
        if (listenPort != 0) {
            return listenPort;
        }
        try {
            return device().listenPort();
        } catch (IOException e) {
            return 0;
        }
    }

    @Override
    public void change(List<Change> changes) throws IOException {
        int first = 0;
        for (NetlinkMessage message : messages.set(changes)) {
            int error = first == 0 ? generic.request(message) : first;
            message.wipe();
            first = first == 0 ? error : first;
        }
        if (first != 0) {
            throw new IOException("the kernel's WireGuard refuses a change of peers at " + name + ": errno " + first);
        }
    }

    private WireGuardMessages.Device device() throws IOException {
        WireGuardMessages.Device device = new WireGuardMessages.Device();
        int error = generic.ask(messages.get(), device::read);
        if (error != 0) {
            throw new IOException(
                    "the tunnel's interface " + name + " is gone (errno " + error + "): restart the node");
        }
        return device;
    }

    @Override
    public List<Seen> peers() throws IOException {
        return device().peers();
    }

    @Override
    public Map<String, Long> drops() {
        Map<String, Long> all = new TreeMap<>();
        try {
            routes.ask(link(GET_LINK, 0, index), answer -> stats(answer, all));
        } catch (IOException e) {
            // Whoever asks for peers is told.
        }
        return all;
    }

    private static void stats(ByteBuffer answer, Map<String, Long> into) {
        NetlinkAttributes attributes = new NetlinkAttributes(answer.position(IFINFOMSG));
        while (attributes.next()) {
            if (attributes.type() == LINK_STATS) {
                ByteBuffer value = attributes.value();
                for (int i = 0; i < STATS.length; i++) {
                    into.put(STATS[i], value.getLong((FIRST_STAT + i) * Long.BYTES));
                }
            }
        }
    }

    @Override
    public void close() {
        try {
            delete(routes, index);
        } catch (IOException e) {
            // The next start removes it.
        }
        routes.close();
        generic.close();
    }
}
