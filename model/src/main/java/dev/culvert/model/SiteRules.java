package dev.culvert.model;

import dev.culvert.proto.inet.IpPrefix;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What a home agrees to, whatever a gateway says: the targets it may be reached at and the clients that may be named.
///
/// It is the wall behind a taken-over gateway. A gateway judges PROXY headers that it receives by the same rules.
///
/// @param allow targets; empty allows nothing
/// @param clients prefixes that a gateway may claim although they cannot come from the internet
/// @param tunnel the tunnel's own prefixes, filled in by the merge
/// @param transparent which of those targets may see a visitor's own address on their sockets
/// @param dockerSocket the socket of a Docker whose containers publish by their labels, or null: labels are not read
public record SiteRules(
        List<AllowRule> allow,
        List<IpPrefix> clients,
        List<IpPrefix> tunnel,
        Transparency transparent,
        @Nullable String dockerSocket)
        implements Entry {
    public static final SiteRules NOTHING = new SiteRules(List.of(), List.of(), List.of());

    public SiteRules {
        allow = List.copyOf(allow);
        clients = List.copyOf(clients);
        tunnel = List.copyOf(tunnel);
    }

    /// Rules of a home that reads no labels and shows no visitor's address.
    public SiteRules(List<AllowRule> allow, List<IpPrefix> clients, List<IpPrefix> tunnel) {
        this(allow, clients, tunnel, Transparency.NOWHERE, null);
    }

    /// Whether the target as written is on the list. The text may come from a stranger: what is neither an address
    /// nor a listed name is not allowed.
    public boolean allows(Transport by, String host, int port) {
        InetAddress literal = Literals.address(host);
        return contains(allow, by, host, literal, port);
    }

    private static boolean contains(
            List<AllowRule> rules, Transport by, String host, @Nullable InetAddress literal, int port) {
        for (AllowRule rule : rules) {
            if (rule.allowsPort(by, port) && matches(rule, host, literal)) {
                return true;
            }
        }
        return false;
    }

    /// Whether an allowed target may be spoken to in a visitor's name.
    public boolean mayShowVisitor(Transport by, String host, int port) {
        return contains(transparent.allow(), by, host, Literals.address(host), port);
    }

    /// [#mayShowVisitor(Transport, String, int)] of a target as a whole.
    public boolean mayShowVisitor(Target target) {
        return mayShowVisitor(target.transport(), target.host(), target.port());
    }

    /// Whether the answers of such a target at `resolved` pass this machine, by themselves or because somebody says so.
    public boolean returnsHere(Transport by, String host, int port, InetAddress resolved, Surroundings machine) {
        return machine.hold(resolved) || contains(transparent.returnsViaSite(), by, host, Literals.address(host), port);
    }

    /// Whether this machine may speak with the address of a visitor. What its own network takes for its own is never
    /// shown to it, whatever `clients:` says.
    ///
    /// @param own this machine's own addresses
    public ClientVerdict mayShow(InetAddress client, Set<InetAddress> own) {
        ClientVerdict verdict = own.contains(client) ? ClientVerdict.OWN : judge(client);
        boolean elsewhere = verdict == ClientVerdict.PRIVATE || verdict == ClientVerdict.CARRIER_NAT;
        return elsewhere ? mayClaim(client, own) : verdict;
    }

    /// [#allows(Transport, String, int)] of a connection.
    public boolean allows(String host, int port) {
        return allows(Transport.TCP, host, port);
    }

    public boolean allows(Target target) {
        return allows(target.transport(), target.host(), target.port());
    }

    /// Whether `resolved` may be dialled for an allowed `host:port`. A listed name that suddenly points at this very
    /// machine, at a link-local (cloud metadata) address or into the tunnel is refused unless an address rule
    /// covers it, so that a name server cannot widen the list (DNS rebinding).
    public boolean mayDial(Transport by, String host, int port, InetAddress resolved) {
        InetAddress literal = Literals.address(host);
        if (literal != null) {
            return literal.equals(resolved) && allows(by, host, port);
        }
        if (!allows(by, host, port)) {
            return false;
        }
        boolean inside = resolved.isLoopbackAddress() && !host.equalsIgnoreCase("localhost");
        boolean special = inside
                || resolved.isLinkLocalAddress()
                || resolved.isAnyLocalAddress()
                || resolved.isMulticastAddress()
                || contains(tunnel, resolved);
        return !special || allows(by, Literals.format(resolved), port);
    }

    /// [#mayDial(Transport, String, int, InetAddress)] of a connection.
    public boolean mayDial(String host, int port, InetAddress resolved) {
        return mayDial(Transport.TCP, host, port, resolved);
    }

    /// [#mayClaim(InetAddress, Set)] without knowledge of this machine's addresses.
    public ClientVerdict mayClaim(InetAddress client) {
        return mayClaim(client, Set.of());
    }

    /// Whether `client` can be a visitor's address. `clients:` overrules every reason but two: nothing comes from a
    /// multicast or unspecified address.
    ///
    /// @param own this machine's own addresses
    public ClientVerdict mayClaim(InetAddress client, Set<InetAddress> own) {
        return mayClaim(client, own, List.of());
    }

    /// @param more prefixes that may be named beside those of `clients:`
    public ClientVerdict mayClaim(InetAddress client, Set<InetAddress> own, List<IpPrefix> more) {
        ClientVerdict verdict = own.contains(client) ? ClientVerdict.OWN : judge(client);
        boolean never = verdict == ClientVerdict.MULTICAST || verdict == ClientVerdict.UNSPECIFIED;
        return !never && (contains(clients, client) || contains(more, client)) ? ClientVerdict.ALLOWED : verdict;
    }

    @Override
    public String label() {
        return "site rules";
    }

    @Override
    public Map<String, List<String>> settings() {
        return new Settings()
                .putAll("allow", allow)
                .putAll("clients", clients)
                .putAll("transparent.allow", transparent.allow())
                .putAll("transparent.returns-via-site", transparent.returnsViaSite())
                .put("docker.socket", dockerSocket)
                .done();
    }

    private ClientVerdict judge(InetAddress client) {
        if (client.isAnyLocalAddress()) {
            return ClientVerdict.UNSPECIFIED;
        }
        if (client.isLoopbackAddress()) {
            return ClientVerdict.LOOPBACK;
        }
        if (client.isLinkLocalAddress()) {
            return ClientVerdict.LINK_LOCAL;
        }
        if (client.isMulticastAddress()) {
            return ClientVerdict.MULTICAST;
        }
        if (contains(tunnel, client)) {
            return ClientVerdict.TUNNEL;
        }
        return client.getAddress().length == 4 ? judge4(client.getAddress()) : judge6(client);
    }

    private static ClientVerdict judge4(byte[] address) {
        int first = address[0] & 0xff;
        int second = address[1] & 0xff;
        if (first == 10 || (first == 172 && (second & 0xf0) == 16) || (first == 192 && second == 168)) {
            return ClientVerdict.PRIVATE;
        }
        if (first == 100 && (second & 0xc0) == 64) {
            return ClientVerdict.CARRIER_NAT;
        }
        return first == 0 || first >= 240 ? ClientVerdict.RESERVED : ClientVerdict.ALLOWED;
    }

    private static ClientVerdict judge6(InetAddress client) {
        byte first = client.getAddress()[0];
        if ((first & 0xfe) == 0xfc || client.isSiteLocalAddress()) {
            return ClientVerdict.PRIVATE;
        }
        return first == 0 ? ClientVerdict.RESERVED : ClientVerdict.ALLOWED;
    }

    private static boolean matches(AllowRule rule, String host, @Nullable InetAddress literal) {
        return switch (rule) {
            case AllowRule.Addresses addresses ->
                literal != null && addresses.prefix().contains(literal);
            case AllowRule.Name name -> literal == null && name.host().equalsIgnoreCase(host);
        };
    }

    private static boolean contains(List<IpPrefix> prefixes, InetAddress address) {
        for (IpPrefix prefix : prefixes) {
            if (prefix.contains(address)) {
                return true;
            }
        }
        return false;
    }
}
