package dev.culvert.control.acme;

import java.util.Locale;

/// Why an order came to nothing; the names are values of a metric's label.
enum OrderFault {
    /// The CA does not answer, or answers as a broken server would: no name's own fault.
    UNREACHABLE,
    /// The CA has a limit, and says until when.
    RATE_LIMITED,
    /// The CA looked for the proof and did not find it.
    CHALLENGE_REJECTED,
    /// The CA does not want this order or account.
    REFUSED,
    /// No kind of proof can be given with this configuration.
    NO_CHALLENGE,
    /// The record that is the proof could not be set.
    DNS,
    /// This machine's own trouble: a file, the disk.
    LOCAL;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
