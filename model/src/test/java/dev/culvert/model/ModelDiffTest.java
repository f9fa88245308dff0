package dev.culvert.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.model.config.ModelMerge;
import dev.culvert.model.config.Source;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ModelDiffTest {
    private static final String BEFORE = """
            services:
              photos: {host: photos.example.com, site: home, target: "http://192.168.1.20:2342"}
              ssh: {listen: 2222/tcp, site: home, target: "tcp://127.0.0.1:22"}
            sites:
              home:
                public-key: "TqFAWIFQdzzjqs54au739ASc4QD6ZJyU+73blg8dqUI="
                address: 10.77.0.2
            """;

    @Test
    void between_equalModels_isEmpty() {
        ModelDiff diff = ModelDiff.between(gateway(BEFORE), gateway("# moved by a comment\n\n" + BEFORE));

        assertThat(diff.isEmpty()).isTrue();
        assertThat(gateway(BEFORE)).isEqualTo(gateway("# moved by a comment\n\n" + BEFORE));
    }

    @Test
    void between_fileAndStore_isEmpty_asOnlyTheOriginMoved() {
        Model stored = ModelMerge.merge(Role.GATEWAY, List.of(Source.store("all", BEFORE)))
                .orThrow();

        assertThat(ModelDiff.between(gateway(BEFORE), stored).isEmpty()).isTrue();
    }

    @Test
    void between_manyChanges_printsThem() {
        String after = BEFORE.replace("192.168.1.20:2342\"", "192.168.1.20:80\", client-address: proxy-v2")
                        .replace("ssh: {listen: 2222/tcp", "mail: {listen: 25/tcp")
                        .replace("10.77.0.2", "10.77.0.2\n    keepalive: 25")
                + "tunnel: {mtu: 1280}\nhttp: {listen: [80, 8080]}\n";

        ModelDiff diff = ModelDiff.between(gateway(BEFORE), gateway(after));

        assertThat(diff.needsRestart()).isTrue();
        assertThat(diff).hasToString("""
                        ! needs a restart: tunnel.mtu: 1420 → 1280
                        ~ site home
                            keepalive: (default) → 25
                        ~ service photos
                            target: http://192.168.1.20:2342 → http://192.168.1.20:80
                            client-address: (default) → proxy-v2
                        + service mail
                            listen: 25/tcp
                            site: home
                            target: tcp://127.0.0.1:22
                        - service ssh
                        + listener public 8080
                            protocol: http
                        + listener public 25
                            protocol: tcp
                            service: mail
                        - listener public 2222
                        """);
    }

    @Test
    void between_sameSocketOtherService_isChangedListener() {
        Model after = gateway(BEFORE.replace("ssh: {", "shell: {"));

        assertThat(ModelDiff.between(gateway(BEFORE), after).changes())
                .filteredOn(Change.Changed.class::isInstance)
                .singleElement()
                .asString()
                .isEqualTo("~ listener public 2222");
    }

    @Test
    void between_siteRules_isOneChange() {
        Model before = site("allow: [127.0.0.1:22]\n");
        Model after = site("allow: [127.0.0.1:22, nas.lan:443]\n");

        assertThat(ModelDiff.between(before, after))
                .hasToString("~ site rules\n    allow: 127.0.0.1:22 → 127.0.0.1:22, nas.lan:443\n");
    }

    private static Model gateway(String text) {
        return ModelMerge.merge(Role.GATEWAY, List.of(Source.file("gateway.yaml", text)))
                .orThrow();
    }

    private static Model site(String text) {
        return ModelMerge.merge(Role.SITE, List.of(Source.file("site.yaml", text)))
                .orThrow();
    }
}
