package dev.culvert.model.forward;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.model.Bind;
import dev.culvert.model.Model;
import dev.culvert.model.Refusal;
import dev.culvert.model.Role;
import dev.culvert.model.Transport;
import dev.culvert.model.config.ModelMerge;
import dev.culvert.model.config.Parsed;
import dev.culvert.model.config.Source;
import dev.culvert.model.decide.Ban;
import dev.culvert.model.decide.BanScope;
import dev.culvert.proto.inet.IpPrefix;
import java.net.InetAddress;
import java.util.List;
import java.util.Set;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.Test;

final class ForwardPlanTest {
    private static final String NODE = """
            tunnel: {type: tun, network6: "fd77::/64"}
            http: {listen: []}
            sites:
              nas:
                type: plain
                public-key: "TqFAWIFQdzzjqs54au739ASc4QD6ZJyU+73blg8dqUI="
                address: [10.77.0.3, "fd77::3"]
            services:
            """;

    private static Model model(String services) {
        Parsed<Model> parsed =
                ModelMerge.merge(Role.GATEWAY, List.of(Source.file("gateway.yaml", NODE + services.indent(2))));
        return switch (parsed) {
            case Parsed.Ok<Model>(var model, var _) -> model;
            case Parsed.Problems<Model>(var problems) -> throw new AssertionError(problems.toString());
        };
    }

    private static ForwardPlan plan(String services, Ban... bans) {
        return ForwardPlan.of(model(services), site -> Ban.prefixes(List.of(bans), site));
    }

    @Test
    void of_withoutKernelServices_isNothing() {
        assertThat(plan("ssh: {listen: 2222/tcp, site: nas, target: \"tcp://10.77.0.3:22\"}"))
                .isSameAs(ForwardPlan.NOTHING);
    }

    @Test
    void of_targetsOfBothVersions_areOneForwardEachAndNoListener() {
        String services = """
                ssh:
                  listen: 2222/tcp
                  site: nas
                  target: [tcp://10.77.0.3:22, "tcp://[fd77::3]:22"]
                  forward: kernel
                """;

        assertThat(plan(services).forwards())
                .extracting(Forward::transport, Forward::from, Forward::target, Forward::port, Forward::keepsSource)
                .containsExactly(
                        tuple(Transport.TCP, Bind.any(2222), "10.77.0.3", 22, false),
                        tuple(Transport.TCP, Bind.any(2222), "fd77::3", 22, false));
        assertThat(model(services).listeners()).isEmpty();
    }

    private static Tuple tuple(Transport transport, Bind from, String target, int port, boolean keeps) {
        return Tuple.tuple(transport, from, InetAddress.ofLiteral(target), port, keeps);
    }

    @Test
    void of_addressOfOneVersion_leadsToTheTargetOfThat() {
        ForwardPlan plan = plan("""
                voice:
                  listen: ["192.0.2.1:29000-29100/udp", "[2001:db8::1]:29000-29100/udp"]
                  site: nas
                  target: ["udp://10.77.0.3:29000-29100", "udp://[fd77::3]:29000-29100"]
                  client-address: transparent
                  forward: kernel
                """);

        assertThat(plan.forwards()).hasSize(2).allMatch(Forward::keepsSource);
        assertThat(plan.forwards()).allMatch(forward -> forward.lastPort() == 29100 && !forward.isAnywhere());
        assertThat(plan.forwards().getFirst().target()).isEqualTo(InetAddress.ofLiteral("10.77.0.3"));
        assertThat(plan.forwards().getLast().from().address()).isEqualTo(InetAddress.ofLiteral("2001:db8::1"));
    }

    @Test
    void of_accessAndBans_areIntervalsOfTheVersionOfTheTarget() {
        Ban everywhere = ban("198.51.100.0/24", new BanScope.All());
        Ban here = ban("192.0.2.7/32", new BanScope.Sites(Set.of("nas")));
        Ban elsewhere = ban("192.0.2.8/32", new BanScope.Sites(Set.of("office")));
        Guard guard =
                plan("""
                ssh:
                  listen: 2222/tcp
                  site: nas
                  target: tcp://10.77.0.3:22
                  forward: kernel
                  max-connections: 9
                  access:
                    allow: [203.0.113.0/25, 203.0.113.128/25, 203.0.113.5, "2001:db8::/32"]
                    deny: 198.51.101.0/24
                    connections: 3
                    refuse: drop
                """, everywhere, here, elsewhere).forwards().getFirst().guard();

        assertThat(guard.allowed()).asString().isEqualTo("[203.0.113.0-203.0.113.255]");
        assertThat(guard.denied()).asString().isEqualTo("[192.0.2.7-192.0.2.7, 198.51.100.0-198.51.101.255]");
        assertThat(guard.perVisitor()).isEqualTo(3);
        assertThat(guard.connections()).isEqualTo(9);
        assertThat(guard.refusal()).isEqualTo(Refusal.DROP);
    }

    /// Nobody of IPv4 is allowed: that is not everyone.
    @Test
    void of_allowOfTheOtherVersion_allowsNobody() {
        Guard guard = plan("""
                ssh:
                  listen: 2222/tcp
                  site: nas
                  target: tcp://10.77.0.3:22
                  forward: kernel
                  access: {allow: "2001:db8::/32"}
                """).forwards().getFirst().guard();

        assertThat(guard.allowed()).isNotNull().isEmpty();
    }

    @Test
    void behind_theLastAddress_isNothing() {
        Interval all = new Interval(InetAddress.ofLiteral("240.0.0.0"), InetAddress.ofLiteral("255.255.255.255"));

        assertThat(all.behind()).isEmpty();
        assertThat(new Interval(all.first(), InetAddress.ofLiteral("10.0.255.255")).behind())
                .containsExactly(10, 1, 0, 0);
    }

    private static Ban ban(String prefix, BanScope scope) {
        return new Ban(IpPrefix.parse(prefix), scope, Ban.FOREVER, "test");
    }
}
