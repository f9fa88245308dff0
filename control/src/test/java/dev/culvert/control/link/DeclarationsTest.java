package dev.culvert.control.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.control.admin.StatusReport;
import dev.culvert.control.testing.GatewayFixture;
import dev.culvert.dataplane.internal.InternalService.AdminCaller;
import dev.culvert.dataplane.internal.InternalService.PeerCaller;
import dev.culvert.dataplane.internal.InternalService.Request;
import dev.culvert.proto.wireguard.PrivateKey;
import dev.culvert.proto.wireguard.PublicKey;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What a gateway takes from a site's offer, and what it leaves.
@Timeout(30)
class DeclarationsTest {
    private static final SecureRandom RANDOM = new SecureRandom();

    private final PublicKey home = PrivateKey.generate(RANDOM).publicKey();
    private final PublicKey cabin = PrivateKey.generate(RANDOM).publicKey();
    private GatewayFixture gateway;
    private Declarations declarations;
    private int port;

    @BeforeEach
    void start(@TempDir Path folder) throws Exception {
        port = freePort();
        gateway = new GatewayFixture(folder, """
                http: {listen: "127.0.0.1:%d"}
                sites:
                  home: {public-key: "%s", address: 10.77.0.2, grant: {host: "*.example.com", port: 1024-65535}}
                  cabin: {public-key: "%s", address: 10.77.0.3, grant: {host: "*"}}
                """.formatted(freePort(), home, cabin));
        declarations = new Declarations(gateway.node, gateway.configuration, gateway.store, gateway.reloader);
        gateway.node.apply(gateway.configuration.load().orThrow());
    }

    @AfterEach
    void stop() {
        gateway.close();
    }

    @Test
    void take_whatIsGranted_isPublishedAndRemembered() throws Exception {
        Map<String, Published> answers = take("home", http("photos", "photos.example.com"), tcp("git", port));

        assertThat(of(answers, "photos").at()).hasSize(1);
        assertThat(of(answers, "photos").at().getFirst()).startsWith("http://photos.example.com:");
        assertThat(of(answers, "git").at()).containsExactly(port + "/tcp");
        assertThat(gateway.node.model().services()).containsOnlyKeys("git", "photos");
        assertThat(of(gateway.node.model().services(), "photos").site()).isEqualTo("home");
        assertThat(gateway.configuration.load().orThrow().services()).containsOnlyKeys("git", "photos");
    }

    @Test
    void take_whatIsNotGranted_isRefusedWithWhoCanMendIt() throws Exception {
        Map<String, Published> answers =
                take("home", http("photos", "photos.example.org"), http("ok", "ok.example.com"));

        assertThat(of(answers, "photos").why())
                .isEqualTo("photos.host \"photos.example.org\" is not granted to site home"
                        + " (at the gateway: culvert site grant home --host photos.example.org)");
        assertThat(of(answers, "ok").isRefused()).isFalse();
        assertThat(gateway.node.events().recent())
                .anyMatch(event -> event.kind().equals("service.refused"));
    }

    @Test
    void take_theHostOfAnotherSite_isRefusedAndTheOtherStays() throws Exception {
        take("home", http("photos", "photos.example.com"));

        Map<String, Published> answers = take("cabin", http("mine", "photos.example.com"));

        assertThat(of(answers, "mine").why())
                .contains("photos.example.com", "is taken by services.photos.host (site home");
        assertThat(gateway.node.model().services()).containsOnlyKeys("photos");
    }

    @Test
    void take_theNameOfAnotherSitesService_isRefused() throws Exception {
        take("home", http("photos", "photos.example.com"));

        assertThat(of(take("cabin", http("photos", "cabin.example.com")), "photos")
                        .why())
                .contains("the name is taken");
        assertThat(of(gateway.node.model().services(), "photos").site()).isEqualTo("home");
    }

    @Test
    void take_laterClaimWithinOneOffer_doesNotPushOutWhatIsThere() throws Exception {
        take("home", http("z", "one.example.com"));

        Map<String, Published> answers = take("home", http("a", "one.example.com"), http("z", "one.example.com"));

        assertThat(of(answers, "z").isRefused()).isFalse();
        assertThat(of(answers, "a").isRefused()).isTrue();
    }

    @Test
    void take_offerWithoutAService_withdrawsIt() throws Exception {
        take("home", http("photos", "photos.example.com"), tcp("git", port));

        take("home", tcp("git", port));

        assertThat(gateway.node.model().services()).containsOnlyKeys("git");
        assertThat(gateway.configuration.declaredBy("home")).hasSize(1);
    }

    @Test
    void take_sameOfferAgain_writesNothing() throws Exception {
        take("home", http("photos", "photos.example.com"));
        long before = gateway.configuration.declaredBy("home").getFirst().version();

        take("home", http("photos", "photos.example.com"));

        assertThat(gateway.configuration.declaredBy("home").getFirst().version())
                .isEqualTo(before);
    }

    @Test
    void take_portThatIsHeld_isRefusedAndTheRestStays() throws Exception {
        take("home", http("photos", "photos.example.com"));
        try (ServerSocket holder = new ServerSocket(0)) {
            Map<String, Published> answers =
                    take("home", http("photos", "photos.example.com"), tcp("git", holder.getLocalPort()));

            assertThat(of(answers, "git").why()).contains("already in use");
            assertThat(of(answers, "photos").isRefused()).isFalse();
            assertThat(gateway.node.model().services()).containsOnlyKeys("photos");
        }
    }

    @Test
    void take_nonsense_isRefusedByName() throws Exception {
        Map<String, Published> answers = take(
                "home",
                new Offered("a", "services: {a: {host: a.example.com, target: \"gopher://x:1\"}}"),
                new Offered("b", "services: [\u0000"),
                new Offered("c", "services: {d: {host: d.example.com, target: \"http://127.0.0.1:80\"}}"),
                new Offered("e", "services: {e: {host: e.example.com, site: cabin, target: \"http://127.0.0.1:80\"}}"),
                new Offered("f", "services: {f: {listen: \"tunnel:80\", target: \"http://127.0.0.1:80\"}}"),
                new Offered("g", "sites: {g: {address: 10.77.0.9}}"));

        assertThat(answers).hasSize(6);
        assertThat(answers.values()).allMatch(Published::isRefused);
        assertThat(gateway.node.model().services()).isEmpty();
        assertThat(gateway.node.model().sites()).containsOnlyKeys("home", "cabin");
    }

    @Test
    void take_moreThan256Services_refusesTheRest() throws Exception {
        Map<String, String> documents = new LinkedHashMap<>();
        for (int i = 0; i < 300; i++) {
            documents.put("s" + i, http("s" + i, "s" + i + ".example.com").document());
        }
        Map<String, Published> answers = declarations.take("home", new Offer(documents));

        assertThat(answers.values().stream().filter(Published::isRefused)).hasSize(44);
        assertThat(gateway.node.model().services()).hasSize(256);
    }

    @Test
    void take_whileTheFileIsBroken_saysSoAndChangesNothing() throws Exception {
        Files.writeString(gateway.file, "http: [");

        assertThatThrownBy(() -> take("home", http("photos", "photos.example.com")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("the gateway's own configuration is broken");
    }

    @Test
    void apply_atAStartWherePortsAreHeld_publishesWhatTheFileSays() throws Exception {
        take("home", tcp("git", port));
        gateway.close();
        gateway = new GatewayFixture(Objects.requireNonNull(gateway.file.getParent()), Files.readString(gateway.file));
        try (ServerSocket holder = new ServerSocket(port)) {
            assertThat(holder.isBound()).isTrue();
            new Declarations(gateway.node, gateway.configuration, gateway.store, gateway.reloader)
                    .apply(gateway.configuration.load().orThrow());

            assertThat(gateway.node.model().services()).isEmpty();
            assertThat(gateway.node.model().sites()).hasSize(2);
        }
    }

    @Test
    void peerCalls_answerPeersOnlyAndOfTheirOwn() throws Exception {
        take("home", http("photos", "photos.example.com"));
        PeerCalls calls = new PeerCalls(
                new StatusReport(gateway.node, "key", "test", "by test")::forPeer, declarations, List::of);

        String toHome = calls.handle(new Request(new PeerCaller("home", home), "GET", "/status", ""))
                .body();
        String toCabin = calls.handle(new Request(new PeerCaller("cabin", cabin), "GET", "/status", ""))
                .body();

        assertThat(toHome).contains("photos", "10.77.0.2").doesNotContain("10.77.0.3");
        assertThat(toCabin).contains("10.77.0.3").doesNotContain("photos", "10.77.0.2");
        assertThat(calls.handle(new Request(new AdminCaller(), "GET", "/status", ""))
                        .status())
                .isEqualTo(403);
        assertThat(calls.handle(new Request(new PeerCaller("home", home), "PUT", "/services", "{"))
                        .status())
                .isEqualTo(400);
        assertThat(calls.handle(new Request(new PeerCaller("home", home), "GET", "/sites", ""))
                        .status())
                .isEqualTo(404);
    }

    private static <T> T of(Map<String, T> map, String name) {
        return Objects.requireNonNull(map.get(name));
    }

    private record Offered(String name, String document) {}

    private Map<String, Published> take(String site, Offered... services) throws IOException {
        Map<String, String> documents = new LinkedHashMap<>();
        List.of(services).forEach(service -> documents.put(service.name(), service.document()));
        return declarations.take(site, new Offer(documents));
    }

    private static Offered http(String name, String host) {
        return new Offered(
                name, "services: {" + name + ": {host: " + host + ", target: \"http://192.168.1.20:2342\"}}");
    }

    private static Offered tcp(String name, int port) {
        return new Offered(
                name, "services: {" + name + ": {listen: " + port + "/tcp, target: \"tcp://127.0.0.1:22\"}}");
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }
}
