package dev.culvert.control.acme;

import dev.culvert.control.acme.Authority.OrderException;
import dev.culvert.dataplane.tls.Challenges;
import java.io.IOException;
import java.security.GeneralSecurityException;
import org.jspecify.annotations.Nullable;
import org.shredzone.acme4j.challenge.Challenge;
import org.shredzone.acme4j.challenge.Dns01Challenge;
import org.shredzone.acme4j.challenge.Http01Challenge;
import org.shredzone.acme4j.challenge.TlsAlpn01Challenge;

/// Shows an authority that a name is ours, for as long as it looks.
final class Proofs {
    private final Challenges challenges;
    private final @Nullable DnsRecords records;

    /// @param records who sets records; null if nobody does
    Proofs(Challenges challenges, @Nullable DnsRecords records) {
        this.challenges = challenges;
        this.records = records;
    }

    /// What is shown now; closed, it is taken away.
    interface Proof extends AutoCloseable {
        @Override
        void close();
    }

    /// Gives the proof; the authority may look when this returns.
    Proof give(String name, Challenge challenge) throws IOException, OrderException, InterruptedException {
        return switch (challenge) {
            case Http01Challenge http -> {
                challenges.putHttp(name, http.getToken(), http.getAuthorization());
                yield () -> challenges.removeHttp(name, http.getToken());
            }
            case TlsAlpn01Challenge tls -> {
                challenges.putTls(name, certificate(name, tls));
                yield () -> challenges.removeTls(name);
            }
            case Dns01Challenge dns -> {
                if (records == null) {
                    throw new OrderException(OrderFault.NO_CHALLENGE, "nobody sets records", "set acme.dns");
                }
                yield records.show(name, dns.getDigest());
            }
            default ->
                throw new OrderException(OrderFault.NO_CHALLENGE, challenge.getType() + " is not known here", "");
        };
    }

    private static dev.culvert.dataplane.tls.ServerCertificate certificate(String name, TlsAlpn01Challenge tls)
            throws IOException {
        try {
            return AlpnCertificate.make(name, tls.getAcmeValidation());
        } catch (GeneralSecurityException e) {
            throw new IOException("the certificate for tls-alpn-01 cannot be made: " + e.getMessage(), e);
        }
    }
}
