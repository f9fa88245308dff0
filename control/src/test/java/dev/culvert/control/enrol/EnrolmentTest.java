package dev.culvert.control.enrol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.control.admin.AdminService;
import dev.culvert.control.admin.StatusReport;
import dev.culvert.control.config.Configuration;
import dev.culvert.control.store.SqliteStore;
import dev.culvert.control.store.Store;
import dev.culvert.dataplane.Events;
import dev.culvert.dataplane.Loops;
import dev.culvert.dataplane.Node;
import dev.culvert.dataplane.internal.InternalService.AdminCaller;
import dev.culvert.dataplane.internal.InternalService.PeerCaller;
import dev.culvert.dataplane.internal.InternalService.Request;
import dev.culvert.dataplane.internal.InternalService.Response;
import dev.culvert.dataplane.tunnel.EmbeddedTunnel;
import dev.culvert.model.Endpoint;
import dev.culvert.model.Model;
import dev.culvert.model.Role;
import dev.culvert.model.decide.Admission;
import dev.culvert.model.decide.BanTable;
import dev.culvert.model.decide.Limits;
import dev.culvert.proto.wireguard.JdkAead;
import dev.culvert.proto.wireguard.PrivateKey;
import dev.culvert.proto.wireguard.PublicKey;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The rows of enrolment, and the operator's calls around it, on a gateway without a listener.
@Timeout(20)
class EnrolmentTest {
    private static final Endpoint ENDPOINT = new Endpoint("vps.example.com", 51820);

    private final PrivateKey gatewayKey = PrivateKey.generate(new SecureRandom());
    private final PublicKey siteKey = PrivateKey.generate(new SecureRandom()).publicKey();
    private final PublicKey otherKey = PrivateKey.generate(new SecureRandom()).publicKey();
    private final Loops loops = Loops.forThisMachine();
    private final ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor();
    private final ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();
    private Store store;
    private Node node;
    private Enrolment enrolment;
    private AdminService admin;

    @BeforeEach
    void start(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("gateway.yaml"), "http: {listen: []}\n");
        store = new SqliteStore(folder.resolve("store"));
        Configuration configuration = new Configuration(Role.GATEWAY, file, false, store);
        Model model = configuration.load().orThrow();
        EmbeddedTunnel tunnel = EmbeddedTunnel.open(
                loops.tunnel(),
                new EmbeddedTunnel.Settings(gatewayKey, model.tunnel().addresses(), 1420),
                loops.bindUdp(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)),
                JdkAead::new);
        Admission admission = new Admission(Limits.DEFAULT, new BanTable(), 1, System.nanoTime());
        node = new Node(
                new Node.Parts(
                        loops,
                        tunnel,
                        admission,
                        new Events(),
                        workers,
                        scheduler,
                        name -> {
                            throw new IOException(name);
                        },
                        _ -> {}),
                model);
        enrolment = new Enrolment(node, store, gatewayKey.publicKey(), () -> apply(configuration));
        admin = new AdminService(
                node,
                new StatusReport(node, gatewayKey.publicKey().toString(), loops.kind()),
                enrolment,
                () -> ENDPOINT);
    }

    private void apply(Configuration configuration) {
        try {
            node.apply(configuration.load().orThrow());
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @AfterEach
    void stop() {
        scheduler.shutdownNow();
        node.close();
        node.tunnel().close();
        loops.close();
        workers.close();
    }

    @Test
    void redeem_makesTheSiteAndTellsItsAddress() throws Exception {
        Token token = enrolment.issue("home", ENDPOINT, false);

        Response answer = redeem(token, siteKey);

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body()).contains("\"address\":\"10.77.0.2\"", "\"site\":\"home\"");
        assertThat(String.valueOf(node.model().sites().get("home"))).contains(siteKey.toString());
    }

    @Test
    void redeem_againWithTheSameKey_asWhenTheReplyWasLost_givesTheSameAnswer() throws Exception {
        Token token = enrolment.issue("home", ENDPOINT, false);
        Response first = redeem(token, siteKey);

        assertThat(redeem(token, siteKey)).isEqualTo(first);
        assertThat(node.model().sites()).hasSize(1);
    }

    @Test
    void redeem_againWithAnotherKey_is410WithTheTimeOfTheFirstUse() throws Exception {
        Token token = enrolment.issue("home", ENDPOINT, false);
        redeem(token, siteKey);

        Response refused = redeem(token, otherKey);

        assertThat(refused.status()).isEqualTo(410);
        assertThat(refused.body()).contains("this token was used at 20", "culvert site add home --replace");
        assertThat(String.valueOf(node.model().sites().get("home"))).contains(siteKey.toString());
    }

    @Test
    void redeem_ofAnExpiredToken_is410() throws Exception {
        Token token = enrolment.issue("home", ENDPOINT, false);
        Store.Document document = store.list("enrolments").getFirst();
        store.put(
                document.key(),
                document.version(),
                document.text().replaceFirst("\"expires\":\"[^\"]*\"", "\"expires\":\"2026-01-01T00:00:00Z\""));

        Response refused = redeem(token, siteKey);

        assertThat(refused.status()).isEqualTo(410);
        assertThat(refused.body()).contains("expired at 2026-01-01T00:00:00Z");
        assertThat(node.model().sites()).isEmpty();
    }

    @Test
    void redeem_byAGuestThatNoTokenKnows_is404() {
        Response refused =
                enrolment.handle(new Request(new PeerCaller(otherKey), "POST", "/enrol", siteKey.toString()));

        assertThat(refused.status()).isEqualTo(404);
    }

    @Test
    void otherRequests_areRefused() throws Exception {
        PeerCaller guest = new PeerCaller(
                enrolment.issue("home", ENDPOINT, false).oneTimeKey().publicKey());

        assertThat(enrolment.handle(new Request(guest, "GET", "/enrol", "")).status())
                .isEqualTo(404);
        assertThat(enrolment.handle(new Request(guest, "POST", "/sites", "")).status())
                .isEqualTo(404);
        assertThat(enrolment
                        .handle(new Request(guest, "POST", "/enrol", "no key"))
                        .status())
                .isEqualTo(400);
        assertThat(enrolment
                        .handle(new Request(new AdminCaller(), "POST", "/enrol", siteKey.toString()))
                        .status())
                .isEqualTo(404);
    }

    @Test
    void issue_forASiteThatExists_needsReplaceAndKeepsTheAddress() throws Exception {
        redeem(enrolment.issue("home", ENDPOINT, false), siteKey);

        assertThatThrownBy(() -> enrolment.issue("home", ENDPOINT, false)).hasMessageContaining("--replace");
        Response replaced = redeem(enrolment.issue("home", ENDPOINT, true), otherKey);

        assertThat(replaced.body()).contains("\"address\":\"10.77.0.2\"");
        assertThat(String.valueOf(node.model().sites().get("home"))).contains(otherKey.toString());
    }

    @Test
    void secondTokenForANameThatWasTakenMeanwhile_doesNotTakeItOver() throws Exception {
        Token first = enrolment.issue("home", ENDPOINT, false);
        Token second = enrolment.issue("home", ENDPOINT, false);
        redeem(first, siteKey);

        Response late = redeem(second, otherKey);

        assertThat(late.status()).isEqualTo(410);
        assertThat(String.valueOf(node.model().sites().get("home"))).contains(siteKey.toString());
    }

    @Test
    void usedTokenOfAKeyThatWasReplacedSince_doesNotTakeTheSiteBack() throws Exception {
        Token first = enrolment.issue("home", ENDPOINT, false);
        redeem(first, siteKey);
        redeem(enrolment.issue("home", ENDPOINT, true), otherKey);

        assertThat(redeem(first, siteKey).status()).isEqualTo(410);
        assertThat(String.valueOf(node.model().sites().get("home"))).contains(otherKey.toString());
    }

    @Test
    void usedTokenOfASiteThatWasRemoved_doesNotBringItBack() throws Exception {
        Token token = enrolment.issue("home", ENDPOINT, false);
        redeem(token, siteKey);
        enrolment.remove("home");

        assertThat(redeem(token, siteKey).status()).isEqualTo(404);
        assertThat(node.model().sites()).isEmpty();
    }

    @Test
    void resume_keepsTokensAcrossARestart() throws Exception {
        Token token = enrolment.issue("home", ENDPOINT, false);
        enrolment.resume();

        assertThat(redeem(token, siteKey).status()).isEqualTo(200);
        enrolment.resume();
        assertThat(redeem(token, siteKey).status()).isEqualTo(200);
    }

    @Test
    void remove_forgetsAndSaysWhatItDoesNotKnow() throws Exception {
        redeem(enrolment.issue("home", ENDPOINT, false), siteKey);

        enrolment.remove("home");

        assertThat(node.model().sites()).isEmpty();
        assertThatThrownBy(() -> enrolment.remove("home")).hasMessage("no site home");
    }

    @Test
    void admin_addsListsAndRemovesSites() throws Exception {
        Response added = call("POST", "/sites", "{\"name\":\"home\"}");
        assertThat(added.status()).isEqualTo(200);
        assertThat(added.body()).contains("\"token\":\"cvt1.");

        Response plain = call("POST", "/sites", "{\"name\":\"phone\",\"plainKey\":\"" + siteKey + "\"}");
        assertThat(plain.body()).contains("\"address\":\"10.77.0.2\"", "\"endpoint\":\"vps.example.com:51820\"");
        assertThat(call("GET", "/sites", "").body()).contains("phone", siteKey.toString());
        assertThat(call("GET", "/status", "").body()).contains("\"role\":\"gateway\"", "phone");

        assertThat(call("POST", "/sites/remove", "{\"name\":\"phone\"}").status())
                .isEqualTo(200);
        assertThat(call("GET", "/sites", "").body()).doesNotContain("phone");
    }

    @Test
    void admin_answersMistakesWithWhatWasExpected() {
        assertThat(call("POST", "/sites", "{\"name\":\"No Such Name\"}").body()).contains("expected: a-z, 0-9 and -");
        assertThat(call("POST", "/sites", "{}").body()).contains("name is missing");
        assertThat(call("POST", "/ping", "{\"target\":\"nobody\"}").body()).contains("no site nobody");
        assertThat(call("GET", "/nothing", "").status()).isEqualTo(400);
        assertThat(call("POST", "/sites", "{\"name\":\"a\",\"plainKey\":\"x\"}").status())
                .isEqualTo(400);
        assertThat(call("POST", "/sites", "no json").status()).isNotEqualTo(200);
    }

    private Response call(String method, String path, String body) {
        return admin.handle(new Request(new AdminCaller(), method, path, body));
    }

    private Response redeem(Token token, PublicKey key) {
        return enrolment.handle(
                new Request(new PeerCaller(token.oneTimeKey().publicKey()), "POST", "/enrol", key.toString()));
    }
}
