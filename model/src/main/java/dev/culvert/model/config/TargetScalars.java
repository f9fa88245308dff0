package dev.culvert.model.config;

import dev.culvert.model.AllowRule;
import dev.culvert.model.Destination;
import dev.culvert.model.Endpoint;
import dev.culvert.model.Literals;
import dev.culvert.model.Target;
import dev.culvert.model.TargetTls;
import dev.culvert.model.Transport;
import dev.culvert.proto.inet.IpPrefix;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Targets, and the rules that allow them.
final class TargetScalars {
    private static final String TARGETS = "http://, https://, h2c://, tcp://, tls:// or udp:// with host:port";

    /// A target of a gateway, which may name its own site.
    static final Scalar<Destination> PLACED = Scalar.of(TARGETS, TargetScalars::readPlaced);

    /// A target on this node's own side.
    static final Scalar<Destination> HERE = Scalar.of(TARGETS, text -> new Destination(null, readTarget(text)));

    static final Scalar<AllowRule> ALLOW = Scalar.of(
            "host:port, host:first-last or prefix:port such as 192.168.1.20:80 or 10.0.0.0/24:8000-8100, with /udp"
                    + " behind it for datagrams",
            TargetScalars::readAllow);

    private static final Map<String, Target.Scheme> SCHEMES = Map.of(
            "http", Target.Scheme.HTTP,
            "https", Target.Scheme.HTTPS,
            "h2c", Target.Scheme.H2C,
            "tcp", Target.Scheme.TCP,
            "tls", Target.Scheme.TLS,
            "udp", Target.Scheme.UDP);

    private static final List<String> LATER = List.of("unix");

    private TargetScalars() {}

    private static Destination readPlaced(String text) throws Mismatch {
        int at = text.indexOf(" at ");
        if (at >= 0) {
            String site = Scalars.NAME.reader().read(text.substring(at + 4).strip());
            return new Destination(site, readTarget(text.substring(0, at).strip()));
        }
        return new Destination(null, readTarget(text));
    }

    static Target readTarget(String text) throws Mismatch {
        int colon = text.indexOf("://");
        String scheme = colon < 0 ? "" : text.substring(0, colon);
        String rest = colon < 0 ? text : text.substring(colon + 3);
        if (LATER.contains(scheme)) {
            throw Mismatch.because(scheme + ":// targets are not in this version");
        }
        Target.Scheme known = SCHEMES.get(scheme);
        int dash = known == Target.Scheme.UDP ? rest.lastIndexOf('-') : -1;
        int last = dash < 0 ? -1 : Literals.port(rest.substring(dash + 1));
        Endpoint endpoint = NetworkScalars.endpoint(last < 0 ? rest : rest.substring(0, dash));
        if (rest.contains("@")) {
            throw Mismatch.because("no user and password in a target");
        }
        if (Literals.address(rest.replaceFirst("/.*", "")) instanceof Inet6Address) {
            throw Mismatch.because("an IPv6 address stands in brackets, before its port");
        }
        if (known == null || endpoint == null) {
            throw Mismatch.plain().suggest(suggestion(scheme, rest));
        }
        InetAddress literal = Literals.address(endpoint.host());
        // RT-09: cloud metadata lives on link-local addresses; the others lead nowhere.
        if (literal != null
                && (literal.isLinkLocalAddress() || literal.isAnyLocalAddress() || literal.isMulticastAddress())) {
            throw Mismatch.because("link-local, multicast and unspecified addresses are no targets");
        }
        if (last >= 0 && last < endpoint.port()) {
            throw Mismatch.because("the first port is above the last");
        }
        return new Target(known, endpoint.host(), endpoint.port(), Math.max(last, endpoint.port()), TargetTls.DEFAULT);
    }

    /// Puts right what is usually wrong: the scheme, a path, a missing port.
    private static @Nullable String suggestion(String scheme, String rest) {
        String near = SCHEMES.containsKey(scheme) ? scheme : Suggestion.nearest(scheme, SCHEMES.keySet());
        String word = near == null ? "http" : near;
        String place = rest.replaceFirst("[/?#].*", "");
        Endpoint endpoint = NetworkScalars.endpoint(place);
        if (endpoint != null) {
            return word + "://" + endpoint;
        }
        String host = Hosts.nameOrAddress(place);
        return host == null || !word.equals("http") ? null : word + "://" + new Endpoint(host, 80);
    }

    private static AllowRule readAllow(String text) throws Mismatch {
        if (text.contains("://")) {
            String place = text.substring(text.indexOf("://") + 3);
            throw Mismatch.because("without scheme").suggest(text.startsWith("udp:") ? place + "/udp" : place);
        }
        Transport by = text.endsWith("/udp") ? Transport.UDP : Transport.TCP;
        String rule = text.endsWith("/udp") || text.endsWith("/tcp") ? text.substring(0, text.length() - 4) : text;
        int colon = rule.lastIndexOf(':');
        String hosts = colon < 0 ? rule : rule.substring(0, colon);
        String ports = colon < 0 ? "" : rule.substring(colon + 1);
        int dash = ports.indexOf('-');
        int first = Literals.port(dash < 0 ? ports : ports.substring(0, dash));
        int last = dash < 0 ? first : Literals.port(ports.substring(dash + 1));
        if (first < 0 || last < first || (hosts.contains(":") && !hosts.startsWith("["))) {
            throw Mismatch.plain();
        }
        boolean brackets = hosts.startsWith("[") && hosts.endsWith("]");
        String bare = brackets ? hosts.substring(1, hosts.length() - 1) : hosts;
        IpPrefix prefix = Literals.prefix(bare);
        if (prefix != null && NetworkScalars.hasHostBits(bare)) {
            throw Mismatch.because("bits are set behind the prefix")
                    .suggest(new AllowRule.Addresses(by, prefix, first, last).toString());
        }
        if (prefix != null) {
            return new AllowRule.Addresses(by, prefix, first, last);
        }
        String name = brackets ? null : Hosts.name(hosts);
        if (name == null) {
            throw Mismatch.plain();
        }
        return new AllowRule.Name(by, name, first, last);
    }
}
