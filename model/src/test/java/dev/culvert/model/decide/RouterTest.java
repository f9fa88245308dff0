package dev.culvert.model.decide;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.model.Bind;
import dev.culvert.model.HeaderMatch;
import dev.culvert.model.Listener;
import dev.culvert.model.Model;
import dev.culvert.model.Role;
import dev.culvert.model.config.ModelMerge;
import dev.culvert.model.config.Source;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class RouterTest {
    private static final Model GATEWAY = ModelMerge.merge(Role.GATEWAY, List.of(Source.file("gateway.yaml", """
                                    services:
                                      kitchen: {host: [kitchen.example.com, b\u00fccher.example.com], site: home, target: "http://10.0.0.1:80"}
                                      ssh: {listen: 2222/tcp, site: home, target: "tcp://127.0.0.1:22"}
                                    sites:
                                      home:
                                        public-key: "TqFAWIFQdzzjqs54au739ASc4QD6ZJyU+73blg8dqUI="
                                        address: 10.77.0.2
                                    """)))
            .orThrow();
    private static final String KEY = "\"TqFAWIFQdzzjqs54au739ASc4QD6ZJyU+73blg8dqUI=\"";
    private static final Model MANY = ModelMerge.merge(Role.GATEWAY, List.of(Source.file("gateway.yaml", """
                                    services:
                                      web: {host: app.example.com, site: home, target: "http://10.0.0.1:80"}
                                      api: {host: app.example.com, path: /api, site: home, target: "http://10.0.0.1:80"}
                                      v2: {host: app.example.com, path: /api/v2, site: home, target: "http://10.0.0.1:80"}
                                      api-write: {host: app.example.com, path: /api, method: POST, site: home, target: "http://10.0.0.1:80"}
                                      api-beta: {host: app.example.com, path: /api, header: X-Beta, site: home, target: "http://10.0.0.1:80"}
                                      wild: {host: "*.example.com", site: home, target: "http://10.0.0.1:80"}
                                      deep: {host: "*.deep.example.com", site: home, target: "http://10.0.0.1:80"}
                                      only: {host: only.example.com, path: /only, site: home, target: "http://10.0.0.1:80"}
                                    sites:
                                      home:
                                        public-key: "TqFAWIFQdzzjqs54au739ASc4QD6ZJyU+73blg8dqUI="
                                        address: 10.77.0.2
                                    """)))
            .orThrow();
    private static final Listener HTTP = listener(GATEWAY, 80);
    private static final Listener SSH = listener(GATEWAY, 2222);

    private final Router router = new Router(GATEWAY);

    private static final Model OFFERS = ModelMerge.merge(Role.GATEWAY, List.of(Source.file("gateway.yaml", """
                                    https: {}
                                    services:
                                      web: {host: example.com, site: home, target: "http://10.0.0.1:80"}
                                      chat: {host: [example.com, "*.example.com"], site: home, target: "tls://10.0.0.2:5223", tls: {alpn: xmpp-client}}
                                      servers: {host: example.com, site: home, target: "tls://10.0.0.2:5270", tls: {alpn: [xmpp-server]}}
                                    sites:
                                      home:
                                        public-key: "TqFAWIFQdzzjqs54au739ASc4QD6ZJyU+73blg8dqUI="
                                        address: 10.77.0.2
                                    """)))
            .orThrow();

    @ParameterizedTest
    @CsvSource({
        "example.com, xmpp-client, chat",
        "EXAMPLE.com., xmpp-client, chat",
        "a.b.example.com, xmpp-client, chat",
        "example.com, xmpp-server, servers",
        "example.com, h2;xmpp-server;xmpp-client, servers",
        "a.example.com, xmpp-server, ",
        "example.com, h2;http/1.1, ",
        "example.com, '', ",
        "elsewhere.com, xmpp-client, "
    })
    void routeOffer_leadsByWhatIsOffered_inTheVisitorsOrder(String host, String offered, @Nullable String service) {
        Router router = new Router(OFFERS);
        Listener https = listener(OFFERS, 443);

        Routed routed = router.routeOffer(https, host, offered.isEmpty() ? List.of() : List.of(offered.split(";")));

        assertThat(routed == null ? null : routed.service().name()).isEqualTo(service);
        assertThat(router.routes(https, host))
                .extracting(each -> each.service().name())
                .isSubsetOf("web");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "kitchen.example.com",
                "KITCHEN.Example.COM",
                "kitchen.example.com.",
                "Kitchen.example.com.",
                "xn--bcher-kva.example.com"
            })
    void route_hostInAnyCase_findsService(String host) {
        assertThat(router.route(HTTP, host)).isInstanceOfSatisfying(Routed.class, routed -> {
            assertThat(routed.service().name()).isEqualTo("kitchen");
            assertThat(routed.site(routed.service().targets().getFirst())).isNotNull();
            assertThat(routed.listener()).isEqualTo(HTTP);
        });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ".",
                "example.com",
                "a.kitchen.example.com",
                "kitchen.example.com..",
                "kitchen.example.com:80",
                " kitchen.example.com",
                // The Kelvin sign, which toLowerCase would make a k.
                "\u212aitchen.example.com",
                "b\u00fccher.example.com",
                "kitchen.example.com\u0000",
            })
    void route_otherHost_isNoRoute(String host) {
        assertThat(router.route(HTTP, host)).isEqualTo(new Deny(DenyReason.NO_ROUTE));
    }

    @Test
    void route_tcpListener_needsNoHost() {
        assertThat(router.route(SSH)).hasToString("Routed[ssh]");
        assertThat(router.route(HTTP)).isEqualTo(new Deny(DenyReason.NO_ROUTE));
    }

    @Test
    void route_listenerOfAnotherModel_isNoRoute() {
        Listener foreign = new Listener(Listener.Scope.PUBLIC, Bind.any(81), Listener.Protocol.HTTP, null);

        assertThat(router.route(foreign, "kitchen.example.com")).isEqualTo(new Deny(DenyReason.NO_ROUTE));
    }

    @Test
    void route_httpInTunnelOfSite_takesEveryHost() {
        Model site = ModelMerge.merge(
                        Role.SITE,
                        List.of(Source.file(
                                "site.yaml",
                                "services: {web: {listen: \"tunnel:8080\", target: \"http://127.0.0.1:8080\"}}")))
                .orThrow();

        assertThat(new Router(site).route(listener(site, 8080), "whatever.example"))
                .isInstanceOfSatisfying(
                        Routed.class,
                        routed -> assertThat(
                                        routed.site(routed.service().targets().getFirst()))
                                .isNull());
    }

    /// The services by the requests that they take, as the last column says; a header field stands behind the method.
    @ParameterizedTest
    @CsvSource({
        "app.example.com, GET, /, web",
        "app.example.com, GET, /apis, web",
        "app.example.com, GET, /API, web",
        "app.example.com, GET, /x/api, web",
        "app.example.com, GET, /api, api",
        "app.example.com, GET, /api?x=/, api",
        "app.example.com, GET, /api/, api",
        "app.example.com, GET, /api/v1/x, api",
        "app.example.com, GET, /api/v2, v2",
        "app.example.com, POST, /api/v2, v2",
        "app.example.com, POST, /api/x, api-write",
        "app.example.com, post, /api/x, api",
        "app.example.com, GET x-beta, /api/x, api-beta",
        "app.example.com, POST x-beta, /api/x, api-write",
        "app.example.com, OPTIONS, *, web",
        "www.example.com, GET, /api, wild",
        "a.b.example.com, GET, /, wild",
        "a.deep.example.com, GET, /, deep",
        "deep.example.com, GET, /, wild",
        "a.deep.example.com, GET, /api, deep",
        "only.example.com, GET, /only, only",
        "only.example.com, GET, /other, wild",
        "example.com, GET, /, none",
    })
    void route_request_mostSpecificServiceTakesIt(String host, String methodAndField, String target, String service) {
        String[] words = methodAndField.split(" ", 2);
        RequestFacts request = new RequestFacts() {
            @Override
            public String host() {
                return host;
            }

            @Override
            public CharSequence method() {
                return words[0];
            }

            @Override
            public String target() {
                return target;
            }

            @Override
            public boolean has(HeaderMatch field) {
                return words.length > 1 && field.name().equals(words[1]);
            }
        };

        Routing routing = new Router(MANY).route(listener(MANY, 80), request);

        String found = routing instanceof Routed routed ? routed.service().name() : "none";
        assertThat(found).isEqualTo(service);
    }

    @Test
    void route_hostWhosePathsDivideIt_isGuarded() {
        Router router = new Router(MANY);
        Listener http = listener(MANY, 80);

        assertThat(router.routes(http, "app.example.com")).allMatch(Routed::isGuarded);
        assertThat(router.routes(http, "a.deep.example.com")).noneMatch(Routed::isGuarded);
        assertThat(router.routes(http, "only.example.com"))
                .extracting(routed -> routed.service().name())
                .containsExactly("only", "wild");
    }

    @Test
    void route_amongTwoThousandHosts_asksOne() {
        StringBuilder text =
                new StringBuilder("sites:\n  home: {public-key: " + KEY + ", address: 10.77.0.2}\nservices:\n");
        for (int i = 0; i < 2_000; i++) {
            text.append("  s")
                    .append(i)
                    .append(": {host: h")
                    .append(i)
                    .append(".example.com, site: home, target: \"http://10.0.0.1:80\"}\n");
        }
        Model model = ModelMerge.merge(Role.GATEWAY, List.of(Source.file("gateway.yaml", text.toString())))
                .orThrow();

        assertThat(new Router(model).routes(listener(model, 80), "h1999.example.com"))
                .hasSize(1);
    }

    private static Listener listener(Model model, int port) {
        return model.listeners().stream()
                .filter(listener -> listener.bind().port() == port)
                .findFirst()
                .orElseThrow();
    }
}
