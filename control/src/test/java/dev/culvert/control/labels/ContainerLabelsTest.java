package dev.culvert.control.labels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.model.Role;
import dev.culvert.model.config.ModelMerge;
import dev.culvert.model.config.Source;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Docker's list of containers → documents.
class ContainerLabelsTest {
    @Test
    void documents_ofLabelledContainers_areServicesAtTheirAddresses() throws Exception {
        List<Source> documents = ContainerLabels.documents("""
                [{"Id":"1","Names":["/photos"],"Labels":{"culvert.host":"photos.example.com, bilder.example.com",
                    "culvert.port":"2342"},"NetworkSettings":{"Networks":{"bridge":{"IPAddress":"172.17.0.2"}}}},
                 {"Id":"2","Names":["/git"],"Labels":{"culvert.listen":"2222/tcp","culvert.client-address":"proxy-v2",
                    "culvert.network":"inner","culvert.name":"git"},"Ports":[{"PrivatePort":22},{"PrivatePort":22}],
                    "NetworkSettings":{"Networks":{"outer":{"IPAddress":"172.18.0.3"},"inner":{"IPAddress":"172.19.0.3"}}}},
                 {"Id":"3","Names":["/db"],"Labels":{"other":"x"}},
                 {"Id":"4","Names":["/bare"]}]
                """);

        assertThat(documents).extracting(Source::toString).containsExactly("labels of git", "labels of photos");
        var model = ModelMerge.merge(Role.SITE, documents).orThrow();
        assertThat(model.published())
                .extracting(service -> service.name() + " " + service.leadsTo() + " " + service.clientAddress())
                .containsExactly(
                        "git tcp://172.19.0.3:22 proxy-v2", "photos-example-com http://172.17.0.2:2342 headers");
        assertThat(model.rules().allows("172.17.0.2", 2342)).isTrue();
    }

    @Test
    void documents_ofWrongLabels_areLeftOutWithAWarning() throws Exception {
        List<Source> documents = ContainerLabels.documents("""
                [{"Id":"1","Names":["/a"],"Labels":{"culvert.host":"a b\\n"}},
                 {"Id":"2","Names":["/two-ports"],"Labels":{"culvert.host":"b.example.com"},
                    "Ports":[{"PrivatePort":80},{"PrivatePort":81}]}]
                """);

        var merged = ModelMerge.merge(Role.SITE, documents);
        assertThat(merged.orThrow().services()).isEmpty();
        assertThat(merged.notes())
                .anyMatch(note -> note.toString().contains("labels of two-ports")
                        && note.message().contains("label culvert.port is missing"));
    }

    @Test
    void documents_ofWhatIsNoList_isAnError() {
        assertThatThrownBy(() -> ContainerLabels.documents("{\"message\":\"no\"}"))
                .isInstanceOf(IOException.class);
    }
}
