package dev.culvert.proto.netstack;

/// How much may be in flight, decided by what happened to what was: a window in bytes, at least one segment.
///
/// The sender says when it enters recovery and when its timer fires; it never asks why.
sealed interface CongestionControl permits NewReno, Cubic {
    /// Segments of the initial window (RFC 6928).
    int INITIAL_SEGMENTS = 10;

    /// The congestion window in bytes.
    int window();

    /// `bytes` were newly acknowledged outside of recovery while the window was in full use.
    void acknowledged(int bytes, long srtt, long now);

    /// The round-trip time that an acknowledgment of `ack` shows, while everything below `sndMax` has been sent.
    void roundTrip(int ack, int sndMax, long rtt);

    /// Loss was noticed while `flight` bytes were out: once per recovery.
    void lossDetected(int flight, long now);

    /// Fast recovery is over, with `flight` bytes still out. If these are much fewer than the window, since the peer's
    /// window or the application held the sender back, it opens again as acknowledgments come, and not in one burst
    /// (RFC 6582 §3.2, step 3).
    void recovered(int flight);

    /// The retransmission timer fired while `flight` bytes were out; `again` if it had fired for these bytes
    /// before (RFC 5681 §3.1: the threshold is set once).
    void timedOut(int flight, boolean again, long now);

    /// The last reduction was for nothing (RFC 4015 §3).
    void undo();

    /// Nothing was in flight for longer than a timeout (RFC 5681 §4.1).
    void restartAfterIdle(long now);

    /// The payload of a full segment has become `bytes`.
    void segmentSize(int bytes);
}
