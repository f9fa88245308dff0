package dev.culvert.control.acme;

import dev.culvert.dataplane.tls.ServerCertificate;
import dev.culvert.model.AcmeSettings;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// A certificate authority, as [Certificates] uses it. Its calls wait for the network.
interface Authority {
    /// Orders a certificate and waits for it.
    ///
    /// @param replaces the certificate that it follows, if there is one
    /// @throws OrderException if there is none to be had
    ServerCertificate order(String name, AcmeSettings.Challenge challenge, @Nullable ServerCertificate replaces)
            throws OrderException, InterruptedException;

    /// When it advises to renew (RFC 9773); null if it gives no advice.
    ///
    /// @throws OrderException if it does not answer
    @Nullable
    Advice advice(ServerCertificate certificate) throws OrderException;

    /// @param askAgain when it wants to be asked again; null if it did not say
    record Advice(Lifetime window, @Nullable Instant askAgain) {}

    /// An order came to nothing.
    final class OrderException extends Exception {
        private static final long serialVersionUID = 1;

        private final transient OrderFailure failure;

        OrderException(OrderFailure failure) {
            super(failure.text());
            this.failure = failure;
        }

        OrderException(OrderFault fault, String text, String remedy) {
            this(new OrderFailure(fault, text, remedy, null));
        }

        OrderFailure failure() {
            return failure;
        }
    }
}
