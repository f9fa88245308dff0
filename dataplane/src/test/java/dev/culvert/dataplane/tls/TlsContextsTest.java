package dev.culvert.dataplane.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.dataplane.tls.TlsContexts.Declaration;
import dev.culvert.dataplane.tls.TlsContexts.Presented;
import dev.culvert.dataplane.tls.TlsContexts.Source;
import dev.culvert.dataplane.tls.TlsPolicy.Clients;
import dev.culvert.model.AccessPolicy;
import dev.culvert.model.Balancing;
import dev.culvert.model.ClientAddress;
import dev.culvert.model.Destination;
import dev.culvert.model.HttpSettings;
import dev.culvert.model.Listener;
import dev.culvert.model.Origin;
import dev.culvert.model.Service;
import dev.culvert.model.ServiceTls;
import dev.culvert.model.Target;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/// What a name is served with, as certificates come and policies change.
class TlsContextsTest {
    private final TlsContexts contexts = new TlsContexts();

    private static Declaration open(String service) {
        return new Declaration(TlsPolicy.open(service), null);
    }

    private TlsContext context(String name) {
        return Objects.requireNonNull(contexts.find(name));
    }

    @Test
    void declaredName_withoutCertificate_isServedByAStandIn() throws Exception {
        contexts.declare(Map.of("a.test", open("a")));

        assertThat(contexts.presented())
                .singleElement()
                .extracting(Presented::name, Presented::service, Presented::source)
                .containsExactly("a.test", "a", Source.STAND_IN);
        assertThat(context("a.test").certificate().names()).containsExactly("a.test");
        assertThat(contexts.find("b.test")).isNull();
    }

    @Test
    void wildcard_standsForOneLabel() throws Exception {
        contexts.declare(Map.of("*.a.test", open("a"), "own.a.test", open("own")));

        assertThat(context("x.a.test").policy().service()).isEqualTo("a");
        assertThat(context("own.a.test").policy().service()).isEqualTo("own");
        assertThat(contexts.find("x.y.a.test")).isNull();
        assertThat(contexts.find("a.test")).isNull();
        assertThat(contexts.find("test")).isNull();
    }

    @Test
    void issuedCertificate_takesTheStandInsPlace_andAFileBeatsIt() throws Exception {
        ServerCertificate issued = TestCertificates.selfSigned("a.test");
        ServerCertificate own = TestCertificates.selfSigned("a.test");
        contexts.declare(Map.of("a.test", open("a")));

        contexts.issued(List.of(TestCertificates.selfSigned("b.test"), issued));
        assertThat(contexts.presented().getFirst().source()).isEqualTo(Source.ISSUED);
        assertThat(context("a.test").certificate()).isEqualTo(issued);

        contexts.declare(Map.of("a.test", new Declaration(TlsPolicy.open("a"), own)));
        assertThat(context("a.test").certificate()).isEqualTo(own);
        assertThat(contexts.presented().getFirst().source()).isEqualTo(Source.FILE);
    }

    @Test
    void reload_withoutChange_keepsTheContext() throws Exception {
        contexts.declare(Map.of("a.test", open("a")));
        TlsContext before = context("a.test");

        contexts.declare(Map.of("a.test", open("a"), "b.test", open("b")));

        assertThat(contexts.find("a.test")).isSameAs(before);
    }

    @Test
    void request_onAConnectionForAnotherName_isTakenWithTheSameCertificateAndNoClientsOnly() throws Exception {
        ServerCertificate both = TestCertificates.selfSigned("*.test");
        TlsPolicy strict = new TlsPolicy("c", Clients.REQUIRED, List.of(both.leaf()));
        contexts.declare(Map.of(
                "a.test", open("a"), "b.test", open("b"), "c.test", new Declaration(strict, null), "d.x", open("d")));
        contexts.issued(List.of(both));
        Secured onA = new Secured(context("a.test"), "a.test", null);
        Secured onC = new Secured(context("c.test"), "c.test", both.leaf());

        assertThat(onA.mayAskFor("a.test", contexts)).isTrue();
        assertThat(onA.mayAskFor("b.test", contexts)).isTrue();
        assertThat(onA.mayAskFor("c.test", contexts)).isFalse();
        assertThat(onA.mayAskFor("d.x", contexts)).isFalse();
        assertThat(onA.mayAskFor("nobody.test", contexts)).isFalse();
        assertThat(onC.mayAskFor("c.test", contexts)).isTrue();
        assertThat(onC.mayAskFor("a.test", contexts)).isFalse();
    }

    @Test
    void serviceThatAsksForCertificates_isReachedByItsOwnHandshakeOnly() throws Exception {
        ServerCertificate ca = TestCertificates.selfSigned("ca.test");
        TlsPolicy strict = new TlsPolicy("strict", Clients.REQUIRED, List.of(ca.leaf()));
        TlsPolicy other = new TlsPolicy("other", Clients.REQUIRED, List.of(ca.leaf()));
        // A pattern's service and one of its names: requests for the name may be routed to either.
        contexts.declare(Map.of(
                "*.a.test", new Declaration(strict, null),
                "own.a.test", open("own"),
                "more.a.test", new Declaration(other, null)));
        Service asking = service(
                "strict", new ServiceTls(ServiceTls.Ends.GATEWAY, null, null, "ca.pem", true, false, List.of()));
        Service open = service("own", ServiceTls.of(ServiceTls.Ends.GATEWAY));

        assertThat(new Secured(context("x.a.test"), "x.a.test", ca.leaf()).mayReach(asking))
                .isTrue();
        assertThat(new Secured(context("own.a.test"), "own.a.test", null).mayReach(asking))
                .isFalse();
        assertThat(new Secured(context("more.a.test"), "more.a.test", ca.leaf()).mayReach(asking))
                .isFalse();
        assertThat(new Secured(context("x.a.test"), "x.a.test", ca.leaf()).mayReach(open))
                .isTrue();
    }

    private static Service service(String name, ServiceTls tls) {
        return new Service(
                        name,
                        Origin.file("test"),
                        Listener.Scope.PUBLIC,
                        List.of(name + ".test"),
                        List.of(),
                        List.of(new Destination(null, new Target(Target.Scheme.HTTP, "127.0.0.1", 80))),
                        ClientAddress.HEADERS,
                        AccessPolicy.OPEN,
                        0,
                        HttpSettings.DEFAULT,
                        Balancing.DEFAULT)
                .with(tls);
    }

    @Test
    void narrowedPolicy_holdsForConnectionsThatBeganBefore() throws Exception {
        contexts.declare(Map.of("a.test", open("a")));
        Secured before = new Secured(context("a.test"), "a.test", null);
        TlsPolicy strict = new TlsPolicy(
                "a",
                Clients.REQUIRED,
                List.of(TestCertificates.selfSigned("ca.test").leaf()));

        contexts.declare(Map.of("a.test", new Declaration(strict, null)));

        assertThat(before.mayAskFor("a.test", contexts)).isFalse();
    }

    @Test
    void keyOfAnotherCertificate_isRefused() {
        ServerCertificate one = TestCertificates.selfSigned("a.test");
        ServerCertificate two = TestCertificates.selfSigned("a.test");

        assertThatThrownBy(() -> ServerCertificate.of(one.chain(), two.key()))
                .isInstanceOf(GeneralSecurityException.class)
                .hasMessageContaining("does not belong");
        assertThat(one.toString()).doesNotContain("PrivateKey").contains("a.test");
    }
}
