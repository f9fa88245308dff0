package dev.culvert.model.decide;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.model.Limits;
import dev.culvert.model.Literals;
import dev.culvert.model.Model;
import dev.culvert.model.Role;
import dev.culvert.model.config.ModelMerge;
import dev.culvert.model.config.Source;
import dev.culvert.model.decide.Explanation.Stage;
import dev.culvert.model.decide.Explanation.Step;
import dev.culvert.proto.inet.IpPrefix;
import java.net.InetAddress;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ExplainerTest {
    private static final String VISITOR = "192.0.2.1";
    private static final String GATEWAY = """
            services:
              photos: {host: photos.example.com, site: home, target: "http://10.0.0.1:80"}
              admin: {host: admin.example.com, site: home, target: "http://10.0.0.2:80", access: {allow: [198.51.100.0/24]}}
              ssh: {listen: 2222/tcp, site: home, target: "tcp://127.0.0.1:22", max-connections: 1}
              game: {listen: 27000-27010/udp, site: home, target: "udp://10.0.0.3:27000-27010", access: {deny: [192.0.2.99]}}
              voice: {listen: 2222/udp, site: home, target: "udp://10.0.0.4:2222"}
            sites:
              home: {public-key: "TqFAWIFQdzzjqs54au739ASc4QD6ZJyU+73blg8dqUI=", address: 10.77.0.2}
            """;
    private static final String SITE = """
            tunnel: {address: 10.77.0.2}
            gateways:
              vps: {public-key: "TqFAWIFQdzzjqs54au739ASc4QD6ZJyU+73blg8dqUI=", endpoint: "192.0.2.9:51820", address: 10.77.0.1}
            allow: ["127.0.0.1:22", "127.0.0.1:9987/udp"]
            """;

    private final BanTable bans = new BanTable();
    private final Admission admission = new Admission(new Limits(10, 2, 0, 1), bans, 1, 0);

    private Explanation explain(Role role, String text, String approach, String from) {
        Model model =
                ModelMerge.merge(role, List.of(Source.file("node.yaml", text))).orThrow();
        return new Explainer(model, new Router(model), admission, Set.of())
                .explain(Approach.parse(approach), address(from), 0);
    }

    private static InetAddress address(String text) {
        return Objects.requireNonNull(Literals.address(text));
    }

    @Test
    void explain_visitorOfAnOpenService_passesEveryStageInOrder() {
        Explanation walk = explain(Role.GATEWAY, GATEWAY, "http://photos.example.com/album", VISITOR);

        assertThat(walk.permitted()).isTrue();
        assertThat(walk.steps()).extracting(Step::stage).containsExactly(Stage.values());
        assertThat(walk.toString()).contains("yes  target     http://10.0.0.1:80");
    }

    @ParameterizedTest
    @CsvSource({
        "27005/udp, game",
        "27010, game",
        "udp://203.0.113.1:27000, game",
        "2222/udp, voice",
        "2222/tcp, ssh",
        "2222, ssh"
    })
    void explain_port_meansDatagramsWhereItSaysSoOrNothingElseListens(String approach, String service) {
        Explanation walk = explain(Role.GATEWAY, GATEWAY, approach, VISITOR);

        assertThat(walk.permitted()).isTrue();
        assertThat(walk.toString()).contains("the listener leads to " + service);
    }

    @ParameterizedTest
    @CsvSource({
        "27011/udp, LISTENER, nothing listens on 27011",
        "http://nobody.example.com, ROUTER, photos.example.com",
        "http://admin.example.com, ACCESS, allow 198.51.100.0/24",
        "https://photos.example.com, LISTENER, nothing listens on 443",
        "https://photos.example.com:80, LISTENER, without TLS",
        "2223, LISTENER, public 2222",
        "80, ROUTER, ask with a URL"
    })
    void explain_refusal_endsAtItsStageAndSaysWhatWouldHelp(String approach, Stage stage, String words) {
        Explanation walk = explain(Role.GATEWAY, GATEWAY, approach, VISITOR);

        assertThat(walk.permitted()).isFalse();
        assertThat(walk.steps().getLast().stage()).isEqualTo(stage);
        assertThat(walk.steps().getLast().text()).contains(words);
    }

    private static final String FORWARDED = """
            tunnel: {type: tun, network6: "fd77::/64"}
            sites:
              nas: {type: plain, public-key: "TqFAWIFQdzzjqs54au739ASc4QD6ZJyU+73blg8dqUI=", address: [10.77.0.3, "fd77::3"]}
            services:
              git: {listen: 2222/tcp, site: nas, target: ["tcp://10.77.0.3:22", "tcp://[fd77::3]:22"], forward: kernel, access: {deny: 192.0.2.99}}
              voice: {listen: 2222/udp, site: nas, target: "udp://10.77.0.3:2222", forward: kernel, client-address: transparent}
            """;

    @ParameterizedTest
    @CsvSource({
        "2222, 192.0.2.1, yes  target     tcp://10.77.0.3:22",
        "2222, 2001:db8::1, yes  target     tcp://[fd77::3]:22",
        "2222, 192.0.2.1, shows the gateway's address",
        "2222/udp, 192.0.2.1, keeps the visitor's address",
        "2222/udp, 2001:db8::1, no   target     no target has the visitor's IP version",
        "2222, 192.0.2.99, no   access     192.0.2.99 is kept out by access: of git",
        "2223, 192.0.2.1, 'listeners: kernel 2222/tcp, kernel 2222/udp'"
    })
    void explain_whatTheKernelForwards_isWalkedByItsPlan(String approach, String from, String words) {
        assertThat(explain(Role.GATEWAY, FORWARDED, approach, from).toString()).contains(words);
    }

    @Test
    void explain_bannedVisitorOfTheKernels_isRefused() {
        bans.ban(List.of(new Ban(IpPrefix.parse("192.0.2.0/24"), new BanScope.All(), Ban.FOREVER, "scans")), 0);

        Explanation walk = explain(Role.GATEWAY, FORWARDED, "2222", VISITOR);

        assertThat(walk.permitted()).isFalse();
        assertThat(walk.toString()).contains("no   admission  192.0.2.1 is banned by 192.0.2.0/24: scans");
    }

    private static final String ROUTED = GATEWAY.replaceFirst("sites:", """
                  api: {host: photos.example.com, path: /api, method: [POST], site: home, target: "http://10.0.0.9:80"}
                  admin-page: {host: photos.example.com, path: /admin, site: home, target: "http://10.0.0.9:80", access: {rate: 10/s, basic: {users-file: users}}}
                  old: {host: old.example.com, path: /a, redirect: "https://photos.example.com"}
                  soon: {host: soon.example.com, site: home, target: ["http://10.0.0.9:80", "http://10.0.0.8:80"], maintenance: true}
                sites:""");

    @ParameterizedTest
    @CsvSource({
        "http://photos.example.com/x/../admin?y, 'path /admin leads to admin-page; asked in this order: admin-page "
                + "(photos.example.com/admin), api (photos.example.com/api, method POST), photos (photos.example.com)'",
        "http://photos.example.com/admin, up to 10/s (10 at once); with a password of users",
        "http://photos.example.com/api, host photos.example.com leads to photos",
        "http://photos.example.com/a%2fb, servers read /a%2Fb as different paths",
        "http://photos.example.com/%00, no server may be asked",
        "http://old.example.com/a/b, redirect to https://photos.example.com",
        "http://old.example.com/b, no service takes GET /b of old.example.com; in this order: old (old.example.com/a)",
        "http://soon.example.com, in maintenance",
    })
    void explain_routes_saysWhichAndInWhichOrder(String approach, String words) {
        assertThat(explain(Role.GATEWAY, ROUTED, approach, VISITOR).toString()).contains(words);
    }

    @Test
    void explain_bannedVisitor_namesTheBan() {
        bans.ban(List.of(new Ban(IpPrefix.parse("192.0.2.0/24"), new BanScope.All(), Ban.FOREVER, "sshd")), 0);

        Step last = explain(Role.GATEWAY, GATEWAY, "2222", VISITOR).steps().getLast();

        assertThat(last.stage()).isEqualTo(Stage.ADMISSION);
        assertThat(last.text()).contains("192.0.2.0/24").contains("sshd");
    }

    @Test
    void explain_askedOften_countsNothing() {
        for (int i = 0; i < 20; i++) {
            assertThat(explain(Role.GATEWAY, GATEWAY, "2222/tcp", VISITOR).permitted())
                    .isTrue();
        }

        assertThat(admission.connections()).isZero();
        for (DenyReason reason : DenyReason.values()) {
            assertThat(admission.denied(reason)).isZero();
        }
    }

    @Test
    void explain_whoHoldsAllThatOneMay_isTooMany() {
        admission.accept(address(VISITOR), 0);
        admission.accept(address(VISITOR), 0);

        Step last = explain(Role.GATEWAY, GATEWAY, "2222", VISITOR).steps().getLast();

        assertThat(last.stage()).isEqualTo(Stage.ADMISSION);
        assertThat(last.text()).contains("too many");
    }

    @ParameterizedTest
    @CsvSource({
        "tcp://127.0.0.1:22, 192.0.2.1, true, on the allow",
        "tcp://127.0.0.1:23, 192.0.2.1, false, 127.0.0.1:22",
        "udp://127.0.0.1:9987, 192.0.2.1, true, 127.0.0.1:9987/udp",
        "udp://127.0.0.1:22, 192.0.2.1, false, 127.0.0.1:22",
        "tcp://127.0.0.1:9987, 192.0.2.1, false, 127.0.0.1:9987/udp",
        "127.0.0.1:22, 192.168.1.5, false, clients:"
    })
    void explain_atASite_judgesAsTheHopDoes(String target, String client, boolean permitted, String words) {
        Explanation walk = explain(Role.SITE, SITE, target, client);

        assertThat(walk.permitted()).isEqualTo(permitted);
        assertThat(walk.toString()).contains(words);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "ftp://example.com", "example.com:0", "http://", "a b", "host:99999"})
    void parse_nonsense_saysWhatWasExpected(String text) {
        assertThatThrownBy(() -> Approach.parse(text)).hasMessageContaining("expected");
    }
}
