package dev.culvert.control.enrol;

import dev.culvert.proto.inet.IpPrefix;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Collection;

/// Addresses of a tunnel network: sites from the bottom, guests from the top.
final class TunnelAddresses {
    private static final int MAX_HOSTS = 4096;

    private TunnelAddresses() {}

    /// The lowest free host address; the gateway has the first one.
    static InetAddress lowest(IpPrefix network, Collection<InetAddress> taken) {
        int hosts = hosts(network);
        for (int i = 2; i <= hosts; i++) {
            InetAddress candidate = host(network, i);
            if (!taken.contains(candidate)) {
                return candidate;
            }
        }
        throw new IllegalStateException("no free address in " + network);
    }

    /// The highest free host address.
    static InetAddress highest(IpPrefix network, Collection<InetAddress> taken) {
        for (int i = hosts(network); i >= 2; i--) {
            InetAddress candidate = host(network, i);
            if (!taken.contains(candidate)) {
                return candidate;
            }
        }
        throw new IllegalStateException("no free address in " + network);
    }

    private static int hosts(IpPrefix network) {
        int bits = network.address().getAddress().length * 8 - network.length();
        // The last address of an IPv4 network is its broadcast address.
        return bits >= 12 ? MAX_HOSTS : (1 << bits) - (network.isIpv4() ? 2 : 1);
    }

    private static InetAddress host(IpPrefix network, int number) {
        byte[] bytes = network.address().getAddress();
        int carry = number;
        for (int i = bytes.length - 1; carry > 0 && i >= 0; i--) {
            carry += bytes[i] & 0xff;
            bytes[i] = (byte) carry;
            carry >>>= 8;
        }
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }
}
