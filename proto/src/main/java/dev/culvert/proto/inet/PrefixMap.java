package dev.culvert.proto.inet;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/// A map from IPv4 and IPv6 prefixes to values, asked by address: the longest prefix that holds it answers.
///
/// One path-compressed binary trie per family: a lookup visits at most one node per stored prefix on its path (≤ 33
/// or ≤ 129) and allocates nothing when it is given bytes. Not thread-safe; its owner is whoever fills it.
public final class PrefixMap<V> {
    private final Node<V> root4 = new Node<>(0, 0, 0);
    private final Node<V> root6 = new Node<>(0, 0, 0);
    private int size;

    /// An empty map.
    public PrefixMap() {}

    /// Binds `prefix` to `value`, away from any other value.
    ///
    /// @return the value that had it before, or null
    public @Nullable V put(IpPrefix prefix, V value) {
        Node<V> node = insert(prefix);
        V previous = node.value;
        node.value = value;
        if (previous == null) {
            size++;
        }
        return previous;
    }

    /// Unbinds exactly `prefix`; shorter and longer ones stay.
    ///
    /// @return the value that had it, or null if it was not bound
    public @Nullable V remove(IpPrefix prefix) {
        byte[] bytes = prefix.address().getAddress();
        long high = high(bytes, 0, bytes.length);
        long low = low(bytes, 0, bytes.length);
        Node<V> grandparent = null;
        Node<V> parent = null;
        Node<V> node = root(bytes.length);
        while (node != null && node.length < prefix.length() && node.covers(high, low)) {
            grandparent = parent;
            parent = node;
            node = node.child(bit(high, low, node.length));
        }
        if (node == null || node.value == null || !node.is(high, low, prefix.length())) {
            return null;
        }
        V previous = node.value;
        node.value = null;
        size--;
        if (parent != null) {
            prune(node, parent);
            if (grandparent != null) {
                prune(parent, grandparent);
            }
        }
        return previous;
    }

    /// The value bound to exactly `prefix`, or null.
    public @Nullable V get(IpPrefix prefix) {
        byte[] bytes = prefix.address().getAddress();
        long high = high(bytes, 0, bytes.length);
        long low = low(bytes, 0, bytes.length);
        Node<V> node = root(bytes.length);
        while (node != null && node.length < prefix.length() && node.covers(high, low)) {
            node = node.child(bit(high, low, node.length));
        }
        return node != null && node.is(high, low, prefix.length()) ? node.value : null;
    }

    /// The value of the longest prefix that holds the address in `bytes`, without allocating.
    ///
    /// @param length 4 for IPv4, 16 for IPv6 (an IPv4-mapped address given in 16 bytes counts as IPv6)
    public @Nullable V lookup(byte[] bytes, int offset, int length) {
        int bits = length * 8;
        long high = high(bytes, offset, length);
        long low = low(bytes, offset, length);
        V best = null;
        Node<V> node = root(length);
        while (node != null && node.covers(high, low)) {
            if (node.value != null) {
                best = node.value;
            }
            if (node.length == bits) {
                break;
            }
            node = node.child(bit(high, low, node.length));
        }
        return best;
    }

    /// The value of the longest prefix that holds `address`, or null.
    public @Nullable V lookup(InetAddress address) {
        byte[] bytes = address.getAddress();
        return lookup(bytes, 0, bytes.length);
    }

    /// The number of bound prefixes.
    public int size() {
        return size;
    }

    /// Calls `action` for every binding: IPv4 first, each family in address order, shorter prefixes first.
    public void forEach(BiConsumer<? super IpPrefix, ? super V> action) {
        visit(root4, 4, action);
        visit(root6, 16, action);
    }

    private Node<V> insert(IpPrefix prefix) {
        byte[] bytes = prefix.address().getAddress();
        long high = high(bytes, 0, bytes.length);
        long low = low(bytes, 0, bytes.length);
        int length = prefix.length();
        Node<V> parent = root(bytes.length);
        while (parent.length < length) {
            int side = bit(high, low, parent.length);
            Node<V> node = parent.child(side);
            if (node == null) {
                return parent.attach(side, new Node<>(high, low, length));
            }
            int common = Math.min(Math.min(commonBits(node.high ^ high, node.low ^ low), length), node.length);
            if (common < node.length) {
                Node<V> above = parent.attach(side, new Node<>(high, low, common));
                above.attach(bit(node.high, node.low, common), node);
                return common == length ? above : above.attach(bit(high, low, common), new Node<>(high, low, length));
            }
            parent = node;
        }
        return parent;
    }

    /// A node that binds nothing and forks nowhere only lengthens the way to its child.
    private static <V> void prune(Node<V> node, Node<V> parent) {
        if (node.value != null || (node.zero != null && node.one != null)) {
            return;
        }
        Node<V> child = node.zero != null ? node.zero : node.one;
        if (parent.zero == node) {
            parent.zero = child;
        } else {
            parent.one = child;
        }
    }

    /// Recursion is bounded by the address length: every child is longer than its parent.
    private static <V> void visit(@Nullable Node<V> node, int bytes, BiConsumer<? super IpPrefix, ? super V> action) {
        if (node == null) {
            return;
        }
        if (node.value != null) {
            action.accept(node.prefix(bytes), node.value);
        }
        visit(node.zero, bytes, action);
        visit(node.one, bytes, action);
    }

    private Node<V> root(int length) {
        return switch (length) {
            case 4 -> root4;
            case 16 -> root6;
            default -> throw new IllegalArgumentException("address length: " + length + " (expected: 4 or 16)");
        };
    }

    private static long high(byte[] bytes, int offset, int length) {
        return length == 4 ? bigEndian(bytes, offset, 4) << 32 : bigEndian(bytes, offset, 8);
    }

    private static long low(byte[] bytes, int offset, int length) {
        return length == 4 ? 0 : bigEndian(bytes, offset + 8, 8);
    }

    private static long bigEndian(byte[] bytes, int offset, int length) {
        long value = 0;
        for (int i = 0; i < length; i++) {
            value = value << 8 | (bytes[offset + i] & 0xff);
        }
        return value;
    }

    private static int bit(long high, long low, int index) {
        return (int) ((index < 64 ? high >>> (63 - index) : low >>> (127 - index)) & 1);
    }

    private static int commonBits(long highDifference, long lowDifference) {
        return highDifference != 0
                ? Long.numberOfLeadingZeros(highDifference)
                : 64 + Long.numberOfLeadingZeros(lowDifference);
    }

    /// A prefix that is bound (has a value) or forks (has two children), or the root of a family.
    private static final class Node<V> {
        /// The address, left-aligned: IPv4 in the upper half of `high`. Bits behind `length` are zero.
        final long high;

        final long low;
        final int length;

        @Nullable
        V value;

        @Nullable
        Node<V> zero;

        @Nullable
        Node<V> one;

        Node(long high, long low, int length) {
            this.high = high & highMask(length);
            this.low = low & lowMask(length);
            this.length = length;
        }

        boolean covers(long otherHigh, long otherLow) {
            return commonBits(high ^ otherHigh, low ^ otherLow) >= length;
        }

        boolean is(long otherHigh, long otherLow, int otherLength) {
            return length == otherLength && high == otherHigh && low == otherLow;
        }

        @Nullable
        Node<V> child(int side) {
            return side == 0 ? zero : one;
        }

        Node<V> attach(int side, Node<V> child) {
            if (side == 0) {
                zero = child;
            } else {
                one = child;
            }
            return child;
        }

        IpPrefix prefix(int bytes) {
            byte[] address = new byte[bytes];
            for (int i = 0; i < bytes; i++) {
                address[i] = (byte) (i < 8 ? high >>> (56 - 8 * i) : low >>> (120 - 8 * i));
            }
            try {
                return new IpPrefix(InetAddress.getByAddress(address), length);
            } catch (UnknownHostException e) {
                throw new IllegalStateException("address of " + bytes + " bytes", e);
            }
        }

        private static long highMask(int length) {
            return length >= 64 ? -1L : length == 0 ? 0 : -1L << (64 - length);
        }

        private static long lowMask(int length) {
            return length <= 64 ? 0 : length == 128 ? -1L : -1L << (128 - length);
        }
    }
}
