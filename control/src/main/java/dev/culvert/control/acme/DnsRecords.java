package dev.culvert.control.acme;

import dev.culvert.control.acme.Authority.OrderException;
import dev.culvert.control.acme.Proofs.Proof;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Sets the records that dns-01 asks for, waits until the world can see them, and takes them away again.
final class DnsRecords {
    private static final Logger LOG = LoggerFactory.getLogger("culvert");

    private final Writer writer;

    /// Who changes a zone.
    sealed interface Writer permits DnsUpdate, DnsHook {
        /// Adds a TXT record beside those that are there.
        ///
        /// @param record absolute, without a dot at its end
        /// @return where the world will look for it
        DnsPlace add(String record, String value) throws OrderException, InterruptedException;

        void remove(String record, String value) throws OrderException, InterruptedException;
    }

    DnsRecords(Writer writer) {
        this.writer = writer;
    }

    /// @param name as ordered; one that begins with `*.` is proven by the name below it (RFC 8555 §7.1.3)
    /// @param value the digest of the key authorization
    Proof show(String name, String value) throws OrderException, InterruptedException {
        String record = "_acme-challenge." + (name.startsWith("*.") ? name.substring(2) : name);
        Proof proof = () -> remove(record, value);
        try {
            DnsPlace place = writer.add(record, value);
            place.awaitTxt(value);
            return proof;
        } catch (OrderException | InterruptedException | RuntimeException e) {
            proof.close();
            throw e;
        }
    }

    /// A record that stays is untidy and no more.
    private void remove(String record, String value) {
        try {
            writer.remove(record, value);
        } catch (OrderException e) {
            LOG.warn("the record {} stays behind: {}", record, e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
