package dev.culvert.model.decide;

/// What a request has to show before [Admission] decides; asked again, with it, it comes to the next demand or the
/// last word.
public enum Demand implements Verdict {
    /// A name and password that the service knows: [Evidence#withPassword()].
    PASSWORD,
    /// The word of the service that is asked about requests: [Evidence#withApproval()].
    APPROVAL
}
