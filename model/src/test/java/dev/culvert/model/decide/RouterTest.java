package dev.culvert.model.decide;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.model.Bind;
import dev.culvert.model.Listener;
import dev.culvert.model.Model;
import dev.culvert.model.Role;
import dev.culvert.model.config.ModelMerge;
import dev.culvert.model.config.Source;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
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
    private static final Listener HTTP = listener(GATEWAY, 80);
    private static final Listener SSH = listener(GATEWAY, 2222);

    private final Router router = new Router(GATEWAY);

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
            assertThat(routed.site()).isNotNull();
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
                        Routed.class, routed -> assertThat(routed.site()).isNull());
    }

    private static Listener listener(Model model, int port) {
        return model.listeners().stream()
                .filter(listener -> listener.bind().port() == port)
                .findFirst()
                .orElseThrow();
    }
}
