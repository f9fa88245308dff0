package dev.culvert.proto.tls;

/// The word on the first bytes of a connection.
public sealed interface HelloVerdict {
    /// Nothing is wrong so far, and something is missing.
    record NeedMore() implements HelloVerdict {
        static final NeedMore INSTANCE = new NeedMore();
    }

    /// The message is whole and has one meaning.
    record Accepted(ClientHello hello) implements HelloVerdict {}

    /// To be closed: no byte that follows can mend it.
    record Malformed(HelloFault fault) implements HelloVerdict {}
}
