package dev.culvert.dataplane.os;

import dev.culvert.dataplane.os.Nftables.Rules;
import java.util.function.UnaryOperator;

/// The rules of [LinuxReturnPath] for one version of IP: where its headers keep what, and the words of its keys.
enum ReturnFamily {
    IPV4(Nftables.IPV4, 4, 12, 9, Nftables.ICMP, "4"),
    IPV6(Nftables.IPV6, 16, 8, 6, Nftables.ICMPV6, "6");

    // RFC 792 and RFC 4443 §3: what an error is about stands behind so many bytes.
    private static final int ICMP_HEADER = 8;
    // nft's numbers of types, by which it prints elements.
    private static final int PROTOCOL = 12;
    private static final int PORT = 13;

    private final int family;
    private final int bytes;
    private final int source;
    private final int protocol;
    private final int icmp;
    private final String suffix;
    // Words of a key, each in registers of four bytes.
    private final int visitorPort;
    private final int target;
    private final int targetPort;
    private final int transport;

    ReturnFamily(int family, int bytes, int source, int protocol, int icmp, String suffix) {
        this.family = family;
        this.bytes = bytes;
        this.source = source;
        this.protocol = protocol;
        this.icmp = icmp;
        this.suffix = suffix;
        this.visitorPort = bytes / 4;
        this.target = visitorPort + 1;
        this.targetPort = target + bytes / 4;
        this.transport = targetPort + 1;
    }

    String flows() {
        return "flows" + suffix;
    }

    String answers() {
        return "answers" + suffix;
    }

    int addressType() {
        return this == IPV4 ? Nftables.IPV4_ADDRESS : Nftables.IPV6_ADDRESS;
    }

    int[] flowTypes() {
        return new int[] {addressType(), PORT, addressType(), PORT, PROTOCOL};
    }

    int[] answerTypes() {
        return new int[] {addressType(), PORT, PORT};
    }

    private int destination() {
        return source + bytes;
    }

    private int header() {
        return this == IPV4 ? 20 : 40;
    }

    /// Notes where a packet of ours goes; what finds no room comes to the next rule.
    ///
    /// @param verdict on what is noted
    void remember(Rules rules, String chain, int tcpSeconds, int udpSeconds, int verdict) {
        rules.rule(
                chain,
                rule -> key(rule.family(family).protocol(Nftables.TCP), false)
                        .update(flows(), 0, tcpSeconds)
                        .verdict(verdict));
        rules.rule(
                chain,
                rule -> key(rule.family(family).protocol(Nftables.UDP).notToLoopback(), false)
                        .update(flows(), 0, udpSeconds)
                        .verdict(verdict));
        rules.rule(
                chain,
                rule -> answer(
                                key(rule.family(family).protocol(Nftables.UDP), false)
                                        .update(flows(), 0, udpSeconds)
                                        .load(targetPort + 2, Nftables.NETWORK_HEADER, destination(), bytes),
                                source,
                                0,
                                2)
                        .update(answers(), 0, targetPort + 2, udpSeconds)
                        .verdict(verdict));
    }

    /// Marks what belongs to a flow: answers, and errors about what was sent.
    void recognize(Rules rules, String chain, int mark) {
        UnaryOperator<NftRule> mine = rule -> rule.find(flows(), 0).setMark(mark);
        rules.rule(chain, rule -> mine.apply(key(rule.family(family), true)).verdict(Nftables.ACCEPT));
        rules.rule(
                chain,
                rule -> mine.apply(quoted(rule.family(family).protocol(icmp))).verdict(Nftables.ACCEPT));
    }

    /// A server of datagrams that listens at all addresses answers from the one that leads to the visitor: the answer
    /// gets the address that was asked.
    void correct(Rules rules, String chain, int mark) {
        rules.rule(
                chain,
                rule -> answer(rule.family(family).protocol(Nftables.UDP), destination(), 2, 0)
                        .find(answers(), 0, target + 1)
                        .writeAddress(target + 1, source, bytes, this == IPV4 ? 10 : -1)
                        .setMark(mark)
                        .verdict(Nftables.ACCEPT));
    }

    /// @param answer whether the visitor is the destination
    private NftRule key(NftRule rule, boolean answer) {
        int visitor = answer ? destination() : source;
        int other = answer ? source : destination();
        return rule.load(0, Nftables.NETWORK_HEADER, visitor, bytes)
                .load(visitorPort, Nftables.TRANSPORT_HEADER, answer ? 2 : 0, 2)
                .load(target, Nftables.NETWORK_HEADER, other, bytes)
                .load(targetPort, Nftables.TRANSPORT_HEADER, answer ? 0 : 2, 2)
                .loadProtocol(transport);
    }

    /// The key of the packet that an error of ICMP quotes.
    private NftRule quoted(NftRule rule) {
        return rule.load(0, Nftables.TRANSPORT_HEADER, ICMP_HEADER + source, bytes)
                .load(visitorPort, Nftables.TRANSPORT_HEADER, ICMP_HEADER + header(), 2)
                .load(target, Nftables.TRANSPORT_HEADER, ICMP_HEADER + destination(), bytes)
                .load(targetPort, Nftables.TRANSPORT_HEADER, ICMP_HEADER + header() + 2, 2)
                .load(transport, Nftables.TRANSPORT_HEADER, ICMP_HEADER + protocol, 1);
    }

    /// Visitor, its port, and the target's port.
    private NftRule answer(NftRule rule, int visitor, int visitorsPort, int targetsPort) {
        return rule.load(0, Nftables.NETWORK_HEADER, visitor, bytes)
                .load(visitorPort, Nftables.TRANSPORT_HEADER, visitorsPort, 2)
                .load(visitorPort + 1, Nftables.TRANSPORT_HEADER, targetsPort, 2);
    }
}
