package dev.culvert.control.tls;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.dataplane.Events;
import dev.culvert.dataplane.tls.ServerCertificate;
import dev.culvert.dataplane.tls.TlsContexts.Declaration;
import dev.culvert.dataplane.tls.TlsPolicy.Clients;
import dev.culvert.model.Model;
import dev.culvert.model.Role;
import dev.culvert.model.config.ModelMerge;
import dev.culvert.model.config.Source;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Files that openssl wrote, whole and broken.
class CertificateFilesTest {
    @TempDir
    Path folder;

    private final Events events = new Events();
    private final CertificateFiles files = new CertificateFiles(events, () -> {});

    private Path file(String name) {
        return folder.resolve(name);
    }

    private void openssl(String arguments) throws Exception {
        Process process = new ProcessBuilder(("openssl " + arguments).split(" ", -1))
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(20, TimeUnit.SECONDS) && process.exitValue() == 0)
                .as(said)
                .isTrue();
    }

    private void certificate(String name) throws Exception {
        openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=" + name
                + " -addext subjectAltName=DNS:" + name + " -keyout key.pem -out cert.pem");
        Files.setPosixFilePermissions(file("key.pem"), PosixFilePermissions.fromString("rw-------"));
    }

    private Model model(String more) {
        return ModelMerge.merge(
                        Role.GATEWAY, java.util.List.of(Source.file("gateway.yaml", """
                https: {}
                sites:
                  home:
                    public-key: "TqFAWIFQdzzjqs54au739ASc4QD6ZJyU+73blg8dqUI="
                    address: 10.77.0.2
                services:
                  a:
                    host: a.test
                    site: home
                    target: http://127.0.0.1:80
                    tls: {certificate: %1$s/cert.pem, key: %1$s/key.pem%2$s}
                """.formatted(folder, more))))
                .orThrow();
    }

    private Declaration declared(String more) {
        Map<String, Declaration> names = files.of(model(more));
        return Objects.requireNonNull(names.get("a.test"));
    }

    @ParameterizedTest
    @CsvSource({
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem",
        "ecparam -name prime256v1 -genkey -noout -out key.pem",
        "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pem",
        "genrsa -traditional -out key.pem 2048"
    })
    void pair_ofAnyForm_isRead(String makeKey) throws Exception {
        openssl(makeKey);
        openssl("req -x509 -key key.pem -days 3 -subj /CN=a -addext subjectAltName=DNS:a.test -out cert.pem");

        ServerCertificate read = Objects.requireNonNull(declared("").own());

        assertThat(read.names()).containsExactly("a.test");
        assertThat(files.problems()).isEmpty();
    }

    @Test
    void brokenPair_leavesTheOneBefore_andSaysSo() throws Exception {
        certificate("a.test");
        ServerCertificate before = declared("").own();
        openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem");

        assertThat(declared("").own()).isEqualTo(before);
        assertThat(files.problems().get("a")).contains("does not belong", "the one before goes on");
        assertThat(events.counters()).containsEntry("certificate.broken", 1L);
    }

    @Test
    void missingPair_isStoodInFor_andSaysSo() {
        assertThat(declared("").own()).isNull();
        assertThat(files.problems().get("a")).contains("no file", "self-signed");
    }

    @Test
    void brokenAuthority_letsNobodyIn() throws Exception {
        certificate("a.test");
        Files.writeString(file("ca.pem"), "no certificate");

        assertThat(files.of(model(", client-ca: " + file("ca.pem")))).doesNotContainKey("a.test");
        assertThat(files.problems().get("a")).contains("nobody is let in");
    }

    @Test
    void authority_becomesThePolicy() throws Exception {
        certificate("a.test");

        Declaration declared = declared(", client-certificates: optional, client-ca: " + file("cert.pem"));

        assertThat(declared.policy().clients()).isEqualTo(Clients.OPTIONAL);
        assertThat(declared.policy().authorities()).hasSize(1);
    }

    @Test
    void keyThatOthersCanRead_isSaid() throws Exception {
        certificate("a.test");
        Files.setPosixFilePermissions(file("key.pem"), PosixFilePermissions.fromString("rw-r--r--"));

        assertThat(declared("").own()).isNotNull();
        assertThat(events.recent().getFirst().text()).contains("chmod 600");
    }

    @Test
    void certificateOfAnotherName_isSaid() throws Exception {
        certificate("b.test");

        assertThat(declared("").own()).isNotNull();
        assertThat(events.counters()).containsEntry("certificate.name", 1L);
    }

    @Test
    void encryptedKey_isNamed() throws Exception {
        certificate("a.test");
        openssl("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -aes256 -pass pass:x -out key.pem");

        assertThat(declared("").own()).isNull();
        assertThat(files.problems().get("a")).contains("encrypted");
    }

    @Test
    void problems_repeatNothingOfAKey() throws IOException {
        Files.writeString(file("cert.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        Files.writeString(file("key.pem"), "-----BEGIN PRIVATE KEY-----\nU0VDUkVU\n-----END PRIVATE KEY-----\n");

        assertThat(declared("").own()).isNull();
        assertThat(files.problems().get("a")).doesNotContain("U0VD", "SECRET");
    }
}
