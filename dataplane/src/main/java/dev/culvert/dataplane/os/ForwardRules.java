package dev.culvert.dataplane.os;

import dev.culvert.dataplane.os.ForwardTraffic.Counter;
import dev.culvert.dataplane.os.Nftables.Counted;
import dev.culvert.dataplane.os.Nftables.Rules;
import dev.culvert.dataplane.tunnel.ForwardedDatagrams;
import dev.culvert.model.Bind;
import dev.culvert.model.Rate;
import dev.culvert.model.Refusal;
import dev.culvert.model.Transport;
import dev.culvert.model.forward.Forward;
import dev.culvert.model.forward.ForwardPlan;
import dev.culvert.model.forward.Guard;
import dev.culvert.model.forward.Interval;
import java.net.InetAddress;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What stands in the table of a [ForwardPlan]:
///
/// ```
/// arrived  prerouting, nat    a visitor's first packet to a declared port: its address becomes the target's
/// passing  forward            what goes in or comes out of the tunnel: to the chain of its forward, or on to the
///                             isolation of the tunnel, which drops it
/// forward-N, visitor-N        who may, how often; the mark for who does. For each packet, in both directions, by what
///                             connection tracking knows: so who is denied or banned from now on is cut now
/// leaving  postrouting, nat   counts it as a connection; the visitor's address becomes the gateway's in the tunnel,
///                             where it is not kept
/// ```
final class ForwardRules {
    // Before the translations of docker and the like, and behind the tracking of connections.
    private static final int BEFORE_DESTINATION_NAT = -105;
    private static final int BEFORE_SOURCE_NAT = 95;
    // Before the isolation of the tunnel and the chains of other firewalls, which look for the mark.
    private static final int BEFORE_FILTERS = -20;
    // The most visitors that are told apart at once.
    private static final int VISITORS = 1 << 16;
    // RFC 4291 §2.5.4: a visitor of IPv6 has a /64.
    private static final byte[] VISITOR6 = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};

    private static final String ALL = "all-";
    // What `limits:` of the node refuses, of all services.
    private static final String REFUSED = "refused";

    private final ForwardPlan plan;
    private final String tunnel;
    private final List<InetAddress> own;
    private final Map<String, Counted> before;

    /// @param before what the counters of the table that is replaced have seen
    ForwardRules(ForwardPlan plan, String tunnel, List<InetAddress> own, Map<String, Counted> before) {
        this.plan = plan;
        this.tunnel = tunnel;
        this.own = own;
        this.before = before;
    }

    void write(Rules rules) {
        rules.hook("arrived", "nat", Nftables.HOOK_PREROUTING, BEFORE_DESTINATION_NAT);
        rules.hook("passing", "filter", Nftables.HOOK_FORWARD, BEFORE_FILTERS);
        rules.hook("leaving", "nat", Nftables.HOOK_POSTROUTING, BEFORE_SOURCE_NAT);
        rules.chain("tunnel");
        rules.rule("passing", rule -> rule.to(tunnel).jump("tunnel"));
        rules.rule("passing", rule -> rule.from(tunnel).jump("tunnel"));
        rules.rule("arrived", rule -> rule.from(tunnel).verdict(Nftables.ACCEPT));
        writeCounters(rules);
        for (boolean ipv4 : new boolean[] {true, false}) {
            if (plan.has(ipv4)) {
                writeLimits(rules, ipv4);
            }
        }
        for (int i = 0; i < plan.forwards().size(); i++) {
            Forward forward = plan.forwards().get(i);
            writeWay(rules, forward, "forward-" + i);
            writeGuard(rules, forward, i);
        }
    }

    private void writeCounters(Rules rules) {
        Set<String> names = new LinkedHashSet<>();
        names.add(REFUSED);
        for (Forward forward : plan.forwards()) {
            for (Counter counter : Counter.values()) {
                names.add(counter.of(forward.service()));
            }
        }
        names.forEach(name -> rules.counter(name, before.getOrDefault(name, Counted.NOTHING)));
    }

    private void writeWay(Rules rules, Forward forward, String chain) {
        rules.chain(chain);
        Bind from = forward.from();
        int protocol = protocol(forward);
        rules.rule("arrived", rule -> {
            rule.family(forward.isIpv4() ? Nftables.IPV4 : Nftables.IPV6).protocol(protocol);
            InetAddress address = from.address();
            if (address == null || forward.isAnywhere()) {
                rule.toOneOfOurAddresses();
            } else {
                rule.bytes(Nftables.NETWORK_HEADER, forward.isIpv4() ? 16 : 24, address.getAddress());
            }
            int port = from.count() > 1 ? 0 : forward.port();
            rule.portWithin(from.port(), from.last()).leadTo(forward.target().getAddress(), port);
        });
        rules.rule("tunnel", rule -> isOf(rule, forward).jump(chain));
        // Chains that translate see the first packet of a connection, and no other.
        rules.rule("leaving", rule -> {
            isOf(rule.to(tunnel), forward).countIn(Counter.BEGUN.of(forward.service()));
            if (forward.keepsSource()) {
                return;
            }
            byte[] ours = own(forward.isIpv4());
            if (forward.transport() == Transport.UDP) {
                rule.comeFrom(ours, ForwardedDatagrams.FIRST, ForwardedDatagrams.LAST);
            } else {
                rule.comeFrom(ours);
            }
        });
    }

    private byte[] own(boolean ipv4) {
        for (InetAddress address : own) {
            if ((address.getAddress().length == 4) == ipv4) {
                return address.getAddress();
            }
        }
        throw new IllegalArgumentException("the tunnel has no address of IPv" + (ipv4 ? 4 : 6));
    }

    private static int protocol(Forward forward) {
        return forward.transport() == Transport.UDP ? Nftables.UDP : Nftables.TCP;
    }

    /// Whether a packet belongs to a connection that came this way, or is an error about one.
    private static NftRule isOf(NftRule rule, Forward forward) {
        boolean four = forward.isIpv4();
        Bind from = forward.from();
        rule.isTranslated()
                .trackedProtocol(protocol(forward))
                .tracked(
                        four ? Nftables.SOURCE4 : Nftables.SOURCE6,
                        true,
                        forward.target().getAddress())
                .trackedPortWithin(Nftables.SOURCE_PORT, true, forward.port(), forward.lastPort())
                .trackedPortWithin(Nftables.DESTINATION_PORT, false, from.port(), from.last());
        InetAddress address = from.address();
        if (address != null && !forward.isAnywhere()) {
            rule.tracked(four ? Nftables.DESTINATION4 : Nftables.DESTINATION6, false, address.getAddress());
        }
        return rule;
    }

    private void writeGuard(Rules rules, Forward forward, int number) {
        Guard guard = forward.guard();
        String chain = "forward-" + number;
        boolean four = forward.isIpv4();
        String refused = Counter.REFUSED.of(forward.service());
        int type = four ? Nftables.IPV4_ADDRESS : Nftables.IPV6_ADDRESS;
        if (!guard.denied().isEmpty()) {
            rules.intervals("denied-" + number, type, guard.denied());
            refuse(rules, chain, guard, refused, rule -> load(rule, four).loadedIs(true, "denied-" + number));
        }
        List<Interval> allowed = guard.allowed();
        if (allowed != null) {
            rules.intervals("allowed-" + number, type, allowed);
            refuse(rules, chain, guard, refused, rule -> load(rule, four).loadedIs(false, "allowed-" + number));
        }
        rules.rule(chain, rule -> rule.begins().jump(limits(four)));
        writeNumbers(rules, chain, Integer.toString(number), four, guard, refused);
        if (forward.transport() == Transport.TCP) {
            rules.rule(chain, rule -> rule.protocol(Nftables.TCP).clampSegments());
        }
        rules.rule(chain, rule -> pass(rule.isOfWhoBegan().countIn(Counter.RECEIVED.of(forward.service()))));
        rules.rule(chain, rule -> pass(rule.countIn(Counter.SENT.of(forward.service()))));
    }

    private static void pass(NftRule rule) {
        rule.setMark(LinuxKernelForward.MARK).verdict(Nftables.ACCEPT);
    }

    private static NftRule load(NftRule rule, boolean ipv4) {
        return rule.loadTracked(ipv4 ? Nftables.SOURCE4 : Nftables.SOURCE6, false);
    }

    private static NftRule loadVisitor(NftRule rule, boolean ipv4) {
        return ipv4 ? load(rule, true) : load(rule, false).mask(VISITOR6);
    }

    /// A matching part of a rule.
    @FunctionalInterface
    private interface Matches {
        NftRule of(NftRule rule);
    }

    /// Datagrams, and who shall not be told, are dropped; who begins a connection of TCP gets a reset else.
    private static void refuse(Rules rules, String chain, Guard guard, String counter, Matches who) {
        if (guard.refusal() == Refusal.CLOSE) {
            rules.rule(
                    chain,
                    rule -> who.of(rule.protocol(Nftables.TCP)).countIn(counter).reset());
            rules.rule(
                    chain,
                    rule -> who.of(rule.otherProtocolThan(Nftables.TCP))
                            .countIn(counter)
                            .verdict(Nftables.DROP));
        } else {
            rules.rule(chain, rule -> who.of(rule).countIn(counter).verdict(Nftables.DROP));
        }
    }

    private static String limits(boolean ipv4) {
        return ALL + (ipv4 ? "4" : "6");
    }

    /// What holds for all that is forwarded together: `limits:` of the node.
    private void writeLimits(Rules rules, boolean ipv4) {
        rules.chain(limits(ipv4));
        int perSecond = plan.limits().perSecond();
        Rate rate = perSecond == 0
                ? null
                : new Rate(perSecond, Rate.Per.SECOND, plan.limits().burst());
        Guard guard = new Guard(
                null,
                List.of(),
                rate,
                null,
                plan.limits().perAddress(),
                // The size of the kernel's own table of connections bounds all of them.
                0,
                plan.limits().refusal());
        writeNumbers(rules, limits(ipv4), limits(ipv4), ipv4, guard, REFUSED);
    }

    private static void writeNumbers(
            Rules rules, String chain, String name, boolean ipv4, Guard guard, String refused) {
        int type = ipv4 ? Nftables.IPV4_ADDRESS : Nftables.IPV6_ADDRESS;
        Rate rate = guard.rate();
        if (rate != null) {
            rules.meter("rate-" + name, VISITORS, type, true);
            refuse(rules, chain, guard, refused, rule -> often(loadVisitor(rule.begins(), ipv4), "rate-" + name, rate));
        }
        Rate total = guard.totalRate();
        if (total != null) {
            refuse(rules, chain, guard, refused, rule -> often(rule.begins(), null, total));
        }
        if (guard.perVisitor() > 0) {
            rules.meter("visitors-" + name, VISITORS, type, false);
            refuse(
                    rules,
                    chain,
                    guard,
                    refused,
                    rule -> loadVisitor(rule.begins(), ipv4)
                            .eachMoreAtOnceThan("visitors-" + name, guard.perVisitor()));
        }
        if (guard.connections() > 0) {
            refuse(rules, chain, guard, refused, rule -> rule.begins().moreAtOnceThan(guard.connections()));
        }
    }

    private static NftRule often(NftRule rule, @Nullable String meter, Rate rate) {
        return meter == null
                ? rule.moreOftenThan(rate.events(), rate.per().seconds(), rate.burst())
                : rule.eachMoreOftenThan(meter, rate.events(), rate.per().seconds(), rate.burst());
    }
}
