package dev.culvert.model.decide;

/// What is known of a request when it is judged. A TCP connection has [#NONE].
///
/// @param length of its body as declared, -1 where it is not
/// @param ambiguous whether its target has escapes that servers read differently
/// @param password whether its credentials were found right
/// @param approved whether the service that is asked about requests said yes
public record Evidence(long length, boolean ambiguous, boolean password, boolean approved) {
    public static final Evidence NONE = new Evidence(-1, false, false, false);

    /// A request that has shown nothing yet.
    public static Evidence of(long length, boolean ambiguous) {
        return length < 0 && !ambiguous ? NONE : new Evidence(length, ambiguous, false, false);
    }

    public Evidence withPassword() {
        return new Evidence(length, ambiguous, true, approved);
    }

    public Evidence withApproval() {
        return new Evidence(length, ambiguous, password, true);
    }

    /// Whether it is judged for the first time: only then it counts as a request.
    boolean isFirst() {
        return !password && !approved;
    }
}
