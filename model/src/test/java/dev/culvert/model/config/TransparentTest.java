package dev.culvert.model.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.model.Model;
import dev.culvert.model.Role;
import dev.culvert.model.Surroundings;
import dev.culvert.proto.inet.IpPrefix;
import java.net.InetAddress;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class TransparentTest {
    private static final Surroundings MACHINE =
            new Surroundings(Set.of(InetAddress.ofLiteral("192.168.1.2")), List.of(IpPrefix.parse("172.17.0.0/16")));

    private static Parsed<Model> merge(String text, Surroundings machine) {
        return ModelMerge.merge(Role.SITE, List.of(Source.file("site.yaml", text)), machine);
    }

    @Test
    void targetElsewhere_isAProblemWithItsPlaceAndBothWaysOut() {
        String text = """
                tunnel: {address: 10.77.0.2}
                services:
                  printer:
                    listen: 9100/tcp
                    target: [tcp://127.0.0.1:9100, tcp://192.168.1.9:9100]
                    client-address: transparent
                """;

        assertThat(merge(text, MACHINE).notes())
                .singleElement()
                .asString()
                .startsWith("site.yaml:5:36: services.printer.target[1]: \"tcp://192.168.1.9:9100\" is neither")
                .contains("returns-via: site")
                .contains("client-address: proxy-v2");
    }

    @Test
    void targetOnTheMachineInAContainerOrByName_isNone() {
        String text = """
                tunnel: {address: 10.77.0.2}
                services:
                  printer:
                    listen: 9100/tcp
                    target: ["tcp://[::1]:9100", tcp://192.168.1.2:9100, tcp://172.17.0.9:9100, tcp://nas.lan:9100]
                    client-address: transparent
                """;

        assertThat(merge(text, MACHINE).notes()).isEmpty();
    }

    @Test
    void targetElsewhereThatReturnsViaTheSite_isAgreedTo() {
        String text = """
                tunnel: {address: 10.77.0.2}
                services:
                  printer:
                    listen: 9100/tcp
                    target: tcp://192.168.1.9:9100
                    client-address: transparent
                    returns-via: site
                """;

        Model model = merge(text, MACHINE).orThrow();

        assertThat(model.rules().transparent().allow()).hasToString("[192.168.1.9:9100]");
        assertThat(model.rules().transparent().returnsViaSite()).hasToString("[192.168.1.9:9100]");
    }

    @Test
    void ruleElsewhere_isAProblemAndUnderReturnsViaSiteNone() {
        String text = """
                tunnel: {address: 10.77.0.2}
                allow: ["192.168.1.9:25", "127.0.0.1:22"]
                transparent:
                  allow: ["127.0.0.1:22", "192.168.1.9:25"]
                """;

        assertThat(merge(text, MACHINE).notes())
                .singleElement()
                .asString()
                .startsWith("site.yaml:4:27: transparent.allow[1]: \"192.168.1.9:25\" is neither");
        assertThat(merge(text + "  returns-via-site: \"192.168.1.9:25\"\n", MACHINE)
                        .notes())
                .isEmpty();
    }

    /// The bridge of a container may come up after the site has started.
    @Test
    void machineThatNobodyHasAsked_isTakenToHaveEverything() {
        String text = """
                tunnel: {address: 10.77.0.2}
                transparent:
                  allow: 172.18.0.2:25
                """;

        assertThat(ModelMerge.merge(Role.SITE, List.of(Source.file("site.yaml", text)))
                        .notes())
                .isEmpty();
    }
}
