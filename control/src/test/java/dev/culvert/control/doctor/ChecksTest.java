package dev.culvert.control.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.control.acme.CertificateView;
import dev.culvert.control.doctor.Finding.Level;
import dev.culvert.model.Bind;
import dev.culvert.model.Endpoint;
import dev.culvert.model.Role;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The checks that need no node. Address literals stand for names: looking one up asks nobody.
final class ChecksTest {
    private static final Set<InetAddress> GATEWAY = Set.of(InetAddress.ofLiteral("203.0.113.1"));

    @TempDir
    private Path folder = Path.of("");

    @ParameterizedTest
    @CsvSource({
        "203.0.113.1, OK, this gateway",
        "203.0.113.99, BROKEN, DNS leads elsewhere: 203.0.113.99",
        "192.168.1.5, BROKEN, a private address",
        "100.64.0.9, BROKEN, a private address"
    })
    void hostName_isHeldAgainstTheGateway(String host, Level level, String words) {
        Finding finding = new HostNameCheck(host, GATEWAY).run();

        assertThat(finding.level()).isEqualTo(level);
        assertThat(finding.what()).contains(words);
        assertThat(finding.fix().isEmpty()).isEqualTo(level == Level.OK);
    }

    @ParameterizedTest
    @CsvSource({
        "203.0.113.1, 51820, OK, an address of this machine",
        "10.0.0.5, 51820, BROKEN, a private address",
        "203.0.113.2, 51820, WARN, not an address of this machine",
        "203.0.113.1, 51821, WARN, port 51821"
    })
    void endpoint_isHeldAgainstThisMachine(String host, int port, Level level, String words) throws Exception {
        Finding finding = new EndpointCheck(() -> new Endpoint(host, port), GATEWAY, 51_820).run();

        assertThat(finding.level()).isEqualTo(level);
        assertThat(finding.what()).contains(words);
    }

    @Test
    void endpoint_thatNobodyKnows_isBroken() throws Exception {
        assertThat(new EndpointCheck(() -> null, GATEWAY, 51_820).run().isBroken())
                .isTrue();
    }

    @Test
    void clock_before2026_isBroken() {
        assertThat(new ClockCheck(InstantSource.fixed(Instant.EPOCH)).run().isBroken())
                .isTrue();
        assertThat(new ClockCheck(InstantSource.fixed(Instant.parse("2026-11-21T00:00:00Z")))
                        .run()
                        .level())
                .isEqualTo(Level.OK);
    }

    @ParameterizedTest
    @CsvSource({
        "file, off, 2026-12-24, '', OK, until 2026-12-24",
        "file, off, 2026-11-25, '', WARN, it ends on 2026-11-25",
        "file, off, 2026-11-20, '', BROKEN, it ended on 2026-11-20",
        "issued, valid, 2026-11-25, '', OK, until 2026-11-25",
        "issued, failing, 2026-12-24, no answer, WARN, its renewal fails: no answer",
        "issued, failing, 2026-11-20, no answer, BROKEN, no answer",
        "stand-in, off, 2027-11-20, '', WARN, none is ordered",
        "stand-in, ordering, 2027-11-20, '', WARN, until the one that is ordered comes",
        "stand-in, failing, 2027-11-20, not accepted, BROKEN, the latest order: not accepted"
    })
    void certificate_isJudgedByItsEndAndItsRenewal(
            String source, String state, String until, String error, Level level, String words) {
        CertificateView view = new CertificateView(
                "web.test",
                "web",
                source,
                state,
                "CN=CA",
                Instant.parse(until + "T00:00:00Z"),
                null,
                error,
                error.isEmpty() ? "" : "open port 80",
                0);
        Finding finding = new CertificateCheck(view, InstantSource.fixed(Instant.parse("2026-11-21T00:00:00Z"))).run();

        assertThat(finding.level()).isEqualTo(level);
        assertThat(finding.what()).contains(words);
        assertThat(finding.fix().isEmpty()).isEqualTo(level == Level.OK);
        assertThat(finding.fix().equals("open port 80")).isEqualTo(!error.isEmpty());
    }

    @Test
    void state_thatTakesAWrite_leavesNothingBehind() throws Exception {
        assertThat(new StateCheck(folder).run().isBroken()).isFalse();
        assertThat(folder).isEmptyDirectory();
        assertThat(new StateCheck(folder.resolve("none")).run().level()).isEqualTo(Level.UNKNOWN);
    }

    @Test
    void publicPort_thatAnswers_saysWhatCannotBeSeenFromHere() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Bind bind = new Bind(InetAddress.getLoopbackAddress(), server.getLocalPort());

            Finding finding = new PublicPortCheck(bind, Set.of()).run();

            assertThat(finding.level()).isEqualTo(Level.OK);
            assertThat(finding.what()).contains("only be seen from outside");
        }
    }

    @Test
    void drops_thatRoseLately_areToldFromThoseOfLastWeek() {
        DropHistory history = new DropHistory();
        long second = 1_000_000_000L;
        history.take(Map.of("wireguard.UNKNOWN_PEER", 3L), 0);
        history.take(Map.of("wireguard.UNKNOWN_PEER", 3L), 60 * second);

        assertThat(history.roseLately("wireguard.UNKNOWN_PEER", 5 * second)).isTrue();
        assertThat(history.roseLately("wireguard.UNKNOWN_PEER", 60 * second)).isFalse();
        history.take(Map.of("wireguard.UNKNOWN_PEER", 4L), 61 * second);
        assertThat(history.roseLately("wireguard.UNKNOWN_PEER", 62 * second)).isTrue();
        assertThat(history.roseLately("wireguard.BAD_MAC1", 62 * second)).isFalse();
    }

    @Test
    void stoppedNode_withAHeldPort_namesTheHolderAndHowToStart() throws Exception {
        try (ServerSocket server = new ServerSocket(0)) {
            Path file = Files.writeString(
                    folder.resolve("gateway.yaml"), "http: {listen: [" + server.getLocalPort() + "]}\n");
            String all = said(new StoppedNode(Role.GATEWAY, file, folder.resolve("state")));

            assertThat(all).contains("no culvert runs").contains("culvert gateway --config " + file);
            assertThat(all).contains("TCP port " + server.getLocalPort() + " is held by ");
        }
    }

    @Test
    void stoppedNode_withABrokenFile_saysWhere() throws Exception {
        Path file = Files.writeString(folder.resolve("gateway.yaml"), "http: {lisen: [1]}\n");

        String all = said(new StoppedNode(Role.GATEWAY, file, folder.resolve("state")));

        assertThat(all).contains("BROKEN   configuration: has 1 mistakes").contains("gateway.yaml:1:");
        assertThat(folder.resolve("state")).doesNotExist();
    }

    private static String said(StoppedNode node) throws Exception {
        List<Finding> findings = Examination.of(node.checks(), _ -> {});
        return findings.stream().map(Finding::toString).collect(Collectors.joining("\n"));
    }
}
