package dev.culvert.proto.netstack;

import java.net.InetSocketAddress;

/// What is known of one connection at a moment, in bytes and nanoseconds.
///
/// @param recovery `OPEN`, `RECOVERY` or `LOSS`: whether loss is being repaired, and how it was found
/// @param congestionWindow how much may be in flight
/// @param inFlight sent and not acknowledged
/// @param sendQueue written and not acknowledged, of at most `sendBuffer`
/// @param receiveQueue received and not read, of at most `receiveBuffer`
/// @param sendWindow what the peer has offered
/// @param smoothedRtt 0 before the first measurement
/// @param minRtt the least of late, or 0
/// @param timeout the current retransmission timeout
/// @param bytesAcknowledged of all that was written
/// @param bytesReceived in order
/// @param resentSegments since the beginning
/// @param timeouts how often the retransmission timer has fired
/// @param probes tail loss probes sent
/// @param undone reductions of the window that were taken back
/// @param ecn whether routers may mark what is sent, as both ends have agreed
/// @param marks reductions because routers did
public record SocketStatus(
        InetSocketAddress local,
        InetSocketAddress remote,
        TcpState state,
        String recovery,
        int segment,
        int congestionWindow,
        int inFlight,
        int sendQueue,
        int sendBuffer,
        int receiveQueue,
        int receiveBuffer,
        int sendWindow,
        long smoothedRtt,
        long minRtt,
        long timeout,
        long bytesAcknowledged,
        long bytesReceived,
        long resentSegments,
        long timeouts,
        long probes,
        long undone,
        boolean ecn,
        long marks) {
    static SocketStatus of(TcpSocket socket, long now) {
        TcpSender sender = socket.sender;
        LossRecovery recovery = sender.recovery;
        ByteRing received = socket.receiver.ring;
        return new SocketStatus(
                socket.local(),
                socket.remote(),
                socket.state(),
                recovery.state().name(),
                sender.mss,
                recovery.congestion.window(),
                sender.flight(),
                sender.ring.size(),
                sender.ring.limit(),
                received.size(),
                received.limit(),
                sender.window.size(),
                sender.rtt.srtt(),
                recovery.rack.minRtt(now),
                sender.rtt.rto(),
                sender.ring.start(),
                received.end(),
                recovery.resentSegments,
                recovery.timeouts,
                recovery.probes,
                recovery.undone,
                recovery.ecn.isAgreed(),
                recovery.marks);
    }
}
