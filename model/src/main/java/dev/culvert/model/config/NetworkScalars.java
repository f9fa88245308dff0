package dev.culvert.model.config;

import dev.culvert.model.Bind;
import dev.culvert.model.Endpoint;
import dev.culvert.model.Listener;
import dev.culvert.model.Literals;
import dev.culvert.model.PortRange;
import dev.culvert.model.Transport;
import dev.culvert.model.TunnelSettings;
import dev.culvert.proto.inet.IpPrefix;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/// Addresses, prefixes, and addresses with ports.
public final class NetworkScalars {
    private static final String TUNNEL = "tunnel:";
    private static final String LAN = "lan:";

    static final Scalar<InetAddress> ADDRESS =
            Scalar.of("an address such as 10.77.0.2 or fd77:77:77::2", NetworkScalars::readAddress);

    static final Scalar<IpPrefix> PREFIX =
            Scalar.of("a prefix such as 192.168.1.0/24 or fd00::/64", NetworkScalars::readPrefix);

    /// Private prefixes only make sense here, and 0.0.0.0/0 would switch the check off.
    static final Scalar<IpPrefix> CLIENT_PREFIX =
            Scalar.of("a prefix such as 192.168.0.0/16, at least /8 or /7 of IPv6", NetworkScalars::readClientPrefix);

    static final Scalar<IpPrefix> NETWORK = Scalar.of("an IPv4 network such as 10.77.0.0/24, /8 to /30", text -> {
        IpPrefix prefix = readPrefix(text);
        if (!prefix.isIpv4() || prefix.length() < 8 || prefix.length() > 30 || !isUnicast(prefix.address())) {
            throw Mismatch.plain();
        }
        return prefix;
    });

    static final Scalar<IpPrefix> NETWORK6 =
            Scalar.of("a unique local IPv6 network such as fd77:77:77::/64, /48 to /120", text -> {
                IpPrefix prefix = readPrefix(text);
                boolean unique = (prefix.address().getAddress()[0] & 0xfe) == 0xfc;
                if (prefix.isIpv4() || prefix.length() < 48 || prefix.length() > 120 || !unique) {
                    throw Mismatch.plain();
                }
                return prefix;
            });

    static final Scalar<Endpoint> ENDPOINT =
            Scalar.of("host:port such as vps.example.com:51820", NetworkScalars::readEndpoint);

    static final Scalar<Bind> UDP_BIND =
            Scalar.of("port or address:port such as 51820 or [::]:51820", text -> readBind(text, 0));

    /// Where a node serves by host name: everywhere, inside the tunnel, or on a network of its own.
    static final Scalar<Entrance> HTTP_LISTEN = Scalar.of(
            "port, address:port, tunnel:port or lan:port such as 80, 192.0.2.1:80, tunnel:80 or lan:80",
            NetworkScalars::readHttpListen);

    static final Scalar<Entrance> HTTP_LISTEN_AT_SITE =
            Scalar.of("lan:port or lan:address:port such as lan:443", text -> {
                Entrance entrance = readHttpListen(text);
                if (entrance.scope() != Listener.Scope.LAN) {
                    throw Mismatch.because("visitors from outside come by the gateway")
                            .suggest(LAN + entrance.bind().port());
                }
                return entrance;
            });

    static final Scalar<Entrance> SERVICE_LISTEN = Scalar.of(
            "port/tcp, port/udp or first-last/udp, with address: before it or not, such as 2222/tcp or 27000-27100/udp",
            NetworkScalars::readServiceListen);

    static final Scalar<Entrance> SITE_LISTEN = Scalar.of(
            "port/tcp, port/udp or first-last/udp of the gateways such as 2222/tcp, or tunnel:port such as tunnel:8080"
                    + " or tunnel:53/udp",
            NetworkScalars::readSiteListen);

    /// Where a service is reached.
    record Entrance(Listener.Scope scope, Bind bind, Transport transport) {
        /// By connections.
        Entrance(Listener.Scope scope, Bind bind) {
            this(scope, bind, Transport.TCP);
        }
    }

    private NetworkScalars() {}

    private static InetAddress readAddress(String text) throws Mismatch {
        InetAddress address = Literals.address(text);
        if (address != null && isUnicast(address)) {
            return address;
        }
        // wg-quick writes Address = 10.77.0.2/24.
        int slash = text.indexOf('/');
        InetAddress before = slash < 0 ? null : Literals.address(text.substring(0, slash));
        throw Mismatch.plain().suggest(before == null ? null : Literals.format(before));
    }

    /// Bits behind the prefix are refused, not cleared: `10.0.0.5/8` may have been meant as one host.
    static IpPrefix readPrefix(String text) throws Mismatch {
        IpPrefix prefix = Literals.prefix(text);
        if (prefix == null) {
            throw Mismatch.plain();
        }
        if (hasHostBits(text)) {
            throw Mismatch.because("bits are set behind the prefix").suggest(Literals.format(prefix));
        }
        return prefix;
    }

    static boolean hasHostBits(String text) {
        IpPrefix prefix = Literals.prefix(text);
        int slash = text.indexOf('/');
        InetAddress written = Literals.address(slash < 0 ? text : text.substring(0, slash));
        return prefix != null && !prefix.address().equals(written);
    }

    private static IpPrefix readClientPrefix(String text) throws Mismatch {
        IpPrefix prefix = readPrefix(text);
        if (prefix.length() < (prefix.isIpv4() ? 8 : 7)) {
            throw Mismatch.because("too wide");
        }
        return prefix;
    }

    private static boolean isUnicast(InetAddress address) {
        boolean reserved = address.getAddress().length == 4 && (address.getAddress()[0] & 0xf0) == 0xf0;
        return !reserved
                && !address.isAnyLocalAddress()
                && !address.isLoopbackAddress()
                && !address.isMulticastAddress()
                && !address.isLinkLocalAddress();
    }

    private static Endpoint readEndpoint(String text) throws Mismatch {
        Endpoint endpoint = endpoint(text);
        if (endpoint != null) {
            return endpoint;
        }
        String host = Hosts.nameOrAddress(text);
        throw host == null
                ? Mismatch.plain()
                : Mismatch.because("without a port")
                        .suggest(new Endpoint(host, TunnelSettings.DEFAULT_PORT).toString());
    }

    /// `host:port` in canonical form, or null.
    public static @Nullable Endpoint endpoint(String text) {
        int colon = text.lastIndexOf(':');
        if (colon < 1 || (text.indexOf(':') < colon && !text.startsWith("["))) {
            return null;
        }
        String host = Hosts.nameOrAddress(text.substring(0, colon));
        int port = Literals.port(text.substring(colon + 1));
        return host == null || port < 0 ? null : new Endpoint(host, port);
    }

    private static Bind readBind(String text, int least) throws Mismatch {
        int port = Literals.number(text, 65535);
        if (port >= least) {
            return Bind.any(port);
        }
        Endpoint endpoint = endpoint(text);
        InetAddress address = endpoint == null ? null : Literals.address(endpoint.host());
        if (endpoint == null || address == null) {
            throw port == 0 ? Mismatch.because("ports are 1..65535") : Mismatch.plain();
        }
        return new Bind(address, endpoint.port());
    }

    private static Entrance readServiceListen(String text) throws Mismatch {
        int slash = text.lastIndexOf('/');
        String protocol = slash < 0 ? "" : text.substring(slash + 1);
        String bare = slash < 0 ? text : text.substring(0, slash);
        if (text.startsWith(TUNNEL)) {
            throw Mismatch.because("tunnel: is for site.yaml");
        }
        if (protocol.equals("tcp")) {
            return new Entrance(Listener.Scope.PUBLIC, readConnectionBind(bare));
        }
        if (protocol.equals("udp")) {
            return new Entrance(Listener.Scope.PUBLIC, readBinds(bare), Transport.UDP);
        }
        boolean usable = Literals.port(bare) > 0 || endpoint(bare) != null;
        boolean range = readRange(bare) != null;
        throw Mismatch.plain().suggest(usable ? bare + "/tcp" : range ? bare + "/udp" : null);
    }

    private static Bind readConnectionBind(String text) throws Mismatch {
        if (readRange(text) != null) {
            throw Mismatch.because("several ports in a row are for udp; with tcp a list names each");
        }
        return readBind(text, 1);
    }

    /// A port or several in a row, of all addresses or one.
    private static Bind readBinds(String text) throws Mismatch {
        Bind range = readRange(text);
        return range == null ? readBind(text, 1) : range;
    }

    /// `27000-27100` or `192.0.2.1:27000-27100`, or null.
    private static @Nullable Bind readRange(String text) throws Mismatch {
        int dash = text.lastIndexOf('-');
        int last = dash < 0 ? -1 : Literals.port(text.substring(dash + 1));
        String first = dash < 0 ? "" : text.substring(0, dash);
        if (last < 0 || (Literals.port(first) < 0 && endpoint(first) == null)) {
            return null;
        }
        Bind bind = readBind(first, 1);
        if (last < bind.port()) {
            throw Mismatch.because("the first port is above the last");
        }
        return new Bind(bind.address(), bind.port(), last);
    }

    private static Entrance readHttpListen(String text) throws Mismatch {
        if (text.startsWith(TUNNEL)) {
            int port = Literals.port(text.substring(TUNNEL.length()));
            if (port < 0) {
                throw Mismatch.plain();
            }
            return new Entrance(Listener.Scope.TUNNEL, Bind.any(port));
        }
        if (text.startsWith(LAN)) {
            return new Entrance(Listener.Scope.LAN, readBind(text.substring(LAN.length()), 1));
        }
        return new Entrance(Listener.Scope.PUBLIC, readBind(text, 1));
    }

    private static Entrance readSiteListen(String text) throws Mismatch {
        if (text.startsWith(TUNNEL)) {
            return readInside(text.substring(TUNNEL.length()));
        }
        Entrance entrance = readServiceListen(text);
        Bind bind = entrance.bind();
        if (bind.address() != null) {
            throw Mismatch.because("a site does not know the gateway's addresses")
                    .suggest(new Bind(null, bind.port(), bind.last()) + "/" + entrance.transport());
        }
        return entrance;
    }

    private static Entrance readInside(String text) throws Mismatch {
        boolean udp = text.endsWith("/udp");
        String ports = udp || text.endsWith("/tcp") ? text.substring(0, text.length() - 4) : text;
        PortRange range = ports.contains("/") ? null : PortRange.parse(ports);
        if (range == null || (!udp && range.first() != range.last())) {
            throw Mismatch.plain();
        }
        Bind bind = new Bind(null, range.first(), range.last());
        return new Entrance(Listener.Scope.TUNNEL, bind, udp ? Transport.UDP : Transport.TCP);
    }
}
