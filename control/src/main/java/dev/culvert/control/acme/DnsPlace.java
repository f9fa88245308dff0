package dev.culvert.control.acme;

import dev.culvert.control.acme.Authority.OrderException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.CNAMERecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.NSRecord;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Resolver;
import org.xbill.DNS.Section;
import org.xbill.DNS.SimpleResolver;
import org.xbill.DNS.TXTRecord;
import org.xbill.DNS.Type;

/// Where in DNS a record stands: its name behind all aliases, its zone, and who answers for that.
///
/// @param resolver whom to ask for anything else
record DnsPlace(Name record, Name zone, Resolver resolver) {
    private static final Logger LOG = LoggerFactory.getLogger("culvert");
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final Duration INTERVAL = Duration.ofSeconds(2);
    private static final Duration ANSWER = Duration.ofSeconds(3);
    private static final int MOST_ALIASES = 8;
    private static final int PORT = 53;

    /// @throws OrderException if no server says which zone it is in
    static DnsPlace find(String record, Resolver resolver) throws OrderException {
        try {
            Name name = aliased(Name.fromString(record + "."), resolver);
            return new DnsPlace(name, zoneOf(name, resolver), resolver);
        } catch (IOException e) {
            throw new OrderException(
                    OrderFault.DNS,
                    "no DNS server answers for " + record + ": " + Faults.line("" + e.getMessage()),
                    "");
        }
    }

    DnsPlace in(Name otherZone) {
        return new DnsPlace(record, otherZone, resolver);
    }

    /// An alias leads validation to a zone that may be changed by machines, where the domain's own may not.
    private static Name aliased(Name name, Resolver resolver) throws IOException {
        Name at = name;
        for (int i = 0; i < MOST_ALIASES; i++) {
            Name next = null;
            for (Record answer : ask(resolver, at, Type.CNAME).getSection(Section.ANSWER)) {
                if (answer instanceof CNAMERecord alias && alias.getName().equals(at)) {
                    next = alias.getTarget();
                }
            }
            if (next == null) {
                return at;
            }
            at = next;
        }
        throw new IOException("more than " + MOST_ALIASES + " aliases");
    }

    /// A server that does not have the name names the zone's SOA record instead (RFC 2308 §3).
    private static Name zoneOf(Name name, Resolver resolver) throws IOException {
        for (Name at = name; at.labels() > 1; at = new Name(at, 1)) {
            Message answer = ask(resolver, at, Type.SOA);
            for (int section : new int[] {Section.ANSWER, Section.AUTHORITY}) {
                for (Record found : answer.getSection(section)) {
                    if (found.getType() == Type.SOA && name.subdomain(found.getName())) {
                        return found.getName();
                    }
                }
            }
        }
        throw new IOException("it names no zone");
    }

    /// Waits until every server of the zone that answers shows the value. Where none can be asked from here, the
    /// authority will see for itself.
    void awaitTxt(String value) throws OrderException, InterruptedException {
        List<InetSocketAddress> servers = servers();
        long end = System.nanoTime() + PATIENCE.toNanos();
        for (InetSocketAddress missing = missing(servers, value); missing != null; ) {
            if (System.nanoTime() - end > 0) {
                throw new OrderException(
                        OrderFault.DNS,
                        "the name server " + missing.getAddress().getHostAddress() + " does not show " + record
                                + " after " + PATIENCE.toSeconds() + " s",
                        "does it follow the zone's first server?");
            }
            Thread.sleep(INTERVAL);
            missing = missing(servers, value);
        }
    }

    /// The first server that answers, and not with the value.
    private @Nullable InetSocketAddress missing(List<InetSocketAddress> servers, String value) {
        for (InetSocketAddress server : servers) {
            try {
                if (!shows(server, value)) {
                    return server;
                }
            } catch (IOException e) {
                LOG.debug("{} is silent from here: a firewall, or a family that this machine does not have", server);
            }
        }
        return null;
    }

    private boolean shows(InetSocketAddress server, String value) throws IOException {
        SimpleResolver asked = new SimpleResolver(server);
        asked.setTimeout(ANSWER);
        Message query = Message.newQuery(Record.newRecord(record, Type.TXT, DClass.IN));
        query.getHeader().unsetFlag(Flags.RD);
        for (Record found : asked.send(query).getSection(Section.ANSWER)) {
            if (found instanceof TXTRecord text
                    && String.join("", text.getStrings()).equals(value)) {
                return true;
            }
        }
        return false;
    }

    private List<InetSocketAddress> servers() {
        Set<InetSocketAddress> servers = new LinkedHashSet<>();
        try {
            for (Record found : ask(resolver, zone, Type.NS).getSection(Section.ANSWER)) {
                if (found instanceof NSRecord server) {
                    for (InetAddress address : addresses(server.getTarget())) {
                        servers.add(new InetSocketAddress(address, PORT));
                    }
                }
            }
        } catch (IOException e) {
            return List.of();
        }
        return List.copyOf(servers);
    }

    /// As this machine resolves it, or as the zone's own server says.
    private List<InetAddress> addresses(Name server) {
        List<InetAddress> found = new ArrayList<>();
        try {
            for (int type : new int[] {Type.A, Type.AAAA}) {
                for (Record answer : ask(resolver, server, type).getSection(Section.ANSWER)) {
                    switch (answer) {
                        case ARecord v4 -> found.add(v4.getAddress());
                        case AAAARecord v6 -> found.add(v6.getAddress());
                        default -> {}
                    }
                }
            }
            if (found.isEmpty()) {
                found.addAll(List.of(InetAddress.getAllByName(server.toString(true))));
            }
        } catch (IOException e) {
            return found;
        }
        return found;
    }

    private static Message ask(Resolver resolver, Name name, int type) throws IOException {
        Message answer = resolver.send(Message.newQuery(Record.newRecord(name, type, DClass.IN)));
        int code = answer.getRcode();
        if (code != Rcode.NOERROR && code != Rcode.NXDOMAIN) {
            throw new IOException("it answers " + Rcode.string(code) + " for " + name);
        }
        return answer;
    }
}
