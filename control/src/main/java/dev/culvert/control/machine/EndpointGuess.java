package dev.culvert.control.machine;

import dev.culvert.model.Literals;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.DatagramChannel;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Where the internet could dial this machine, judged by its own addresses.
///
/// @param address null where no address will do
/// @param why for people: how it was chosen, or why there is none
public record EndpointGuess(@Nullable InetAddress address, String why) {
    // Nothing is sent: connecting a UDP socket only asks the kernel for the route (RFC 5737 and RFC 3849 addresses).
    private static final List<String> SOMEWHERE = List.of("192.0.2.1", "2001:db8::1");

    public static EndpointGuess ofThisMachine() {
        return of(PublicAddresses.own(), ofDefaultRoute());
    }

    /// @param own this machine's addresses
    /// @param leaving those that packets to the internet leave from, IPv4 first
    static EndpointGuess of(Set<InetAddress> own, List<InetAddress> leaving) {
        List<InetAddress> global = PublicAddresses.global(own);
        if (global.isEmpty()) {
            String all = own.stream()
                    .filter(address -> !address.isLoopbackAddress() && !address.isLinkLocalAddress())
                    .map(Literals::format)
                    .collect(Collectors.joining(", "));
            return new EndpointGuess(
                    null,
                    "this machine has no public address" + (all.isEmpty() ? "" : ", only " + all)
                            + ": it stands behind a NAT");
        }
        if (global.size() == 1) {
            return new EndpointGuess(global.getFirst(), "the only public address of this machine");
        }
        for (InetAddress address : leaving) {
            if (global.contains(address)) {
                return new EndpointGuess(address, "of " + global.size() + " public addresses the default route's");
            }
        }
        return new EndpointGuess(global.getFirst(), "the first of " + global.size() + " public addresses");
    }

    private static List<InetAddress> ofDefaultRoute() {
        return SOMEWHERE.stream()
                .map(EndpointGuess::leavingTo)
                .filter(java.util.Objects::nonNull)
                .toList();
    }

    private static @Nullable InetAddress leavingTo(String somewhere) {
        try (DatagramChannel channel = DatagramChannel.open()) {
            channel.connect(new InetSocketAddress(InetAddress.ofLiteral(somewhere), 9));
            return channel.getLocalAddress() instanceof InetSocketAddress local ? local.getAddress() : null;
        } catch (IOException e) {
            return null;
        }
    }
}
