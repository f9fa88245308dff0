package dev.culvert.model.wgquick;

import dev.culvert.model.Literals;
import dev.culvert.model.Role;
import dev.culvert.model.config.ModelMerge;
import dev.culvert.model.config.Problem;
import dev.culvert.model.config.Source;
import dev.culvert.model.wgquick.WgQuickSettings.Address;
import dev.culvert.proto.inet.IpPrefix;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Writes the proposal, and tries it: what the schema would refuse becomes a mistake of the imported file.
final class WgQuickProposal {
    private final WgQuickImport.Request request;
    private final WgQuickSettings own;
    private final List<Problem> notes;
    private final Role role;
    private final StringBuilder yaml = new StringBuilder();
    private final Map<String, String> secrets = new LinkedHashMap<>();
    private final Set<String> names = new LinkedHashSet<>();

    WgQuickProposal(
            WgQuickImport.Request request,
            WgQuickSettings own,
            List<WgQuickSettings> peers,
            List<Problem> problems,
            List<Problem> notes) {
        this.request = request;
        this.own = own;
        this.notes = notes;
        boolean allDialled = !peers.isEmpty() && peers.stream().allMatch(peer -> peer.has("Endpoint"));
        role = Objects.requireNonNullElse(request.role(), allDialled ? Role.SITE : Role.GATEWAY);
        dropDoubledPrefixes(peers);
        head();
        tunnel(problems);
        yaml.append(role == Role.GATEWAY ? "\nsites:\n" : "\ngateways:\n");
        peers.forEach(peer -> peer(peer, problems));
        services(peers);
        if (problems.isEmpty()) {
            Source source = Source.file(request.file(), yaml.toString());
            ModelMerge.merge(role, List.of(source))
                    .notes()
                    .forEach(note -> problems.add(new Problem(
                            request.file(), 0, 0, note.path(), note.message() + " (in what it would become)")));
        }
    }

    WgQuickImport done() {
        return new WgQuickImport(role, yaml.toString(), secrets);
    }

    /// Of two peers with the same prefix, WireGuard gives it to the last.
    private void dropDoubledPrefixes(List<WgQuickSettings> peers) {
        Set<IpPrefix> taken = new HashSet<>();
        for (WgQuickSettings peer : peers.reversed()) {
            for (IpPrefix prefix : List.copyOf(peer.allowedIps)) {
                if (!taken.add(prefix)) {
                    peer.allowedIps.remove(prefix);
                    note(
                            peer.block().line(),
                            "AllowedIPs",
                            "left out: a later peer has " + Literals.format(prefix)
                                    + " as well, and the last one counts");
                }
            }
        }
    }

    private void head() {
        yaml.append("# From ")
                .append(request.file())
                .append(", by `culvert import`. Before it runs here, end the old")
                .append(" interface:\n# one key and one port cannot serve two.\n");
        if (role == Role.SITE) {
            yaml.append("\nsite:\n  name: ").append(quoted(request.name())).append('\n');
        }
        yaml.append("\ntunnel:\n");
    }

    private void tunnel(List<Problem> problems) {
        Integer port = own.listenPort;
        if (port != null && port > 0) {
            setting(1, "listen", port.toString());
        }
        if (own.mtu != null) {
            setting(1, "mtu", own.mtu.toString());
        }
        if (own.secretKey != null) {
            setting(1, "private-key-file", quoted(secret(request.name() + ".key", own.secretKey)));
        } else if (!own.has("PrivateKey")) {
            note(
                    own.block().line(),
                    "PrivateKey",
                    "is not in the file: a key will be made at the first start, and"
                            + " peers need its public half (`culvert keys`)");
        }
        Address v4 = first(4);
        Address v6 = first(16);
        if (v4 == null && v6 == null && !own.has("Address")) {
            problems.add(new Problem(request.file(), own.block().line(), 1, "Address", "is missing"));
        } else if (role == Role.SITE) {
            List<String> both = new ArrayList<>();
            if (v4 != null) {
                both.add(quoted(Literals.format(v4.address())));
            }
            if (v6 != null) {
                both.add(quoted(Literals.format(v6.address())));
            }
            setting(1, "address", list(both));
        } else {
            network("network", v4, 8, 30, 24);
            network("network6", v6, 48, 120, 64);
        }
    }

    private @Nullable Address first(int bytes) {
        Address found = null;
        for (Address address : own.addresses) {
            if (address.address().getAddress().length == bytes) {
                if (found != null) {
                    own.problem(address.at(), "more than one address of a family");
                    return found;
                }
                found = address;
            }
        }
        return found;
    }

    /// The gateway's address is the first of its network: another one is a change that peers must hear of.
    private void network(String key, @Nullable Address address, int least, int most, int usual) {
        if (address == null) {
            return;
        }
        boolean unique =
                address.address().getAddress().length == 4 || (address.address().getAddress()[0] & 0xfe) == 0xfc;
        if (!unique) {
            note(address, "left out: IPv6 within the tunnel uses unique local addresses, such as fd77:77:77::/64");
            return;
        }
        boolean fits = address.length() >= least && address.length() <= most;
        IpPrefix network = new IpPrefix(address.address(), fits ? address.length() : usual);
        setting(1, key, quoted(Literals.format(network)));
        if (!fits) {
            note(
                    address,
                    "the network is not told by /" + address.length() + "; taken for " + Literals.format(network));
        }
        InetAddress host = firstHost(network);
        if (!host.equals(address.address())) {
            note(
                    address,
                    "becomes " + Literals.format(host) + ", for a gateway has the first address of its network;"
                            + " tell peers that name it");
        }
    }

    private static InetAddress firstHost(IpPrefix network) {
        byte[] bytes = network.address().getAddress();
        bytes[bytes.length - 1]++;
        try {
            return InetAddress.getByAddress(bytes);
        } catch (java.net.UnknownHostException e) {
            throw new IllegalStateException("as long as before", e);
        }
    }

    private void peer(WgQuickSettings peer, List<Problem> problems) {
        String name = name(peer);
        List<String> addresses = new ArrayList<>();
        List<String> routes = new ArrayList<>();
        Set<Integer> families = new HashSet<>();
        for (IpPrefix prefix : peer.allowedIps) {
            int bits = prefix.isIpv4() ? 32 : 128;
            if (prefix.length() == bits && families.add(bits)) {
                addresses.add(quoted(Literals.format(prefix.address())));
            } else {
                routes.add(quoted(Literals.format(prefix)));
            }
        }
        yaml.append("  ").append(quoted(name)).append(":\n");
        setting(2, "type", "plain");
        if (peer.publicKey != null) {
            setting(2, "public-key", quoted(peer.publicKey.base64()));
        }
        if (peer.secretKey != null) {
            setting(2, "preshared-key-file", quoted(secret(request.name() + "-" + name + ".psk", peer.secretKey)));
        }
        setting(2, "address", list(addresses));
        setting(2, "routes", list(routes));
        if (peer.endpoint != null) {
            setting(2, "endpoint", quoted(peer.endpoint.toString()));
        }
        if (peer.keepalive > 0) {
            setting(2, "keepalive", Integer.toString(peer.keepalive));
        }
        if (addresses.isEmpty() && role == Role.GATEWAY && problems.isEmpty()) {
            problems.add(new Problem(
                    request.file(),
                    peer.block().line(),
                    1,
                    "AllowedIPs",
                    "name no single address of the peer (expected: one such as 10.8.0.2/32)"));
        }
        if (peer.allowedIps.stream().anyMatch(prefix -> prefix.length() == 0)) {
            note(
                    peer.block().line(),
                    "AllowedIPs",
                    "everything: this machine's own traffic does not go there, only" + " Culvert's answers do");
        }
    }

    /// The one line that is missing to publish something, for the first peer.
    private void services(List<WgQuickSettings> peers) {
        if (peers.isEmpty()) {
            return;
        }
        yaml.append("\n# What is published, for example:\n# services:\n#   web:\n");
        if (role == Role.GATEWAY) {
            String target = peers.getFirst().allowedIps.stream()
                    .filter(prefix -> prefix.isIpv4() && prefix.length() == 32)
                    .map(prefix -> Literals.format(prefix.address()))
                    .findFirst()
                    .orElse("10.8.0.2");
            String site = names.stream().findFirst().orElse("home");
            yaml.append("#     host: web.example.com\n#     site: ")
                    .append(site)
                    .append("\n#     target: http://")
                    .append(target)
                    .append(":8080\n");
        } else {
            yaml.append("#     listen: tunnel:8080\n#     target: http://127.0.0.1:8080\n");
        }
    }

    /// What the comment says, if that can be a name; else a number.
    private String name(WgQuickSettings peer) {
        String comment = Objects.requireNonNullElse(peer.block().comment(), "");
        String name =
                comment.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-").replaceAll("^-+|-+$", "");
        int number = names.size() + 1;
        String usual = role == Role.SITE ? "hub" : "peer-" + number;
        String wanted = name.isEmpty() || name.length() > 30 ? usual : name;
        String free = wanted;
        for (int i = 2; !names.add(free); i++) {
            free = wanted + "-" + i;
        }
        return free;
    }

    private String secret(String file, String key) {
        secrets.put(file, key);
        return request.keyFolder() + file;
    }

    private void setting(int depth, String key, String value) {
        if (!value.isEmpty()) {
            yaml.append("  ".repeat(depth))
                    .append(key)
                    .append(": ")
                    .append(value)
                    .append('\n');
        }
    }

    private static String list(List<String> values) {
        return values.size() < 2
                ? String.join("", values)
                : values.stream().collect(Collectors.joining(", ", "[", "]"));
    }

    /// Only what the schema reads comes here: names, addresses, keys, paths.
    private static String quoted(String text) {
        return text.matches("[a-z0-9./-]*[a-z./-][a-z0-9./-]*")
                ? text
                : '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    private void note(Address address, String message) {
        notes.add(new Problem(request.file(), address.at().line(), address.at().column(), "Address", message));
    }

    private void note(int line, String path, String message) {
        notes.add(new Problem(request.file(), line, 1, path, message));
    }
}
