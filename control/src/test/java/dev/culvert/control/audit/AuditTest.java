package dev.culvert.control.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.control.doctor.Finding;
import dev.culvert.control.doctor.Finding.Level;
import dev.culvert.control.machine.BoundSocket;
import dev.culvert.control.machine.BoundSocket.Transport;
import dev.culvert.control.machine.DockerPorts;
import dev.culvert.control.machine.PortHolders;
import dev.culvert.model.Model;
import dev.culvert.model.Role;
import dev.culvert.model.config.ModelMerge;
import dev.culvert.model.config.Source;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class AuditTest {
    private static final String GATEWAY = """
            services:
              desk: {listen: 3389/tcp, site: home, target: "tcp://192.168.1.9:3389"}
              ssh: {listen: 2222/tcp, site: home, target: "tcp://127.0.0.1:22", access: {allow: [198.51.100.7]}}
              web: {host: [home.duckdns.org, web.example.com], site: home, target: "http://127.0.0.1:80"}
            sites:
              home: {public-key: "TqFAWIFQdzzjqs54au739ASc4QD6ZJyU+73blg8dqUI=", address: 10.77.0.2}
            """;
    private static final String SITE = """
            allow: ["192.168.1.0/24:80", "127.0.0.1:1000-2000", "127.0.0.1:22"]
            """;

    private static Model model(Role role, String text) {
        return ModelMerge.merge(role, List.of(Source.file("node.yaml", text))).orThrow();
    }

    private static List<Finding> gateway(Map<String, List<InetAddress>> dns) {
        return new ModelAudit(
                        model(Role.GATEWAY, GATEWAY),
                        Set.of(InetAddress.ofLiteral("203.0.113.77"), InetAddress.ofLiteral("2001:db8:77::1")),
                        Set.of(InetAddress.ofLiteral("203.0.113.1")),
                        host -> dns.getOrDefault(host, List.of()))
                .findings();
    }

    @Test
    void model_adminPortWithoutAccess_isTold() {
        assertThat(gateway(Map.of()))
                .filteredOn(finding -> finding.what().contains("remote desktop"))
                .singleElement()
                .satisfies(finding -> assertThat(finding.check()).isEqualTo("service desk"));
        assertThat(gateway(Map.of())).noneMatch(finding -> finding.check().equals("service ssh"));
    }

    @Test
    void model_namesThatTellOfTheHome_areTold() {
        List<InetAddress> home = List.of(InetAddress.ofLiteral("203.0.113.1"), InetAddress.ofLiteral("203.0.113.77"));
        List<InetAddress> sameNet = List.of(InetAddress.ofLiteral("2001:db8:77::abcd"));

        assertThat(gateway(Map.of("web.example.com", home)))
                .anyMatch(finding -> finding.isBroken() && finding.what().contains("203.0.113.77"));
        assertThat(gateway(Map.of("web.example.com", sameNet)))
                .anyMatch(finding -> finding.isBroken() && finding.what().contains("2001:db8:77::abcd"));
        assertThat(gateway(Map.of()))
                .anyMatch(finding -> finding.check().equals("name home.duckdns.org")
                        && finding.what().contains("dynamic DNS"));
    }

    @Test
    void model_aaaaThatLeadsPastTheGateway_isTold() {
        assertThat(gateway(Map.of("web.example.com", List.of(InetAddress.ofLiteral("2001:db8:99::1")))))
                .anyMatch(finding ->
                        finding.level() == Level.WARN && finding.what().contains("AAAA"));
    }

    @Test
    void model_wideAllowRules_areToldAtASite() {
        List<Finding> findings = new ModelAudit(model(Role.SITE, SITE), Set.of(), Set.of(), _ -> List.of()).findings();

        assertThat(findings)
                .extracting(Finding::check)
                .containsExactly("allow 192.168.1.0/24:80", "allow 127.0.0.1:1000-2000");
    }

    @Test
    void machine_openPorts_areToldUnlessOursOrOnOneAddress() throws Exception {
        try (ServerSocket open = new ServerSocket(0);
                ServerSocket ours = new ServerSocket(0);
                ServerSocket target = new ServerSocket(0);
                ServerSocket inside = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            List<Finding> findings = new MachineAudit(
                            Set.of("tcp " + ours.getLocalPort()), Set.of(target.getLocalPort()))
                    .findings(PortHolders.now(), new DockerPorts(Map.of(), true));

            assertThat(findings).anyMatch(finding -> is(finding, open, Level.WARN));
            assertThat(findings).anyMatch(finding -> is(finding, target, Level.BROKEN));
            assertThat(findings)
                    .noneMatch(finding -> finding.check().equals("TCP " + ours.getLocalPort()))
                    .noneMatch(finding -> finding.check().equals("TCP " + inside.getLocalPort()));
        }
    }

    private static boolean is(Finding finding, ServerSocket socket, Level level) {
        return finding.check().equals("TCP " + socket.getLocalPort()) && finding.level() == level;
    }

    @Test
    void machine_whatDockerPublishes_isExposedPastTheFirewall() {
        List<Finding> findings = new MachineAudit(Set.of(), Set.of())
                .findings(PortHolders.now(), new DockerPorts(Map.of("tcp 8080", "172.17.0.2:80"), false));

        assertThat(findings)
                .anyMatch(finding -> finding.check().equals("TCP 8080")
                        && finding.isBroken()
                        && finding.fix().contains("127.0.0.1:8080"))
                .anyMatch(finding -> finding.level() == Level.UNKNOWN);
    }

    @Test
    void boundSocket_onAnyAddressOfEitherFamily_isOpenToEveryone() {
        assertThat(new BoundSocket(Transport.TCP, InetAddress.ofLiteral("::"), 80, 0, 1).onEveryAddress())
                .isTrue();
        assertThat(new BoundSocket(Transport.TCP, InetAddress.ofLiteral("127.0.0.1"), 80, 0, 1).onEveryAddress())
                .isFalse();
    }
}
