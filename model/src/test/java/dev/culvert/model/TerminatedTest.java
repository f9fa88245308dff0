package dev.culvert.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.model.config.ModelMerge;
import dev.culvert.model.config.Source;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Which service's certificates a name has that several share.
final class TerminatedTest {
    private static final String CERTIFICATE = ", tls: {certificate: a.pem, key: a.key}";
    private static final String ASKING = ", tls: {certificate: a.pem, key: a.key, client-ca: ca.pem}";

    @ParameterizedTest
    @CsvSource({"silent, named, b", "named, silent, a", "named, asking, b", "asking, named, a", "asking, silent, a"})
    void terminated_sharedHost_isTheServiceThatSaysMost(String first, String second, String expected) {
        Model model = ModelMerge.merge(
                        Role.GATEWAY, List.of(Source.file("gateway.yaml", """
                        sites:
                          home: {public-key: "TqFAWIFQdzzjqs54au739ASc4QD6ZJyU+73blg8dqUI=", address: 10.77.0.2}
                        https:
                          listen: [443]
                        services:
                          a: {host: app.test, site: home, target: "http://10.0.0.1:80"%s}
                          b: {host: app.test, path: /b, site: home, target: "http://10.0.0.1:81"%s}
                        """.formatted(tls(first), tls(second)))))
                .orThrow();

        assertThat(model.terminated()).hasSize(1);
        assertThat(model.terminated().values().iterator().next().name()).isEqualTo(expected);
    }

    private static String tls(String kind) {
        return switch (kind) {
            case "named" -> CERTIFICATE;
            case "asking" -> ASKING;
            default -> "";
        };
    }
}
