package dev.culvert.dataplane.os;

import dev.culvert.dataplane.tunnel.KernelWireGuard.Change;
import dev.culvert.dataplane.tunnel.KernelWireGuard.Seen;
import dev.culvert.proto.inet.IpPrefix;
import dev.culvert.proto.wireguard.PresharedKey;
import dev.culvert.proto.wireguard.PrivateKey;
import dev.culvert.proto.wireguard.PublicKey;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Requests to the kernel's WireGuard by generic netlink, and what it answers. Numbers are of linux/wireguard.h and
/// linux/genetlink.h.
///
/// A request holds a part of the peers only, and a part of a long peer's addresses: the next one goes on with it.
final class WireGuardMessages {
    static final int VERSION = 1;
    private static final int GET_DEVICE = 0;
    private static final int SET_DEVICE = 1;
    private static final int IFINDEX = 1;
    private static final int PRIVATE_KEY = 3;
    private static final int PUBLIC_KEY = 4;
    private static final int FLAGS = 5;
    private static final int LISTEN_PORT = 6;
    private static final int PEERS = 8;
    private static final int REPLACE_PEERS = 1;
    private static final int PEER_KEY = 1;
    private static final int PEER_PRESHARED_KEY = 2;
    private static final int PEER_FLAGS = 3;
    private static final int PEER_ENDPOINT = 4;
    private static final int PEER_KEEPALIVE = 5;
    private static final int PEER_LAST_HANDSHAKE = 6;
    private static final int PEER_RX_BYTES = 7;
    private static final int PEER_TX_BYTES = 8;
    private static final int PEER_ALLOWED_IPS = 9;
    private static final int REMOVE_ME = 1;
    private static final int REPLACE_ALLOWED_IPS = 2;
    private static final int UPDATE_ONLY = 4;
    private static final int ADDRESS_FAMILY = 1;
    private static final int ADDRESS = 2;
    private static final int ADDRESS_LENGTH = 3;

    // linux/genetlink.h: the family that tells the numbers of the others.
    private static final int CONTROL = 16;
    private static final int GET_FAMILY = 3;
    private static final int FAMILY_ID = 1;
    private static final int FAMILY_NAME = 2;

    private static final int KEY = 32;
    // A message has to fit into the socket's buffer, a nest into 16 bits.
    private static final int BUDGET = 16 * 1024;
    private static final int ADDRESSES = 128;
    private static final int PEER_SIZE = 160;
    private static final int ADDRESS_SIZE = 44;
    private static final int UNCHANGED = -1;

    private final int family;
    private final int index;

    /// @param family what [#family] found
    /// @param index of the interface
    WireGuardMessages(int family, int index) {
        this.family = family;
        this.index = index;
    }

    static NetlinkMessage askFamily() {
        return begin(CONTROL, GET_FAMILY, VERSION, 0).text(FAMILY_NAME, "wireguard");
    }

    /// The family's number in an answer; -1 if there is none.
    static int family(ByteBuffer answer) {
        NetlinkAttributes attributes = new NetlinkAttributes(answer.position(4));
        while (attributes.next()) {
            if (attributes.type() == FAMILY_ID && attributes.length() >= 2) {
                return Short.toUnsignedInt(attributes.value().getShort());
            }
        }
        return -1;
    }

    /// `struct genlmsghdr`.
    private static NetlinkMessage begin(int type, int command, int version, int flags) {
        return new NetlinkMessage().begin(type, flags).u8(command).u8(version).u16(0);
    }

    private NetlinkMessage set() {
        return begin(family, SET_DEVICE, VERSION, NetlinkMessage.ACK).number(IFINDEX, index);
    }

    /// The interface's own: no peers, a key and a port, 0 for any. To be wiped when it was sent.
    NetlinkMessage device(PrivateKey key, int port) {
        byte[] secret = key.copy();
        NetlinkMessage message = set().number(FLAGS, REPLACE_PEERS)
                .attribute(PRIVATE_KEY, secret)
                .half(LISTEN_PORT, port);
        Arrays.fill(secret, (byte) 0);
        return message;
    }

    NetlinkMessage get() {
        return begin(family, GET_DEVICE, VERSION, NetlinkMessage.DUMP).number(IFINDEX, index);
    }

    /// What is said of one peer within one message.
    private record Entry(
            PublicKey peer,
            int flags,
            @Nullable PresharedKey preshared,
            boolean setsPreshared,
            @Nullable InetSocketAddress endpoint,
            int keepalive,
            List<IpPrefix> addresses) {
        static Entry bare(PublicKey peer, int flags, int keepalive) {
            return new Entry(peer, flags, null, false, null, keepalive, List.of());
        }

        int size() {
            return PEER_SIZE + addresses.size() * ADDRESS_SIZE;
        }
    }

    /// To be sent in order, and wiped.
    List<NetlinkMessage> set(List<Change> changes) {
        List<NetlinkMessage> messages = new ArrayList<>();
        List<Entry> gathered = new ArrayList<>();
        int size = 0;
        for (Change change : changes) {
            for (Entry entry : entries(change)) {
                if (size > 0 && size + entry.size() > BUDGET) {
                    messages.add(message(gathered));
                    gathered.clear();
                    size = 0;
                }
                gathered.add(entry);
                size += entry.size();
            }
        }
        if (!gathered.isEmpty()) {
            messages.add(message(gathered));
        }
        return messages;
    }

    private static List<Entry> entries(Change change) {
        return switch (change) {
            case Change.Put put -> put(put);
            case Change.Redirect(PublicKey peer, InetSocketAddress to) ->
                List.of(new Entry(peer, UPDATE_ONLY, null, false, to, UNCHANGED, List.of()));
            // An interval that begins sends one at once; there is no request of its own for it.
            case Change.Greet(PublicKey peer, int keepalive) ->
                List.of(
                        Entry.bare(peer, UPDATE_ONLY, 0),
                        Entry.bare(peer, UPDATE_ONLY, keepalive == 0 ? 1 : keepalive),
                        Entry.bare(peer, UPDATE_ONLY, keepalive));
            case Change.Remove(PublicKey peer) -> List.of(Entry.bare(peer, REMOVE_ME | UPDATE_ONLY, UNCHANGED));
        };
    }

    private static List<Entry> put(Change.Put put) {
        List<IpPrefix> all = put.allowedIps();
        List<Entry> entries = new ArrayList<>();
        entries.add(new Entry(
                put.peer(),
                put.replace() ? REPLACE_ALLOWED_IPS : 0,
                put.config().presharedKey(),
                true,
                put.config().endpoint(),
                put.config().persistentKeepaliveSeconds(),
                all.subList(0, Math.min(ADDRESSES, all.size()))));
        for (int at = ADDRESSES; at < all.size(); at += ADDRESSES) {
            List<IpPrefix> more = all.subList(at, Math.min(at + ADDRESSES, all.size()));
            entries.add(new Entry(put.peer(), UPDATE_ONLY, null, false, null, UNCHANGED, more));
        }
        return entries;
    }

    private NetlinkMessage message(List<Entry> entries) {
        NetlinkMessage message = set();
        return message.nest(PEERS, () -> entries.forEach(entry -> message.nest(0, () -> write(entry, message))));
    }

    private static void write(Entry entry, NetlinkMessage into) {
        into.attribute(PEER_KEY, entry.peer().bytes());
        if (entry.setsPreshared()) {
            PresharedKey preshared = entry.preshared();
            // All zeros is none (wireguard paper, 5.2).
            byte[] secret = preshared == null ? new byte[KEY] : preshared.copy();
            into.attribute(PEER_PRESHARED_KEY, secret);
            Arrays.fill(secret, (byte) 0);
        }
        if (entry.endpoint() != null) {
            into.attribute(PEER_ENDPOINT, socketAddress(entry.endpoint()));
        }
        if (entry.keepalive() != UNCHANGED) {
            into.half(PEER_KEEPALIVE, entry.keepalive());
        }
        into.number(PEER_FLAGS, entry.flags());
        if (!entry.addresses().isEmpty()) {
            into.nest(
                    PEER_ALLOWED_IPS,
                    () -> entry.addresses().forEach(prefix -> into.nest(0, () -> write(prefix, into))));
        }
    }

    private static void write(IpPrefix prefix, NetlinkMessage into) {
        byte[] bytes = prefix.address().getAddress();
        into.half(ADDRESS_FAMILY, bytes.length == 4 ? Libc.AF_INET : Libc.AF_INET6)
                .attribute(ADDRESS, bytes)
                .attribute(ADDRESS_LENGTH, new byte[] {(byte) prefix.length()});
    }

    /// `struct sockaddr_in` or `sockaddr_in6`.
    private static byte[] socketAddress(InetSocketAddress address) {
        byte[] bytes = address.getAddress().getAddress();
        boolean four = bytes.length == 4;
        ByteBuffer out = ByteBuffer.allocate(four ? 16 : 28).order(ByteOrder.nativeOrder());
        out.putShort((short) (four ? Libc.AF_INET : Libc.AF_INET6));
        out.put((byte) (address.getPort() >>> 8)).put((byte) address.getPort());
        out.position(four ? 4 : 8).put(bytes);
        return out.array();
    }

    private static @Nullable InetSocketAddress socketAddress(ByteBuffer value) {
        int length = value.remaining();
        if (length < 16 || (value.getShort(0) == Libc.AF_INET6 && length < 28)) {
            return null;
        }
        boolean six = value.getShort(0) == Libc.AF_INET6;
        int port = Byte.toUnsignedInt(value.get(2)) << 8 | Byte.toUnsignedInt(value.get(3));
        byte[] bytes = new byte[six ? 16 : 4];
        value.get(six ? 8 : 4, bytes);
        try {
            return new InetSocketAddress(InetAddress.getByAddress(bytes), port);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("four or sixteen bytes are an address", e);
        }
    }

    /// An interface as its answers tell, of which a long one has several. The secrets in them are not read.
    static final class Device {
        private final Map<PublicKey, Seen> peers = new LinkedHashMap<>();
        private int listenPort;
        private @Nullable PublicKey key;

        /// Takes one answer, from its generic header on.
        void read(ByteBuffer answer) {
            NetlinkAttributes attributes = new NetlinkAttributes(answer.position(4));
            while (attributes.next()) {
                switch (attributes.type()) {
                    case LISTEN_PORT ->
                        listenPort = Short.toUnsignedInt(attributes.value().getShort());
                    case PUBLIC_KEY -> key = publicKey(attributes.value());
                    case PEERS -> {
                        NetlinkAttributes each = attributes.nested();
                        while (each.next()) {
                            peer(each.nested());
                        }
                    }
                    default -> {}
                }
            }
        }

        private void peer(NetlinkAttributes attributes) {
            PublicKey peer = null;
            InetSocketAddress endpoint = null;
            long handshake = 0;
            long rx = UNCHANGED;
            long tx = 0;
            while (attributes.next()) {
                ByteBuffer value = attributes.value();
                switch (attributes.type()) {
                    case PEER_KEY -> peer = publicKey(value);
                    case PEER_ENDPOINT -> endpoint = socketAddress(value);
                    case PEER_LAST_HANDSHAKE ->
                        handshake = TimeUnit.SECONDS.toNanos(value.getLong(0)) + value.getLong(8);
                    case PEER_RX_BYTES -> rx = value.getLong(0);
                    case PEER_TX_BYTES -> tx = value.getLong(0);
                    default -> {}
                }
            }
            // What goes on with the addresses of the one before tells nothing but them.
            if (peer != null && rx != UNCHANGED) {
                peers.put(peer, new Seen(peer, endpoint, handshake, rx, tx));
            }
        }

        private static PublicKey publicKey(ByteBuffer value) {
            byte[] bytes = new byte[KEY];
            value.get(0, bytes);
            return new PublicKey(bytes);
        }

        List<Seen> peers() {
            return List.copyOf(peers.values());
        }

        int listenPort() {
            return listenPort;
        }

        /// Whose interface it is; null if it has no key.
        @Nullable
        PublicKey key() {
            return key;
        }
    }
}
