package dev.culvert.control.doctor;

import dev.culvert.control.machine.PublicAddresses;
import dev.culvert.model.Endpoint;
import dev.culvert.model.Literals;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Where sites dial this gateway: known, resolvable, public, and this machine as far as it can tell.
final class EndpointCheck implements Check {
    private static final String SAY =
            "start with --endpoint HOST:PORT or write gateway: {endpoint: HOST:PORT}, with the"
                    + " name or address that the internet knows";

    private final Supplier<@Nullable Endpoint> endpoint;
    private final Set<InetAddress> own;
    private final int bound;

    /// @param bound the UDP port that this node has, 0 if none runs
    EndpointCheck(Supplier<@Nullable Endpoint> endpoint, Set<InetAddress> own, int bound) {
        this.endpoint = endpoint;
        this.own = own;
        this.bound = bound;
    }

    @Override
    public String name() {
        return "endpoint for sites";
    }

    @Override
    public Finding run() throws IOException {
        Endpoint known = endpoint.get();
        if (known == null) {
            return Finding.broken(
                    name(), "nobody knows where sites can dial this gateway: it has no public address", SAY);
        }
        List<InetAddress> addresses;
        try {
            addresses = Arrays.asList(InetAddress.getAllByName(known.host()));
        } catch (UnknownHostException e) {
            return Finding.broken(
                    name(), known.host() + " has no address in DNS", "make an A record for it, or: " + SAY);
        }
        for (InetAddress address : addresses) {
            if (!PublicAddresses.isGlobal(address)) {
                return Finding.broken(
                        name(),
                        known + " is " + Literals.format(address)
                                + ", a private address: no site on the internet can dial it",
                        SAY);
            }
        }
        if (bound != 0 && known.port() != bound) {
            return Finding.warn(
                    name(),
                    known + " names port " + known.port() + ", and this node listens on UDP " + bound,
                    "right if a router in between translates it; else name port " + bound);
        }
        String all = addresses.stream().map(Literals::format).collect(Collectors.joining(", "));
        return own.containsAll(addresses)
                ? Finding.ok(name(), known + ", an address of this machine")
                : Finding.warn(
                        name(),
                        known + " is " + all + ", not an address of this machine",
                        "right behind a router or a provider's NAT that hands UDP " + known.port() + " on to here");
    }
}
