package dev.culvert.proto.netstack;

import java.net.InetAddress;
import java.util.List;

/// What a [Stack] is made for.
///
/// @param addresses its own addresses, at least one; packets to others are dropped
/// @param mtu the largest packet inside the tunnel in bytes, 576..65535 (1280 and more where IPv6 is used)
/// @param sendBuffer most bytes a TCP socket ever keeps until they are acknowledged; memory is taken as it fills
/// @param receiveBuffer most bytes a TCP socket ever keeps for its reader, which bounds the window it offers
/// @param maxSockets most TCP connections at a time, in whatever state
/// @param maxHalfOpen most connections in SYN-RECEIVED; beyond it, SYN cookies
public record StackConfig(
        List<InetAddress> addresses, int mtu, int sendBuffer, int receiveBuffer, int maxSockets, int maxHalfOpen) {
    private static final int MIB = 1 << 20;

    public StackConfig {
        addresses = List.copyOf(addresses);
        if (addresses.isEmpty()) {
            throw new IllegalArgumentException("addresses: none (expected: at least one)");
        }
        require("mtu", mtu, 576, 65535);
        require("sendBuffer", sendBuffer, 4096, 1 << 28);
        require("receiveBuffer", receiveBuffer, 4096, 1 << 28);
        require("maxSockets", maxSockets, 1, 1 << 20);
        require("maxHalfOpen", maxHalfOpen, 1, 1 << 20);
    }

    /// Buffers that grow up to 6 MiB, 16384 sockets, 1024 of them half open.
    public static StackConfig of(List<InetAddress> addresses, int mtu) {
        return new StackConfig(addresses, mtu, 6 * MIB, 6 * MIB, 16384, 1024);
    }

    private static void require(String name, int value, int least, int most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: " + least + ".." + most + ")");
        }
    }
}
