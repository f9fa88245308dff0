package dev.culvert.control.audit;

import dev.culvert.control.doctor.Finding;
import dev.culvert.model.AllowRule;
import dev.culvert.model.Destination;
import dev.culvert.model.Literals;
import dev.culvert.model.Model;
import dev.culvert.model.Service;
import dev.culvert.model.Transport;
import dev.culvert.proto.inet.IpPrefix;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/// What the configuration opens wider than it needs, and what names tell about the home. Pure but for the look-up that
/// it is handed.
public final class ModelAudit {
    // Ports at which whole machines are administered: SSH, Telnet, RPC, SMB, Docker, RDP, Cockpit, VNC, WinRM, Webmin,
    // Proxmox, and databases that trust who can connect.
    private static final Map<Integer, String> ADMIN = new TreeMap<>(Map.ofEntries(
            Map.entry(22, "SSH"),
            Map.entry(23, "Telnet"),
            Map.entry(135, "Windows RPC"),
            Map.entry(445, "file sharing"),
            Map.entry(2375, "Docker without a password"),
            Map.entry(3306, "MySQL"),
            Map.entry(3389, "remote desktop"),
            Map.entry(5432, "PostgreSQL"),
            Map.entry(5900, "VNC"),
            Map.entry(5985, "WinRM"),
            Map.entry(6379, "Redis"),
            Map.entry(8006, "Proxmox"),
            Map.entry(9090, "Cockpit"),
            Map.entry(10_000, "Webmin"),
            Map.entry(27_017, "MongoDB")));

    // Names of these point at a home's line, and everybody can look them up.
    private static final List<String> DYNAMIC = List.of(
            "duckdns.org",
            "ddns.net",
            "dyndns.org",
            "no-ip.org",
            "hopto.org",
            "zapto.org",
            "myfritz.net",
            "synology.me",
            "freeddns.org",
            "dynu.net",
            "myds.me",
            "spdns.de");

    private final Model model;
    private final Set<InetAddress> homes;
    private final Set<InetAddress> gateway;
    private final Function<String, List<InetAddress>> lookUp;

    /// @param homes where this gateway's sites were last heard of
    /// @param gateway this gateway's public addresses; empty where nobody knows them
    /// @param lookUp the addresses of a name, empty where it has none
    public ModelAudit(
            Model model, Set<InetAddress> homes, Set<InetAddress> gateway, Function<String, List<InetAddress>> lookUp) {
        this.model = model;
        this.homes = Set.copyOf(homes);
        this.gateway = Set.copyOf(gateway);
        this.lookUp = lookUp;
    }

    public List<Finding> findings() {
        List<Finding> findings = new ArrayList<>();
        for (Service service : model.services().values()) {
            admin(service, findings);
            service.hosts().stream().filter(host -> !host.startsWith("*.")).forEach(host -> name(host, findings));
        }
        model.rules().allow().forEach(rule -> allowed(rule, findings));
        if (findings.isEmpty()) {
            findings.add(
                    Finding.ok("configuration", "nothing is open wider than it says, and no name tells of the home"));
        }
        return findings;
    }

    private static void admin(Service service, List<Finding> findings) {
        boolean open = !service.access().isGuarded();
        for (Destination destination : service.targets()) {
            admin(service, destination, open, findings);
        }
    }

    private static void admin(Service service, Destination destination, boolean open, List<Finding> findings) {
        boolean datagrams = destination.target().transport() == Transport.UDP;
        String what = datagrams ? null : ADMIN.get(destination.target().port());
        if (what != null && open && destination.site() != null) {
            findings.add(new Finding(
                    "service " + service.name(),
                    Finding.Level.WARN,
                    "leads everyone on the internet to port "
                            + destination.target().port() + " (" + what + ")",
                    "name who may come: access: {allow: [203.0.113.7]}; or reach it through the tunnel only"));
        }
    }

    private void name(String host, List<Finding> findings) {
        for (String suffix : DYNAMIC) {
            if (host.equals(suffix) || host.endsWith("." + suffix)) {
                findings.add(new Finding(
                        "name " + host,
                        Finding.Level.WARN,
                        "is a dynamic DNS name: it is made to follow a home's address",
                        "give visitors a name that only ever pointed at the gateway"));
            }
        }
        for (InetAddress address : lookUp.apply(host)) {
            if (homes.stream().anyMatch(home -> sameLine(home, address))) {
                findings.add(new Finding(
                        "name " + host,
                        Finding.Level.BROKEN,
                        Literals.format(address) + " in DNS is a home's own address: visitors see where it is, and may"
                                + " come past the gateway",
                        "take it out of DNS; only the gateway's addresses belong there"));
            } else if (address.getAddress().length == 16 && !gateway.isEmpty() && !gateway.contains(address)) {
                findings.add(new Finding(
                        "name " + host,
                        Finding.Level.WARN,
                        "its AAAA record " + Literals.format(address)
                                + " is not this gateway: visitors with IPv6 go there",
                        "let it name the gateway, or take it out"));
            }
        }
    }

    /// A home's machines have one IPv4 address, and a /64 of IPv6 or more.
    private static boolean sameLine(InetAddress home, InetAddress address) {
        return home.getAddress().length == address.getAddress().length
                && new IpPrefix(home, home.getAddress().length == 4 ? 32 : 64).contains(address);
    }

    private static void allowed(AllowRule rule, List<Finding> findings) {
        boolean manyPorts = rule.firstPort() != rule.lastPort();
        boolean manyHosts = rule instanceof AllowRule.Addresses(Transport by, IpPrefix prefix, int first, int last)
                && prefix.length() < prefix.address().getAddress().length * 8;
        if (manyPorts || manyHosts) {
            findings.add(new Finding(
                    "allow " + rule,
                    Finding.Level.WARN,
                    "lets a taken-over gateway reach " + (manyHosts ? "a whole network" : "more than one port"),
                    "list the targets that services use, one line each"));
        }
    }
}
