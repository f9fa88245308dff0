package dev.culvert.control.acme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.control.store.SqliteStore;
import dev.culvert.control.store.Store;
import dev.culvert.dataplane.Events;
import dev.culvert.dataplane.tls.ServerCertificate;
import dev.culvert.dataplane.tls.Tls;
import dev.culvert.dataplane.tls.TlsContexts.Declaration;
import dev.culvert.dataplane.tls.TlsPolicy;
import dev.culvert.model.AcmeSettings;
import dev.culvert.model.AcmeSettings.Challenge;
import dev.culvert.model.Bind;
import dev.culvert.model.Listener;
import dev.culvert.model.Model;
import dev.culvert.model.Role;
import dev.culvert.model.config.ModelMerge;
import dev.culvert.model.config.Source;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Against an authority of the test's: orders wait until it answers.
@Timeout(30)
class CertificatesTest {
    private static final String NAME = "photos.example.com";

    private final BlockingQueue<Asked> asked = new LinkedBlockingQueue<>();
    private final AtomicBoolean paused = new AtomicBoolean();
    private final ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor();
    private final ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();
    private final Events events = new Events();
    private final Tls tls = Tls.empty();
    private Store store;
    private Certificates certificates;

    /// An order under way.
    private record Asked(String name, Challenge challenge, boolean renewal, BlockingQueue<Object> answer) {}

    private final class FakeAuthority implements Authority {
        @Override
        public ServerCertificate order(String name, Challenge challenge, @Nullable ServerCertificate replaces)
                throws OrderException, InterruptedException {
            Asked now = new Asked(name, challenge, replaces != null, new LinkedBlockingQueue<>());
            asked.add(now);
            Object answer = now.answer.take();
            if (answer instanceof ServerCertificate certificate) {
                return certificate;
            }
            throw (OrderException) answer;
        }

        @Override
        public @Nullable Advice advice(ServerCertificate certificate) {
            return null;
        }
    }

    @BeforeEach
    void open(@TempDir Path folder) throws IOException {
        store = new SqliteStore(folder);
        certificates = certificates(tls);
        certificates.restore();
    }

    @AfterEach
    void close() {
        certificates.close();
        scheduler.shutdownNow();
        workers.close();
        store.close();
    }

    private Certificates certificates(Tls into) {
        return new Certificates(
                new Certificates.Parts(into, store, events, workers, scheduler, paused::get),
                _ -> new FakeAuthority(),
                Instant::now,
                new Random(1));
    }

    private static Model model(String acme) {
        Source source = Source.file("gateway.yaml", acme);
        Model read = ModelMerge.merge(Role.GATEWAY, List.of(source)).orThrow();
        List<Listener> listeners = List.of(
                new Listener(Listener.Scope.PUBLIC, Bind.any(80), Listener.Protocol.HTTP, null),
                new Listener(Listener.Scope.PUBLIC, Bind.any(443), Listener.Protocol.HTTPS, null));
        return new Model(
                read.name(),
                read.role(),
                read.tunnel(),
                read.sites(),
                read.gateways(),
                listeners,
                read.services(),
                read.rules(),
                read.observation(),
                read.acme(),
                dev.culvert.model.HttpsSettings.DEFAULT);
    }

    private void declare(Tls into, String... names) throws IOException {
        Map<String, Declaration> declared = new HashMap<>();
        for (String name : names) {
            declared.put(name, new Declaration(TlsPolicy.open("photos"), null));
        }
        into.contexts().declare(declared);
    }

    private void declare(String... names) throws IOException {
        declare(tls, names);
        certificates.apply(model("acme: {email: me@example.com}\n"));
    }

    private Asked nextOrder() throws InterruptedException {
        Asked next = asked.poll(10, TimeUnit.SECONDS);
        assertThat(next).isNotNull();
        return next;
    }

    private static ServerCertificate certificate(String name) throws IOException, GeneralSecurityException {
        return AlpnCertificate.make(name, new byte[32]);
    }

    private CertificateView view() {
        return certificates.views().getFirst();
    }

    private void until(String state) {
        await(() -> view().state().equals(state));
    }

    /// For as long as the test may take.
    private static void await(BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            Thread.onSpinWait();
        }
    }

    @Test
    void apply_nameDeclared_isOrderedAndServed() throws Exception {
        declare(NAME);
        assertThat(view().source()).isEqualTo("stand-in");
        Asked order = nextOrder();
        assertThat(order.name()).isEqualTo(NAME);
        assertThat(order.challenge()).isEqualTo(Challenge.HTTP_01);
        assertThat(order.renewal()).isFalse();
        assertThat(view().state()).isEqualTo("ordering");

        ServerCertificate made = certificate(NAME);
        order.answer().add(made);
        until("valid");
        assertThat(view().source()).isEqualTo("issued");
        assertThat(view().notAfter()).isEqualTo(made.notAfter());
        assertThat(events.counters()).containsEntry("certificate.issued", 1L);
    }

    /// The authority is down for good, the process begins anew: the last certificate serves from the first moment.
    @Test
    void restore_afterARestart_servesWhatWasGot() throws Exception {
        declare(NAME);
        ServerCertificate made = certificate(NAME);
        nextOrder().answer().add(made);
        until("valid");
        certificates.close();

        Tls next = Tls.empty();
        Certificates again = certificates(next);
        again.restore();
        declare(next, NAME);
        assertThat(next.contexts().presented().getFirst().certificate()).isEqualTo(made);
        again.apply(model("acme: {email: me@example.com}\n"));
        assertThat(again.views().getFirst().state()).isEqualTo("valid");
        assertThat(asked.poll(600, TimeUnit.MILLISECONDS)).isNull();
        again.close();
    }

    @Test
    void order_rejected_saysWhyAndTriesTheOtherKindWhenAskedTo() throws Exception {
        declare(NAME);
        nextOrder()
                .answer()
                .add(new Authority.OrderException(
                        OrderFault.CHALLENGE_REJECTED, "no connection to 192.0.2.1:80", "open port 80"));
        until("failing");
        assertThat(view().error()).contains("192.0.2.1:80");
        assertThat(view().remedy()).isEqualTo("open port 80");
        assertThat(view().failures()).isEqualTo(1);
        assertThat(certificates.failures())
                .containsEntry("challenge-rejected", 1L)
                .containsEntry("dns", 0L);

        certificates.renew(NAME);
        Asked second = nextOrder();
        assertThat(second.challenge()).isEqualTo(Challenge.TLS_ALPN_01);
        second.answer().add(certificate(NAME));
        until("valid");
        assertThat(view().error()).isEmpty();
    }

    /// What fails is known after a restart, and waited for.
    @Test
    void apply_afterAFailureAndARestart_waits() throws Exception {
        declare(NAME);
        nextOrder().answer().add(new Authority.OrderException(OrderFault.REFUSED, "no", ""));
        until("failing");
        certificates.close();

        Certificates again = certificates(tls);
        again.restore();
        again.apply(model("acme: {email: me@example.com}\n"));
        assertThat(again.views().getFirst().state()).isEqualTo("failing");
        assertThat(again.views().getFirst().error()).isEqualTo("no");
        assertThat(asked.poll(600, TimeUnit.MILLISECONDS)).isNull();
        again.close();
    }

    @Test
    void apply_withoutAcme_ordersNothing() throws Exception {
        declare(tls, NAME);
        certificates.apply(model(""));
        assertThat(view().state()).isEqualTo("off");
        assertThatThrownBy(() -> certificates.renew(NAME)).hasMessageContaining("acme:");
        assertThat(asked.poll(600, TimeUnit.MILLISECONDS)).isNull();
    }

    @Test
    void apply_nameBelowAWildcard_isCoveredByIt() throws Exception {
        declare(tls, "*.example.com", NAME, "a.b.example.com");
        certificates.apply(model("acme: {email: me@example.com, dns: {exec: /bin/true}}\n"));
        Asked one = nextOrder();
        Asked other = nextOrder();
        assertThat(List.of(one.name(), other.name())).containsExactlyInAnyOrder("*.example.com", "a.b.example.com");
        assertThat(one.challenge()).isEqualTo(Challenge.DNS_01);
        assertThat(asked.poll(600, TimeUnit.MILLISECONDS)).isNull();
    }

    @Test
    void apply_wildcardWithoutDns_saysWhatIsMissing() throws Exception {
        declare("*.example.com");
        until("failing");
        assertThat(view().error()).contains("dns-01");
        assertThat(view().remedy()).isEqualTo("set acme.dns");
    }

    @Test
    void renew_unknownName_namesThoseThereAre() throws Exception {
        declare(NAME);
        nextOrder();
        assertThatThrownBy(() -> certificates.renew("x.example.com"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(NAME);
    }

    /// While an upgrade is under way the state is the next process's.
    @Test
    void apply_paused_ordersNothing() throws Exception {
        paused.set(true);
        declare(NAME);
        assertThat(asked.poll(600, TimeUnit.MILLISECONDS)).isNull();
        paused.set(false);
        certificates.renew(NAME);
        nextOrder();
    }

    /// Two processes on one state, as in an upgrade: what one has got the other serves.
    @Test
    void store_writtenByAnotherProcess_isServed() throws Exception {
        declare(NAME);
        nextOrder();
        ServerCertificate made = certificate(NAME);
        new CertificateStore(store).put(NAME, made);
        await(() -> view().source().equals("issued"));
        assertThat(view().notAfter()).isEqualTo(made.notAfter());
    }

    @Test
    void all_brokenDocument_isLeftOut() throws Exception {
        CertificateStore kept = new CertificateStore(store);
        kept.put(NAME, certificate(NAME));
        kept.put("*.example.com", certificate("*.example.com"));
        String longName = "a".repeat(60) + "." + "b".repeat(60) + "." + "c".repeat(60) + ".example.com";
        kept.put(longName, certificate(longName));
        store.put("certificate/broken.example.com", 0, "{\"name\":\"broken.example.com\",\"key\":\"x\"}");
        assertThat(kept.all()).containsOnlyKeys(NAME, "*.example.com", longName);
        kept.forget(Set.of(NAME), Instant.now());
        assertThat(kept.all()).hasSize(3);
        kept.forget(Set.of(NAME), Instant.now().plusSeconds(200_000));
        assertThat(kept.all()).containsOnlyKeys(NAME);
    }

    @Test
    void choose_byWhatIsReachable_andBySettings() throws Exception {
        AcmeSettings auto =
                Objects.requireNonNull(model("acme: {email: me@example.com}\n").acme());
        assertThat(new ChallengeChoice(false, true).choose(auto, NAME, 0)).isEqualTo(Challenge.TLS_ALPN_01);
        assertThat(new ChallengeChoice(true, false).choose(auto, NAME, 1)).isEqualTo(Challenge.HTTP_01);
        assertThatThrownBy(() -> new ChallengeChoice(false, false).choose(auto, NAME, 0))
                .hasMessageContaining(NAME);
    }
}
