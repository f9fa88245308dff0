package dev.culvert.control.acme;

import dev.culvert.control.tls.Pem;
import dev.culvert.dataplane.tls.ServerCertificate;
import dev.culvert.model.AcmeSettings;
import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.shredzone.acme4j.AccountBuilder;
import org.shredzone.acme4j.Authorization;
import org.shredzone.acme4j.Login;
import org.shredzone.acme4j.Order;
import org.shredzone.acme4j.OrderBuilder;
import org.shredzone.acme4j.Problem;
import org.shredzone.acme4j.RenewalInfo;
import org.shredzone.acme4j.Session;
import org.shredzone.acme4j.Status;
import org.shredzone.acme4j.challenge.Challenge;
import org.shredzone.acme4j.connector.NetworkSettings;
import org.shredzone.acme4j.connector.Resource;
import org.shredzone.acme4j.exception.AcmeException;
import org.shredzone.acme4j.exception.AcmeLazyLoadingException;
import org.shredzone.acme4j.exception.AcmeProtocolException;
import org.shredzone.acme4j.exception.AcmeRateLimitedException;
import org.shredzone.acme4j.exception.AcmeServerException;
import org.shredzone.acme4j.provider.GenericAcmeProvider;

/// An authority that speaks ACME (RFC 8555), by acme4j. The library is loaded by the first order and not before.
///
/// Each order has a session of its own, whose threads end with it: months lie between two.
final class AcmeClient implements Authority {
    private static final Duration ANSWER = Duration.ofSeconds(20);
    private static final Duration DECISION = Duration.ofMinutes(3);
    private static final String BAD_NONCE = "urn:ietf:params:acme:error:badNonce";
    private static final String NO_ACCOUNT = "urn:ietf:params:acme:error:accountDoesNotExist";
    private static final int ATTEMPTS = 3;

    private final AcmeSettings settings;
    private final AccountKeys keys;
    private final Proofs proofs;
    private final String host;

    /// @param folder where the account's key is kept
    AcmeClient(AcmeSettings settings, Path folder, Proofs proofs) {
        this.settings = settings;
        this.keys = new AccountKeys(folder, settings.directory());
        this.proofs = proofs;
        this.host = settings.directory().getHost();
    }

    private interface Work<T> {
        T run(Session session) throws AcmeException, IOException, OrderException, InterruptedException;
    }

    @Override
    public ServerCertificate order(String name, AcmeSettings.Challenge challenge, @Nullable ServerCertificate replaces)
            throws OrderException, InterruptedException {
        return within(session -> {
            for (int attempt = 1; ; attempt++) {
                try {
                    return order(login(session), name, challenge, replaces);
                } catch (AcmeServerException e) {
                    // acme4j has tried again already; an authority that tests its clients may want more patience.
                    if (!e.getType().toString().equals(BAD_NONCE) || attempt == ATTEMPTS) {
                        throw e;
                    }
                }
            }
        });
    }

    @Override
    public @Nullable Advice advice(ServerCertificate certificate) throws OrderException {
        try {
            return within(session -> {
                        if (session.resourceUrlOptional(Resource.RENEWAL_INFO).isEmpty()) {
                            return Optional.<Advice>empty();
                        }
                        // Nothing is signed: what it advises is public, and needs no account.
                        Login login = session.login(settings.directory().toURL(), keys.account());
                        RenewalInfo info = login.bindRenewalInfo(certificate.leaf());
                        Instant again = info.fetch().orElse(null);
                        return Optional.of(new Advice(
                                new Lifetime(info.getSuggestedWindowStart(), info.getSuggestedWindowEnd()), again));
                    })
                    .orElse(null);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        }
    }

    private <T> T within(Work<T> work) throws OrderException, InterruptedException {
        Session session = new Session(settings.directory(), new Provider(trust()));
        session.networkSettings().setTimeout(ANSWER);
        try (HttpClient _ = session.getHttpClient()) {
            return work.run(session);
        } catch (AcmeException | AcmeLazyLoadingException | AcmeProtocolException e) {
            throw Faults.of(e, host);
        } catch (IOException e) {
            throw new OrderException(Faults.local(e));
        }
    }

    private @Nullable SSLContext trust() throws OrderException {
        String file = settings.caFile();
        try {
            return file == null ? null : Pem.trusting(Path.of(file));
        } catch (IOException | GeneralSecurityException e) {
            throw new OrderException(
                    OrderFault.LOCAL, "acme.ca-file: " + e.getMessage(), "expected: certificates in PEM");
        }
    }

    private Login login(Session session) throws AcmeException, IOException {
        KeyPair key = keys.account();
        AcmeSettings.Eab eab = settings.eab();
        if (eab != null) {
            try {
                return new AccountBuilder().onlyExisting().useKeyPair(key).createLogin(session);
            } catch (AcmeServerException e) {
                if (!e.getType().toString().equals(NO_ACCOUNT)) {
                    throw e;
                }
            }
        }
        AccountBuilder account = new AccountBuilder()
                .agreeToTermsOfService()
                .addEmail(settings.email())
                .useKeyPair(key);
        if (eab != null) {
            account.withKeyIdentifier(eab.keyId(), AccountKeys.mac(Path.of(eab.keyFile())));
        }
        return account.createLogin(session);
    }

    private ServerCertificate order(
            Login login, String name, AcmeSettings.Challenge challenge, @Nullable ServerCertificate replaces)
            throws AcmeException, IOException, OrderException, InterruptedException {
        Order order = begin(login, name, replaces);
        for (Authorization authorization : order.getAuthorizations()) {
            if (authorization.getStatus() != Status.VALID) {
                prove(authorization, name, challenge);
            }
        }
        order.waitUntilReady(DECISION);
        KeyPair key = Pem.newKeyPair();
        order.execute(key);
        Status status = order.waitForCompletion(DECISION);
        if (status != Status.VALID) {
            throw new OrderException(
                    OrderFault.UNREACHABLE,
                    host + " did not finish the order"
                            + order.getError().map(problem -> ": " + problem).orElse(""),
                    "");
        }
        return checked(name, order, key);
    }

    private ServerCertificate checked(String name, Order order, KeyPair key) throws IOException {
        try {
            ServerCertificate certificate =
                    ServerCertificate.of(order.getCertificate().getCertificateChain(), key.getPrivate());
            if (!certificate.covers(name)) {
                throw new IOException(host + " gave a certificate that is not for " + name);
            }
            return certificate;
        } catch (GeneralSecurityException e) {
            throw new IOException(host + " gave a certificate that cannot be used: " + e.getMessage(), e);
        }
    }

    /// RFC 9773 §5: an order that names what it replaces is not held against limits. An authority that does not know
    /// that certificate must not keep us from having another.
    private Order begin(Login login, String name, @Nullable ServerCertificate replaces)
            throws AcmeException, OrderException {
        if (replaces != null
                && login.getSession().resourceUrlOptional(Resource.RENEWAL_INFO).isPresent()) {
            try {
                return builder(login, name).replaces(replaces.leaf()).create();
            } catch (AcmeRateLimitedException e) {
                throw e;
            } catch (AcmeServerException e) {
                return builder(login, name).create();
            }
        }
        return builder(login, name).create();
    }

    private OrderBuilder builder(Login login, String name) throws AcmeException, OrderException {
        OrderBuilder builder = login.newOrder().domain(name);
        String profile = settings.profile();
        if (profile == null) {
            return builder;
        }
        Set<String> known = login.getSession().getMetadata().getProfiles();
        if (!known.contains(profile)) {
            throw new OrderException(
                    OrderFault.REFUSED,
                    host + " has no profile " + profile,
                    known.isEmpty() ? "leave acme.profile out" : "set acme.profile to one of " + new TreeSet<>(known));
        }
        return builder.profile(profile);
    }

    private void prove(Authorization authorization, String name, AcmeSettings.Challenge kind)
            throws AcmeException, IOException, OrderException, InterruptedException {
        Challenge challenge = authorization.findChallenge(kind.toString()).orElse(null);
        if (challenge == null) {
            throw new OrderException(
                    OrderFault.NO_CHALLENGE,
                    host + " does not offer " + kind + " for " + name,
                    "set acme.challenge to one of "
                            + authorization.getChallenges().stream()
                                    .map(Challenge::getType)
                                    .toList());
        }
        try (Proofs.Proof _ = proofs.give(name, challenge)) {
            challenge.trigger();
            Status status = authorization.waitForCompletion(DECISION);
            if (status == Status.VALID) {
                return;
            }
            if (status != Status.INVALID) {
                throw new OrderException(OrderFault.UNREACHABLE, host + " did not decide within 3 minutes", "");
            }
            challenge.fetch();
            Problem problem = challenge.getError().orElse(null);
            throw Faults.rejected(name, kind, problem);
        }
    }

    /// Whom it trusts may be the operator's own authority only.
    private static final class Provider extends GenericAcmeProvider {
        private final @Nullable SSLContext trust;

        Provider(@Nullable SSLContext trust) {
            this.trust = trust;
        }

        @Override
        public HttpClient createHttpClient(NetworkSettings settings) {
            HttpClient.Builder builder = HttpClient.newBuilder()
                    .followRedirects(HttpClient.Redirect.NORMAL)
                    .connectTimeout(settings.getTimeout());
            if (trust != null) {
                builder.sslContext(trust);
            }
            return builder.build();
        }
    }
}
