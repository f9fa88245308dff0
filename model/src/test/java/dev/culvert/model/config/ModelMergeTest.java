package dev.culvert.model.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.model.Bind;
import dev.culvert.model.Listener;
import dev.culvert.model.Model;
import dev.culvert.model.Origin;
import dev.culvert.model.Role;
import dev.culvert.proto.inet.IpPrefix;
import java.net.InetAddress;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

final class ModelMergeTest {
    private static final String HOME = """
            sites:
              home:
                public-key: "TqFAWIFQdzzjqs54au739ASc4QD6ZJyU+73blg8dqUI="
                address: 10.77.0.2
            """;
    private static final String PHOTOS = """
            services:
              photos: {host: photos.example.com, site: home, target: "http://192.168.1.20:2342"}
            """;

    @Test
    void merge_nothing_isGatewayWithDefaults() {
        Model model = ModelMerge.merge(Role.GATEWAY, List.of()).orThrow();

        assertThat(model.name()).isEqualTo("gateway");
        assertThat(model.tunnel().listen()).isEqualTo(Bind.any(51820));
        assertThat(model.tunnel().networks()).containsExactly(IpPrefix.parse("10.77.0.0/24"));
        assertThat(model.tunnel().addresses()).containsExactly(InetAddress.ofLiteral("10.77.0.1"));
        assertThat(model.tunnel().mtu()).isEqualTo(1420);
        assertThat(model.listeners()).isEmpty();
    }

    @Test
    void merge_serviceByHostWithoutHttpListen_listensOnPort80() {
        String text = """
                sites:
                  home: {public-key: "TqFAWIFQdzzjqs54au739ASc4QD6ZJyU+73blg8dqUI=", address: 10.77.0.2}
                services:
                  web: {host: web.example.com, site: home, target: "http://127.0.0.1:8080"}
                """;
        Model model = ModelMerge.merge(Role.GATEWAY, List.of(Source.file("gateway.yaml", text)))
                .orThrow();

        assertThat(model.listeners())
                .containsExactly(new Listener(Listener.Scope.PUBLIC, Bind.any(80), Listener.Protocol.HTTP, null));
    }

    @Test
    void merge_nothing_isSiteThatAllowsNothing() {
        Model model = ModelMerge.merge(Role.SITE, List.of()).orThrow();

        assertThat(model.tunnel().addresses()).isEmpty();
        assertThat(model.tunnel().listen()).isEqualTo(Bind.any(0));
        assertThat(model.listeners()).isEmpty();
        assertThat(model.rules().allow()).isEmpty();
    }

    @Test
    void merge_fileServiceOfStoredSite_keepsOrigins() {
        Model model = merged(Source.store("sites/home", HOME), Source.file("gateway.yaml", PHOTOS));

        assertThat(Objects.requireNonNull(model.services().get("photos")).origin())
                .isEqualTo(Origin.file("gateway.yaml"));
        assertThat(Objects.requireNonNull(model.sites().get("home")).origin()).isEqualTo(Origin.store("sites/home"));
    }

    @Test
    void merge_nameInFileAndStore_fileCountsAndBothAreNamed() {
        Parsed<Model> parsed = ModelMerge.merge(
                Role.GATEWAY,
                List.of(
                        Source.store("services/photos", PHOTOS.replace("2342", "80")),
                        Source.file("gateway.yaml", HOME + PHOTOS)));

        assertThat(Objects.requireNonNull(parsed.orThrow().services().get("photos"))
                        .targets())
                .hasToString("[http://192.168.1.20:2342 at home]");
        assertThat(parsed.notes())
                .extracting(Problem::toString)
                .containsExactly(
                        "store/services/photos:2:3: services.photos: the name is taken by services.photos"
                                + " (gateway.yaml:6:3)",
                        "store/services/photos:2:18: services.photos.host: \"photos.example.com\" is taken by"
                                + " services.photos.host (gateway.yaml:6:18)");
    }

    @Test
    void merge_twoStoreDocuments_firstCounts() {
        String other = PHOTOS.replace("photos:", "album:");

        Parsed<Model> parsed = ModelMerge.merge(
                Role.GATEWAY,
                List.of(
                        Source.file("gateway.yaml", HOME),
                        Source.store("services/photos", PHOTOS),
                        Source.store("services/album", other)));

        assertThat(parsed.orThrow().services()).containsOnlyKeys("photos");
        assertThat(parsed.notes()).hasSize(1);
    }

    @Test
    void merge_droppedEntry_holdsNothing() {
        String clash = PHOTOS.replace("photos.example.com", "[free.example.com, photos.example.com]")
                .replace("photos:", "clash:");
        String later = PHOTOS.replace("photos.example.com", "free.example.com").replace("photos:", "later:");

        Model model = merged(
                Source.file("gateway.yaml", HOME + PHOTOS),
                Source.store("services/clash", clash),
                Source.store("services/later", later));

        assertThat(model.services()).containsOnlyKeys("photos", "later");
    }

    @Test
    void merge_brokenStoreDocument_isLeftOutAndWarnedOf() {
        Parsed<Model> parsed = ModelMerge.merge(
                Role.GATEWAY,
                List.of(Source.file("gateway.yaml", HOME + PHOTOS), Source.store("services/x", "services: [")));

        assertThat(parsed).isInstanceOf(Parsed.Ok.class);
        assertThat(parsed.notes()).hasSize(1);
    }

    @Test
    void merge_brokenFile_isRefusedWithProblemsOfAll() {
        Parsed<Model> parsed = ModelMerge.merge(
                Role.GATEWAY,
                List.of(
                        Source.file("gateway.yaml", HOME + PHOTOS.replace("http:", "htp:")),
                        Source.store("services/x", "services: [")));

        assertThat(parsed).isInstanceOf(Parsed.Problems.class);
        assertThat(parsed.notes()).hasSize(2);
    }

    @Test
    void merge_storedSiteWithoutKey_waitsForItsJoin() {
        Model model = merged(Source.store("sites/home", "sites: {home: {address: 10.77.0.2}}"));

        assertThat(Objects.requireNonNull(model.sites().get("home")).peer().publicKey())
                .isNull();
    }

    @Test
    void merge_storedPlainPeerWithoutKey_isLeftOut() {
        Model model = merged(Source.store("sites/home", "sites: {home: {type: plain, address: 10.77.0.2}}"));

        assertThat(model.sites()).isEmpty();
    }

    @Test
    void merge_siteFromStoreAndFile_fileSettingsCount() {
        String joined = """
                tunnel: {address: 10.77.0.2, mtu: 1280}
                gateways:
                  vps:
                    public-key: "TqFAWIFQdzzjqs54au739ASc4QD6ZJyU+73blg8dqUI="
                    endpoint: vps.example.com:51820
                    address: 10.77.0.1
                    routes: [10.77.0.0/25]
                """;

        Model model = ModelMerge.merge(
                        Role.SITE,
                        List.of(
                                Source.store("join", joined.replace("    routes: [10.77.0.0/25]\n", "")),
                                Source.file("site.yaml", "site: {name: home}\ntunnel: {mtu: 1400}\n")))
                .orThrow();

        assertThat(model.name()).isEqualTo("home");
        assertThat(model.tunnel().mtu()).isEqualTo(1400);
        assertThat(model.tunnel().addresses()).containsExactly(InetAddress.ofLiteral("10.77.0.2"));
        assertThat(model.rules().tunnel())
                .containsExactly(IpPrefix.parse("10.77.0.2/32"), IpPrefix.parse("10.77.0.1/32"));
    }

    @Test
    void merge_hubWithDefaultRoute_doesNotMakeTheInternetTheTunnel() {
        String hub = """
                tunnel: {address: 10.8.0.2}
                gateways:
                  hub:
                    type: plain
                    public-key: "TqFAWIFQdzzjqs54au739ASc4QD6ZJyU+73blg8dqUI="
                    endpoint: vps.example.com:51820
                    routes: [0.0.0.0/0]
                """;

        Model model = ModelMerge.merge(Role.SITE, List.of(Source.file("site.yaml", hub)))
                .orThrow();

        assertThat(model.rules().mayClaim(InetAddress.ofLiteral("8.8.8.8")).isAllowed())
                .isTrue();
    }

    @Test
    void merge_internationalHost_becomesALabel() {
        Model model = merged(Source.file("g", HOME + PHOTOS.replace("photos.example", "B\u00fccher.Example")));

        assertThat(Objects.requireNonNull(model.services().get("photos")).hosts())
                .containsExactly("xn--bcher-kva.example.com");
    }

    @Test
    void document_ofOneEntry_readsBack() {
        Model model = merged(Source.file("g", HOME + PHOTOS));
        String site = ConfigWriter.document(
                "sites", "home", Objects.requireNonNull(model.sites().get("home")));
        String service = ConfigWriter.document(
                "services", "photos", Objects.requireNonNull(model.services().get("photos")));

        Model again = merged(Source.store("a", site), Source.store("b", service));

        assertThat(again.sites().keySet()).isEqualTo(model.sites().keySet());
        assertThat(Objects.requireNonNull(again.services().get("photos")).settings())
                .isEqualTo(
                        Objects.requireNonNull(model.services().get("photos")).settings());
    }

    @Test
    void merge_serviceThatASiteDeclares_holdsWithinItsGrants() {
        String granted = HOME + "    grant: {host: \"*.example.com\", port: 2222}\n";
        Parsed<Model> parsed = ModelMerge.merge(
                Role.GATEWAY,
                List.of(
                        Source.file("gateway.yaml", granted),
                        Source.site("home", PHOTOS),
                        Source.site("home", PHOTOS.replace("photos", "album").replace("example.com", "example.org")),
                        Source.site("home", """
                                services:
                                  git: {listen: 2222/tcp, site: home, target: "tcp://127.0.0.1:22"}
                                """),
                        Source.site("home", """
                                services:
                                  dns: {listen: 53/tcp, site: home, target: "tcp://127.0.0.1:53"}
                                """)));

        assertThat(parsed.orThrow().services()).containsOnlyKeys("photos", "git");
        assertThat(parsed.notes())
                .extracting(Problem::toString)
                .containsExactly(
                        "site home:2:17: services.album.host: \"album.example.org\" is not granted to site home"
                                + " (at the gateway: culvert site grant home --host album.example.org)",
                        "site home:2:17: services.dns.listen: 53/tcp is not granted to site home"
                                + " (at the gateway: culvert site grant home --port 53)");
    }

    @Test
    void merge_siteThatClaimsTheHostOfAnother_isRefused() {
        String two = HOME + "    grant: {host: \"*\"}\n" + """
                  evil:
                    public-key: "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="
                    address: 10.77.0.3
                    grant: {host: "*"}
                """;
        Parsed<Model> parsed = ModelMerge.merge(
                Role.GATEWAY,
                List.of(
                        Source.file("gateway.yaml", two),
                        Source.site("home", PHOTOS),
                        Source.site("evil", PHOTOS.replace("photos:", "mine:").replace("site: home", "site: evil")),
                        Source.site("evil", PHOTOS.replace("photos", "theirs"))));

        assertThat(parsed.orThrow().services()).containsOnlyKeys("photos");
        assertThat(parsed.notes())
                .extracting(Problem::message)
                .containsExactly(
                        "\"photos.example.com\" is taken by services.photos.host (site home:2:18)",
                        "is another site than the one that declares it");
    }

    @Test
    void merge_whatASitePublishes_isAllowedThereAndListensNowhere() {
        Model model = ModelMerge.merge(Role.SITE, List.of(Source.store("services/photos", """
                services:
                  photos: {host: photos.example.com, target: "http://nas.lan:2342"}
                """)))
                .orThrow();

        assertThat(model.published()).hasSize(1);
        assertThat(model.listeners()).isEmpty();
        assertThat(model.rules().allows("nas.lan", 2342)).isTrue();
        assertThat(model.rules().allows("nas.lan", 22)).isFalse();
    }

    private static Model merged(Source... sources) {
        return ModelMerge.merge(Role.GATEWAY, List.of(sources)).orThrow();
    }
}
