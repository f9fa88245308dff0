package dev.culvert.model.decide;

/// Why a visitor is not let through: one counter, log word and test each.
public enum DenyReason {
    /// Its address lies in a banned prefix.
    BANNED("banned"),
    /// Its address, the node or the service has as many connections as it may.
    TOO_MANY("too-many"),
    /// Its address opens connections, or sends requests to the service, faster than allowed.
    RATE("rate"),
    /// It has as many connections with the service, or requests under way, as one visitor may.
    VISITOR_FULL("visitor-full"),
    /// All visitors of the service together connect, or ask, faster than it takes.
    SERVICE_RATE("service-rate"),
    /// No service has this host, or the listener has none.
    NO_ROUTE("no-route"),
    /// The service's access policy does not let this address in.
    ACL("acl"),
    /// Its body is larger than the service takes.
    BODY_SIZE("body-size"),
    /// The target of the request has escapes that servers read differently, where paths decide who gets in.
    AMBIGUOUS("ambiguous"),
    /// It has no credentials that the service knows.
    CREDENTIALS("credentials"),
    /// The service that is asked about requests said no.
    FORWARD_AUTH("forward-auth");

    private final String word;

    DenyReason(String word) {
        this.word = word;
    }

    @Override
    public String toString() {
        return word;
    }
}
