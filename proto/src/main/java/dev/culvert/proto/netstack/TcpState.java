package dev.culvert.proto.netstack;

/// The states of a connection (RFC 9293 §3.3.2); LISTEN is [TcpListener].
public enum TcpState {
    SYN_SENT,
    SYN_RECEIVED,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    CLOSE_WAIT,
    CLOSING,
    LAST_ACK,
    TIME_WAIT,
    CLOSED;

    /// Whether both ends have agreed on sequence numbers (RFC 9293 §3.5.1).
    boolean isSynchronized() {
        return compareTo(ESTABLISHED) >= 0 && this != CLOSED;
    }

    /// Whether the peer may still send data.
    boolean mayReceive() {
        return this == ESTABLISHED || this == FIN_WAIT_1 || this == FIN_WAIT_2;
    }
}
