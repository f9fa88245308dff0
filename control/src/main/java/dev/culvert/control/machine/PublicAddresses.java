package dev.culvert.control.machine;

import dev.culvert.model.SiteRules;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// This machine's own addresses, and which of them the internet can reach.
public final class PublicAddresses {
    private PublicAddresses() {}

    /// Every address of every interface that is up.
    public static Set<InetAddress> own() {
        Set<InetAddress> all = new LinkedHashSet<>();
        try {
            NetworkInterface.networkInterfaces()
                    .flatMap(NetworkInterface::inetAddresses)
                    .forEach(all::add);
        } catch (SocketException e) {
            // Then none is known, and every caller says so.
        }
        return all;
    }

    /// Those of `addresses` that the internet can reach, in their order.
    public static List<InetAddress> global(Set<InetAddress> addresses) {
        return addresses.stream().filter(PublicAddresses::isGlobal).toList();
    }

    /// Whether strangers can reach it: neither private, carrier-grade NAT, link-local, loopback nor reserved. The same
    /// judgement as of a visitor's address.
    public static boolean isGlobal(InetAddress address) {
        return SiteRules.NOTHING.mayClaim(address).isAllowed();
    }
}
