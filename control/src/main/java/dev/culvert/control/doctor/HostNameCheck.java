package dev.culvert.control.doctor;

import dev.culvert.control.machine.PublicAddresses;
import dev.culvert.model.Literals;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Collection;
import java.util.Set;
import java.util.stream.Collectors;

/// Whether DNS leads visitors of a host to this gateway.
final class HostNameCheck implements Check {
    private final String host;
    private final Set<InetAddress> gateway;

    /// @param gateway the public addresses that lead here; empty where nobody knows them
    HostNameCheck(String host, Set<InetAddress> gateway) {
        this.host = host;
        this.gateway = gateway;
    }

    @Override
    public String name() {
        return "DNS of " + host;
    }

    @Override
    public Finding run() {
        String here = gateway.isEmpty() ? "this gateway's public address" : texts(gateway);
        String fix = "let its A and AAAA records in DNS say " + here + " and nothing else";
        InetAddress[] addresses;
        try {
            addresses = InetAddress.getAllByName(host);
        } catch (UnknownHostException e) {
            return Finding.broken(name(), "the name has no address: visitors find nothing", fix);
        }
        for (InetAddress address : addresses) {
            String text = Literals.format(address);
            if (gateway.contains(address)) {
                continue;
            }
            if (!PublicAddresses.isGlobal(address)) {
                return Finding.broken(name(), text + " is a private address: nobody on the internet gets there", fix);
            }
            if (!gateway.isEmpty()) {
                return Finding.broken(
                        name(), "DNS leads elsewhere: " + text + " is not this gateway (" + here + ")", fix);
            }
        }
        String all = texts(Set.of(addresses));
        return gateway.isEmpty()
                ? Finding.unknown(name(), all + "; whether that is this gateway cannot be seen without an endpoint")
                : Finding.ok(name(), all + ", this gateway");
    }

    private static String texts(Collection<InetAddress> addresses) {
        return addresses.stream().map(Literals::format).sorted().collect(Collectors.joining(", "));
    }
}
