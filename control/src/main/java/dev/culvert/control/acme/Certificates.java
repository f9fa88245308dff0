package dev.culvert.control.acme;

import dev.culvert.control.acme.Authority.Advice;
import dev.culvert.control.acme.Authority.OrderException;
import dev.culvert.control.acme.RenewalPlanner.DueOrder;
import dev.culvert.control.store.Store;
import dev.culvert.control.store.Store.Document;
import dev.culvert.dataplane.Events;
import dev.culvert.dataplane.tls.ServerCertificate;
import dev.culvert.dataplane.tls.Tls;
import dev.culvert.dataplane.tls.TlsContexts;
import dev.culvert.dataplane.tls.TlsContexts.Presented;
import dev.culvert.model.AcmeSettings;
import dev.culvert.model.AcmeSettings.Challenge;
import dev.culvert.model.Model;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Gets certificates for the names that services declare, keeps them, and brings them to where TLS ends.
///
/// What was got stays in use until it is replaced, whatever becomes of the authority. Its calls wait for the disk; none
/// waits for the network, which is left to virtual threads.
public final class Certificates implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger("culvert");
    // Short, so that a clock that was put right counts soon.
    private static final long LONGEST_SLEEP_MILLIS = 60_000;
    private static final Duration HOOK_LIMIT = Duration.ofMinutes(2);
    // The node's first requests come before its first order.
    private static final long FIRST_MILLIS = 300;

    private final Parts parts;
    private final Function<AcmeSettings, Authority> authorities;
    private final InstantSource clock;
    private final RandomGenerator random;
    private final CertificateStore certificates;
    private final Map<OrderFault, Long> failures = new EnumMap<>(OrderFault.class);
    private final Set<Thread> orders = new HashSet<>();
    private Map<String, ServerCertificate> issued = new HashMap<>();
    private RenewalPlanner planner;
    private ChallengeChoice choice = new ChallengeChoice(false, false);
    private @Nullable AcmeSettings settings;
    private @Nullable ScheduledFuture<?> alarm;
    private String remembered = "";
    private boolean failing;
    private boolean closed;

    /// What it works with; it closes none of them.
    ///
    /// @param workers virtual threads, which may wait
    /// @param paused whether the state is about to be another process's, so that nothing is to be begun
    public record Parts(
            Tls tls,
            Store store,
            Events events,
            ExecutorService workers,
            ScheduledExecutorService scheduler,
            BooleanSupplier paused) {}

    /// @param folder where account keys are kept
    public Certificates(Parts parts, Path folder) {
        this(
                parts,
                settings ->
                        new AcmeClient(settings, folder, new Proofs(parts.tls().challenges(), records(settings))),
                InstantSource.system(),
                new SecureRandom());
    }

    /// @param authorities makes the client of an authority, on the thread that uses it
    Certificates(
            Parts parts, Function<AcmeSettings, Authority> authorities, InstantSource clock, RandomGenerator random) {
        this.parts = parts;
        this.authorities = authorities;
        this.clock = clock;
        this.random = random;
        this.certificates = new CertificateStore(parts.store());
        this.planner = new RenewalPlanner(CaLimits.UNKNOWN, random);
    }

    /// Serves what an earlier run has got. To be called before the first model, so that no visitor is too early for it.
    public synchronized void restore() throws IOException {
        issued = certificates.all();
        parts.tls().contexts().issued(List.copyOf(issued.values()));
        // What another process of this state has got counts as well: an upgrade's old one, another gateway.
        parts.store().watch(List.of(CertificateStore.KIND), parts.workers(), this::adopt);
    }

    private synchronized void adopt() {
        Map<String, ServerCertificate> now = certificates.all();
        if (closed || now.equals(issued)) {
            return;
        }
        issued = now;
        present();
        issued.forEach((name, certificate) -> planner.handleStored(name, CertificateStore.lifetime(certificate)));
        plan(0);
    }

    /// Takes over what a model that holds declares.
    public synchronized void apply(Model model) {
        AcmeSettings next = model.acme();
        if (!Objects.equals(next, settings)) {
            if (next != null && (settings == null || !next.directory().equals(settings.directory()))) {
                planner = recalled(next);
            }
            settings = next;
        }
        choice = ChallengeChoice.of(model);
        Set<String> names = declared();
        planner.handleDeclared(names, now());
        for (String name : names) {
            ServerCertificate kept = issued.get(name);
            if (kept != null) {
                planner.handleStored(name, CertificateStore.lifetime(kept));
            }
        }
        plan(FIRST_MILLIS);
    }

    /// The names whose certificates are ordered: those without files of their own, but for those below a wildcard that
    /// is ordered anyway.
    private Set<String> declared() {
        if (settings == null) {
            return Set.of();
        }
        Set<String> names = parts.tls().contexts().presented().stream()
                .filter(presented -> presented.source() != TlsContexts.Source.FILE)
                .map(Presented::name)
                .collect(Collectors.toSet());
        Set<String> wildcards =
                names.stream().filter(name -> name.startsWith("*.")).collect(Collectors.toSet());
        names.removeIf(name -> !name.startsWith("*.") && wildcards.contains("*" + name.substring(name.indexOf('.'))));
        return names;
    }

    private RenewalPlanner recalled(AcmeSettings next) {
        RenewalPlanner recalled = new RenewalPlanner(CaLimits.of(next.directory()), random);
        Document document = parts.store().read(memory(next));
        if (document == null) {
            return recalled;
        }
        try {
            PlannerMemory.read(document.text(), recalled);
            remembered = document.text();
            return recalled;
        } catch (IOException e) {
            LOG.warn("what was known of {} is lost: {}", next.directory().getHost(), e.getMessage());
            return new RenewalPlanner(CaLimits.of(next.directory()), random);
        }
    }

    private static @Nullable DnsRecords records(AcmeSettings settings) {
        return switch (settings.dns()) {
            case AcmeSettings.Dns.Update update -> new DnsRecords(new DnsUpdate(update));
            case AcmeSettings.Dns.Exec exec -> new DnsRecords(new DnsHook(exec.path(), HOOK_LIMIT));
            case null -> null;
        };
    }

    private static String memory(AcmeSettings settings) {
        return "acme/" + AccountKeys.id(settings.directory());
    }

    /// Orders a certificate for a name now.
    ///
    /// @throws IllegalArgumentException if none is ordered for it
    public synchronized void renew(String name) {
        if (settings == null) {
            throw new IllegalArgumentException("certificates are not ordered here: acme: is not in the file");
        }
        if (!planner.renewNow(name)) {
            throw new IllegalArgumentException("no certificate is ordered for " + name + "; there are: "
                    + String.join(", ", declared().stream().sorted().toList()));
        }
        plan(0);
    }

    private Instant now() {
        return clock.instant();
    }

    private synchronized void plan(long delayMillis) {
        ScheduledFuture<?> before = alarm;
        if (before != null) {
            before.cancel(false);
        }
        if (closed || settings == null) {
            return;
        }
        try {
            alarm = parts.scheduler()
                    .schedule(() -> parts.workers().execute(this::work), delayMillis, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            closed = true;
        }
    }

    /// Begins what is due, and sleeps until the next.
    private synchronized void work() {
        if (closed || settings == null) {
            return;
        }
        if (parts.paused().getAsBoolean()) {
            plan(LONGEST_SLEEP_MILLIS);
            return;
        }
        Instant now = now();
        for (DueOrder due = planner.pollOrder(now); due != null; due = planner.pollOrder(now)) {
            begin(due);
        }
        String asked = planner.pollRenewalInfo(now);
        if (asked != null) {
            AcmeSettings whom = settings;
            ServerCertificate certificate = issued.get(asked);
            if (certificate != null) {
                parts.workers().execute(() -> ask(whom, asked, certificate));
            }
        }
        remember();
        Instant next = planner.nextDeadline();
        long millis = next.equals(Instant.MAX)
                ? LONGEST_SLEEP_MILLIS
                : Duration.between(now, next).toMillis();
        plan(Math.clamp(millis, 10, LONGEST_SLEEP_MILLIS));
    }

    private void begin(DueOrder due) {
        AcmeSettings how = settings;
        if (how == null) {
            return;
        }
        ServerCertificate replaces = issued.get(due.name());
        RenewalPlanner mine = planner;
        try {
            Challenge challenge = choice.choose(how, due.name(), due.attempt());
            LOG.info(
                    "{}: asking {} for a certificate, by {}",
                    due.name(),
                    how.directory().getHost(),
                    challenge);
            parts.workers().execute(() -> order(how, mine, due.name(), challenge, replaces));
        } catch (OrderException e) {
            failed(mine, due.name(), e.failure());
        }
    }

    private void order(
            AcmeSettings whom,
            RenewalPlanner planned,
            String name,
            Challenge challenge,
            @Nullable ServerCertificate replaces) {
        synchronized (this) {
            orders.add(Thread.currentThread());
        }
        try {
            ServerCertificate certificate = authorities.apply(whom).order(name, challenge, replaces);
            succeeded(planned, name, certificate);
        } catch (OrderException e) {
            failed(planned, name, e.failure());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException | LinkageError e) {
            parts.events().pipelineFailed(e);
            failed(planned, name, Faults.local(e));
        } finally {
            synchronized (this) {
                orders.remove(Thread.currentThread());
            }
            plan(0);
        }
    }

    private synchronized void succeeded(RenewalPlanner planned, String name, ServerCertificate certificate) {
        Lifetime life = CertificateStore.lifetime(certificate);
        planned.handleIssued(name, life, now());
        try {
            certificates.put(name, certificate);
            certificates.forget(declared(), now());
        } catch (IOException e) {
            parts.events().report(name, "certificate.not-kept", "its certificate cannot be written: " + e.getMessage());
        }
        issued = new HashMap<>(issued);
        issued.put(name, certificate);
        present();
        parts.events().note(name, "certificate.issued", "has a certificate until " + life.until());
        remember();
    }

    private void present() {
        try {
            parts.tls().contexts().issued(List.copyOf(issued.values()));
        } catch (IOException e) {
            parts.events().report("certificates", "certificate.unusable", String.valueOf(e.getMessage()));
        }
    }

    private synchronized void failed(RenewalPlanner planned, String name, OrderFailure failure) {
        if (closed) {
            return;
        }
        failures.merge(failure.fault(), 1L, Long::sum);
        planned.handleFailed(name, failure, now());
        String remedy = failure.remedy().isEmpty() ? "" : " (" + failure.remedy() + ")";
        parts.events().report(name, "certificate." + failure.fault(), failure.text() + remedy);
        remember();
    }

    private void ask(AcmeSettings whom, String name, ServerCertificate certificate) {
        Advice advice = null;
        try {
            advice = authorities.apply(whom).advice(certificate);
        } catch (OrderException e) {
            LOG.debug("{}: no advice on renewal: {}", name, e.getMessage());
        }
        synchronized (this) {
            if (advice == null) {
                planner.handleNoRenewalInfo(name, now());
            } else {
                planner.handleRenewalInfo(name, advice.window(), advice.askAgain(), now());
            }
            remember();
        }
        plan(0);
    }

    /// Writes what the planner knows, if that is news.
    private void remember() {
        AcmeSettings how = settings;
        if (how == null || closed || parts.paused().getAsBoolean()) {
            return;
        }
        try {
            String text = PlannerMemory.write(planner);
            if (!text.equals(remembered)) {
                Document before = parts.store().read(memory(how));
                parts.store().put(memory(how), before == null ? 0 : before.version(), text);
                remembered = text;
            }
            failing = false;
        } catch (IOException e) {
            if (!failing) {
                LOG.warn(
                        "what is known of {} cannot be written: {}",
                        how.directory().getHost(),
                        e.getMessage());
            }
            failing = true;
        }
    }

    /// Every name whose TLS ends here, by name.
    public List<CertificateView> views() {
        Map<String, CertificateState> states;
        synchronized (this) {
            states = planner.states().stream().collect(Collectors.toMap(CertificateState::name, state -> state));
        }
        List<CertificateView> views = new ArrayList<>();
        for (Presented presented : parts.tls().contexts().presented()) {
            CertificateState state = states.get(presented.name());
            OrderFailure failure = state == null ? null : state.failure();
            views.add(new CertificateView(
                    presented.name(),
                    presented.service(),
                    presented.source().name().toLowerCase(Locale.ROOT).replace('_', '-'),
                    state == null ? "off" : state.phase().toString(),
                    presented.certificate().issuer(),
                    presented.certificate().notAfter(),
                    state == null ? null : state.next(),
                    failure == null ? "" : failure.text(),
                    failure == null ? "" : failure.remedy(),
                    state == null ? 0 : state.failures()));
        }
        return views;
    }

    /// How many orders came to nothing, by reason; every reason is there.
    public synchronized Map<String, Long> failures() {
        Map<String, Long> counts = new HashMap<>();
        for (OrderFault fault : OrderFault.values()) {
            counts.put(fault.toString(), failures.getOrDefault(fault, 0L));
        }
        return counts;
    }

    /// Ends what is under way.
    @Override
    public synchronized void close() {
        closed = true;
        orders.forEach(Thread::interrupt);
    }
}
