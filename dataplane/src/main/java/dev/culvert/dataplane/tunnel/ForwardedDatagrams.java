package dev.culvert.dataplane.tunnel;

import dev.culvert.proto.inet.IpProtocol;
import dev.culvert.proto.inet.Ipv6Header;
import dev.culvert.proto.inet.NetworkOrder;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.List;

/// Which datagrams out of the tunnel are answers to what the kernel forwards (`forward: kernel`), and so the kernel's,
/// where all others are the process's own: by their port, since the kernel takes ports below those that the process's
/// stack takes for its flows, or by an address that is a visitor's and not ours. Owned by the tunnel loop.
public final class ForwardedDatagrams {
    /// The ports of this machine, inside the tunnel, from which the kernel's forwarding sends.
    public static final int FIRST = 10_000;

    /// The last of them: from the next one on they are the stack's.
    public static final int LAST = 32_767;

    private final List<byte[]> own;
    private boolean on;

    ForwardedDatagrams(List<InetAddress> own) {
        this.own = own.stream().map(InetAddress::getAddress).toList();
    }

    /// Whether anything is forwarded at all.
    void set(boolean wanted) {
        on = wanted;
    }

    /// Whether a whole IP packet is one of them.
    boolean contain(byte[] bytes, int offset, int length) {
        if (!on) {
            return false;
        }
        boolean four = NetworkOrder.u8(bytes, offset) >>> 4 == 4;
        if (NetworkOrder.u8(bytes, offset + (four ? 9 : 6)) != IpProtocol.UDP) {
            return false;
        }
        // Pieces have no ports to go by; the process's own datagrams are never sent in pieces.
        if (four && (NetworkOrder.u16(bytes, offset + 6) & 0x3fff) != 0) {
            return true;
        }
        int udp = offset + (four ? (bytes[offset] & 0xf) * 4 : Ipv6Header.LENGTH);
        if (udp + 4 > offset + length) {
            return false;
        }
        int port = NetworkOrder.u16(bytes, udp + 2);
        return (port >= FIRST && port <= LAST) || !isOwn(bytes, offset + (four ? 16 : 24), four ? 4 : 16);
    }

    private boolean isOwn(byte[] bytes, int at, int length) {
        for (int i = 0; i < own.size(); i++) {
            byte[] address = own.get(i);
            if (address.length == length && Arrays.equals(bytes, at, at + length, address, 0, length)) {
                return true;
            }
        }
        return false;
    }
}
