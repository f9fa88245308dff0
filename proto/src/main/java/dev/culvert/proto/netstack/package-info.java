/// A TCP/IP stack without sockets, threads or clock: IPv4 and IPv6, TCP, UDP and ICMP for the inside of a tunnel.
///
/// [Stack] is the entry: push packets in with `handlePacket`, pull packets out with `pollTransmit`, learn what
/// changed from `pollReady`, and call `handleTimeout` at `nextDeadline`. One owner drives it and all sockets made
/// by it; nothing here is safe for a second thread. Times are monotonic nanoseconds ≥ 0. Packets are built when
/// they are polled, so not polling is backpressure and acknowledgments coalesce by themselves.
///
/// TCP is split by role. `TcpSocket` is the state and the face to the application, `TcpInput` the segment-arrives
/// chapter of RFC 9293 §3.10.7, `TcpSender` send queue and loss recovery, `TcpReceiver` window and reassembly,
/// `TcpOutput` what to build next. `CongestionControl`, `SackScoreboard`, `RttEstimator` and `Reassembly` are
/// seams of the sender and receiver; `Demux` finds a socket by its four-tuple, `Timers` the next deadline.
///
/// Whatever a peer sends ends in a state change, an answer or a counted [Drop]; never in an exception.
///
/// Sources: RFC 9293 (TCP), 5681 and 9438 (congestion), 6298 (RTO), 6582 and 6675 (recovery), 7323 (timestamps,
/// window scale), 2018 (SACK), 5961 and 5927 (blind attacks), 6528 (ISN), 6928 (IW10), 3042, 1191 and 8201 (path
/// MTU), 792, 4443. Not here: IP fragments, routing, ECN, urgent data, TCP Fast Open.
@NullMarked
package dev.culvert.proto.netstack;

import org.jspecify.annotations.NullMarked;
