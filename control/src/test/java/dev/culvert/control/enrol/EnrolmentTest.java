package dev.culvert.control.enrol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.control.admin.AdminCalls;
import dev.culvert.control.admin.AdminService;
import dev.culvert.control.admin.StatusReport;
import dev.culvert.control.store.Store;
import dev.culvert.control.testing.GatewayFixture;
import dev.culvert.dataplane.Node;
import dev.culvert.dataplane.internal.InternalService.AdminCaller;
import dev.culvert.dataplane.internal.InternalService.PeerCaller;
import dev.culvert.dataplane.internal.InternalService.Request;
import dev.culvert.dataplane.internal.InternalService.Response;
import dev.culvert.model.Endpoint;
import dev.culvert.model.Grants;
import dev.culvert.model.config.GrantsText;
import dev.culvert.proto.wireguard.PrivateKey;
import dev.culvert.proto.wireguard.PublicKey;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The rows of enrolment, and the operator's calls around it, on a gateway without a listener.
@Timeout(20)
class EnrolmentTest {
    private static final Endpoint ENDPOINT = new Endpoint("vps.example.com", 51820);

    private final PublicKey siteKey = PrivateKey.generate(new SecureRandom()).publicKey();
    private final PublicKey otherKey = PrivateKey.generate(new SecureRandom()).publicKey();
    private GatewayFixture gateway;
    private Store store;
    private Node node;
    private Enrolment enrolment;
    private AdminService admin;

    @BeforeEach
    void start(@TempDir Path folder) throws Exception {
        gateway = new GatewayFixture(folder, "http: {listen: []}\n");
        store = gateway.store;
        node = gateway.node;
        enrolment = new Enrolment(node, store, gateway.key.publicKey(), gateway.reloader::reload);
        admin = AdminCalls.ofGateway(
                node,
                new StatusReport(node, gateway.key.publicKey().toString(), "test", "by test"),
                gateway.certificates,
                enrolment,
                () -> ENDPOINT);
    }

    @AfterEach
    void stop() {
        gateway.close();
    }

    @Test
    void redeem_makesTheSiteAndTellsItsAddress() throws Exception {
        Token token = enrolment.issue("home", ENDPOINT, false, Grants.NONE);

        Response answer = redeem(token, siteKey);

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body()).contains("\"address\":\"10.77.0.2\"", "\"site\":\"home\"");
        assertThat(String.valueOf(node.model().sites().get("home"))).contains(siteKey.toString());
    }

    @Test
    void redeem_againWithTheSameKey_asWhenTheReplyWasLost_givesTheSameAnswer() throws Exception {
        Token token = enrolment.issue("home", ENDPOINT, false, Grants.NONE);
        Response first = redeem(token, siteKey);

        assertThat(redeem(token, siteKey)).isEqualTo(first);
        assertThat(node.model().sites()).hasSize(1);
    }

    @Test
    void redeem_againWithAnotherKey_is410WithTheTimeOfTheFirstUse() throws Exception {
        Token token = enrolment.issue("home", ENDPOINT, false, Grants.NONE);
        redeem(token, siteKey);

        Response refused = redeem(token, otherKey);

        assertThat(refused.status()).isEqualTo(410);
        assertThat(refused.body()).contains("this token was used at 20", "culvert site add home --replace");
        assertThat(String.valueOf(node.model().sites().get("home"))).contains(siteKey.toString());
    }

    @Test
    void redeem_ofAnExpiredToken_is410() throws Exception {
        Token token = enrolment.issue("home", ENDPOINT, false, Grants.NONE);
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
                enrolment.handle(new Request(new PeerCaller("guest", otherKey), "POST", "/enrol", siteKey.toString()));

        assertThat(refused.status()).isEqualTo(404);
    }

    @Test
    void otherRequests_areRefused() throws Exception {
        PeerCaller guest = new PeerCaller(
                "guest",
                enrolment
                        .issue("home", ENDPOINT, false, Grants.NONE)
                        .oneTimeKey()
                        .publicKey());

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
        redeem(enrolment.issue("home", ENDPOINT, false, Grants.NONE), siteKey);

        assertThatThrownBy(() -> enrolment.issue("home", ENDPOINT, false, Grants.NONE))
                .hasMessageContaining("--replace");
        Response replaced = redeem(enrolment.issue("home", ENDPOINT, true, Grants.NONE), otherKey);

        assertThat(replaced.body()).contains("\"address\":\"10.77.0.2\"");
        assertThat(String.valueOf(node.model().sites().get("home"))).contains(otherKey.toString());
    }

    @Test
    void secondTokenForANameThatWasTakenMeanwhile_doesNotTakeItOver() throws Exception {
        Token first = enrolment.issue("home", ENDPOINT, false, Grants.NONE);
        Token second = enrolment.issue("home", ENDPOINT, false, Grants.NONE);
        redeem(first, siteKey);

        Response late = redeem(second, otherKey);

        assertThat(late.status()).isEqualTo(410);
        assertThat(String.valueOf(node.model().sites().get("home"))).contains(siteKey.toString());
    }

    @Test
    void usedTokenOfAKeyThatWasReplacedSince_doesNotTakeTheSiteBack() throws Exception {
        Token first = enrolment.issue("home", ENDPOINT, false, Grants.NONE);
        redeem(first, siteKey);
        redeem(enrolment.issue("home", ENDPOINT, true, Grants.NONE), otherKey);

        assertThat(redeem(first, siteKey).status()).isEqualTo(410);
        assertThat(String.valueOf(node.model().sites().get("home"))).contains(otherKey.toString());
    }

    @Test
    void usedTokenOfASiteThatWasRemoved_doesNotBringItBack() throws Exception {
        Token token = enrolment.issue("home", ENDPOINT, false, Grants.NONE);
        redeem(token, siteKey);
        enrolment.remove("home");

        Response refused = redeem(token, siteKey);

        assertThat(refused.status()).isEqualTo(410);
        assertThat(refused.body()).contains("site home was removed at 20");
        assertThat(node.model().sites()).isEmpty();
    }

    @Test
    void unusedTokenOfASiteThatWasRemoved_doesNotMakeItAgain() throws Exception {
        Token token = enrolment.issue("home", ENDPOINT, false, Grants.NONE);
        redeem(enrolment.issue("home", ENDPOINT, false, Grants.NONE), siteKey);
        enrolment.remove("home");
        enrolment.resume();

        assertThat(redeem(token, otherKey).status()).isEqualTo(410);
        assertThat(node.model().sites()).isEmpty();
    }

    @Test
    void grants_comeWithTheTokenAndStayWhenTheKeyIsReplaced() throws Exception {
        Grants photos = GrantsText.parse(List.of("photos.example.com"), List.of());
        Grants ports = GrantsText.parse(List.of(), List.of("2222"));
        redeem(enrolment.issue("home", ENDPOINT, false, photos), siteKey);
        redeem(enrolment.issue("home", ENDPOINT, true, ports), otherKey);

        assertThat(Objects.requireNonNull(node.model().sites().get("home")).grants())
                .isEqualTo(photos.plus(ports));
        assertThat(enrolment.grant("home", ports, true)).isEqualTo(ports);
        assertThat(Objects.requireNonNull(node.model().sites().get("home")).grants())
                .isEqualTo(ports);
        assertThatThrownBy(() -> enrolment.grant("nobody", ports, false)).hasMessage("no site nobody");
    }

    @Test
    void resume_keepsTokensAcrossARestart() throws Exception {
        Token token = enrolment.issue("home", ENDPOINT, false, Grants.NONE);
        enrolment.resume();

        assertThat(redeem(token, siteKey).status()).isEqualTo(200);
        enrolment.resume();
        assertThat(redeem(token, siteKey).status()).isEqualTo(200);
    }

    @Test
    void remove_forgetsAndSaysWhatItDoesNotKnow() throws Exception {
        redeem(enrolment.issue("home", ENDPOINT, false, Grants.NONE), siteKey);

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
        assertThat(plain.body())
                .contains(
                        "\"addresses\":[\"10.77.0.2\"]",
                        "\"gatewayAddresses\":[\"10.77.0.1\"]",
                        "\"endpoint\":\"vps.example.com:51820\"");
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
        assertThat(call("POST", "/ping", "{\"target\":\"nobody\"}").body()).contains("no peer nobody");
        assertThat(call("GET", "/nothing", "").status()).isEqualTo(404);
        assertThat(call("POST", "/sites", "{\"name\":\"a\",\"plainKey\":\"x\"}").status())
                .isEqualTo(400);
        assertThat(call("POST", "/sites", "no json").status()).isEqualTo(400);
        assertThat(call("POST", "/sites", "{\"name\":\"a\",\"host\":[\"a b\"]}").body())
                .contains("expected: a host name");
    }

    private Response call(String method, String path, String body) {
        return admin.handle(new Request(new AdminCaller(), method, path, body));
    }

    private Response redeem(Token token, PublicKey key) {
        return enrolment.handle(
                new Request(new PeerCaller("guest", token.oneTimeKey().publicKey()), "POST", "/enrol", key.toString()));
    }
}
