package dev.culvert.proto.netstack;

import dev.culvert.proto.inet.TcpHeader;

/// What a segment does to the connection it belongs to: the chapter "SEGMENT ARRIVES" (RFC 9293 §3.10.7), with
/// the checks against blind attackers of RFC 5961.
final class TcpInput {
    private final TcpLayer layer;
    private final Counters drops;

    TcpInput(TcpLayer layer, Counters drops) {
        this.layer = layer;
        this.drops = drops;
    }

    void handle(TcpSocket socket, Segment segment, long now) {
        if (socket.state == TcpState.SYN_SENT) {
            handleSynSent(socket, segment, now);
        } else if (check(socket, segment, now)) {
            handleAck(socket, segment, now);
        }
        if (socket.state != TcpState.CLOSED) {
            layer.leaveStalled(socket);
            layer.wantTransmit(socket);
            layer.timers.update(socket);
        }
    }

    /// RFC 9293 §3.10.7.3.
    private void handleSynSent(TcpSocket socket, Segment segment, long now) {
        TcpSender sender = socket.sender;
        if (segment.isAck() && (SeqNum.atMost(segment.ack, sender.iss) || SeqNum.after(segment.ack, sender.sndMax))) {
            drops.count(Drop.UNACCEPTABLE_ACK);
            layer.reset(segment);
        } else if (segment.isRst()) {
            if (segment.isAck()) {
                socket.finish(CloseReason.REFUSED);
            } else {
                drops.count(Drop.MISSING_ACK);
            }
        } else if (!segment.isSyn()) {
            drops.count(Drop.OUT_OF_WINDOW);
        } else {
            socket.negotiate(segment, now);
            if (segment.isAck()) {
                sender.handleAck(segment, now);
                socket.receiver.acknowledgeNow();
                socket.becomeEstablished(now);
            } else {
                socket.state = TcpState.SYN_RECEIVED;
                sender.synPending = true;
            }
        }
    }

    /// The first to fourth step of RFC 9293 §3.10.7.4: sequence number, RST, SYN. True if the segment goes on.
    private boolean check(TcpSocket socket, Segment segment, long now) {
        TcpReceiver receiver = socket.receiver;
        acceptCrossedSyn(socket, segment);
        if (!segment.isRst() && receiver.timestamps && !segment.options.hasTimestamps) {
            drops.count(Drop.MISSING_TIMESTAMP);
            return false;
        }
        if (!segment.isRst() && receiver.isOldTimestamp(segment, now)) {
            drops.count(Drop.OLD_TIMESTAMP);
            answerUnacceptable(socket, segment, now);
            return false;
        }
        if (!receiver.isAcceptable(segment)) {
            drops.count(Drop.OUT_OF_WINDOW);
            if (!segment.isRst()) {
                answerUnacceptable(socket, segment, now);
            }
            return false;
        }
        if (segment.isRst()) {
            handleReset(socket, segment, now);
            return false;
        }
        if (segment.isSyn()) {
            drops.count(Drop.UNEXPECTED_SYN);
            socket.challenge(now);
            return false;
        }
        if (!segment.isAck()) {
            drops.count(Drop.MISSING_ACK);
            return false;
        }
        return true;
    }

    /// In a simultaneous open both ends answer with SYN and ACK; the number of that SYN is no longer in the
    /// window, but its ACK completes the handshake (RFC 9293 §3.5, figure 8).
    private static void acceptCrossedSyn(TcpSocket socket, Segment segment) {
        boolean crossed = socket.state == TcpState.SYN_RECEIVED
                && segment.isSyn()
                && segment.isAck()
                && segment.seq == socket.receiver.irs;
        if (crossed) {
            segment.flags &= ~(TcpHeader.SYN | TcpHeader.ECE | TcpHeader.CWR);
            segment.seq++;
            segment.window >>>= socket.sender.window.peerShift;
        }
    }

    private static void answerUnacceptable(TcpSocket socket, Segment segment, long now) {
        boolean synAgain = segment.isSyn() && segment.seq == socket.receiver.irs;
        if (socket.state == TcpState.SYN_RECEIVED && synAgain) {
            socket.sender.recovery.ecn.negotiateAgain(segment);
            socket.sender.synPending = true;
        } else if (segment.dataLength > 0 || segment.isFin()) {
            // A retransmission: its sender waits for this.
            socket.receiver.noteOldData(segment);
            socket.receiver.acknowledgeNow();
            if (socket.state == TcpState.TIME_WAIT && segment.isFin()) {
                socket.restartTimeWait(now);
            }
        } else {
            socket.challenge(now);
        }
    }

    /// RFC 5961 §3.2: only the exact next number resets; RFC 1337 for TIME-WAIT.
    private void handleReset(TcpSocket socket, Segment segment, long now) {
        if (socket.state == TcpState.TIME_WAIT) {
            drops.count(Drop.TIME_WAIT_RESET);
        } else if (segment.seq == socket.receiver.rcvNxt) {
            boolean refused = socket.state == TcpState.SYN_RECEIVED && socket.listener == null;
            socket.finish(refused ? CloseReason.REFUSED : CloseReason.RESET);
        } else {
            drops.count(Drop.INEXACT_RESET);
            socket.challenge(now);
        }
    }

    /// The fifth step: ACK.
    private void handleAck(TcpSocket socket, Segment segment, long now) {
        TcpSender sender = socket.sender;
        if (socket.state == TcpState.SYN_RECEIVED) {
            if (SeqNum.atMost(segment.ack, sender.sndUna) || SeqNum.after(segment.ack, sender.sndMax)) {
                drops.count(Drop.UNACCEPTABLE_ACK);
                layer.reset(segment);
                return;
            }
            if (socket.listener != null && socket.listener.isFull()) {
                // Unanswered, the peer's data comes again, and our SYN with it.
                drops.count(Drop.ACCEPT_QUEUE_FULL);
                return;
            }
            socket.becomeEstablished(now);
            if (socket.state == TcpState.CLOSED) {
                return;
            }
        } else if (!sender.isAcceptableAck(segment.ack)) {
            drops.count(Drop.UNACCEPTABLE_ACK);
            socket.challenge(now);
            return;
        }
        socket.heard(now);
        socket.receiver.noteTimestamp(segment, now);
        sender.handleAck(segment, now);
        socket.reportWritable();
        socket.advanceState(false, now);
        if (socket.state.mayReceive()) {
            handleData(socket, segment, now);
        }
    }

    /// The seventh and eighth step: data and FIN.
    private void handleData(TcpSocket socket, Segment segment, long now) {
        if (segment.length() == 0) {
            return;
        }
        TcpReceiver receiver = socket.receiver;
        if (socket.sender.recovery.ecn.received(segment)) {
            receiver.acknowledgeNow();
        }
        if (socket.detached && SeqNum.after(segment.seq + segment.dataLength, receiver.rcvNxt)) {
            drops.count(Drop.DATA_AFTER_CLOSE);
            socket.abort();
            return;
        }
        int readable = receiver.ring.size();
        Drop reason = receiver.receive(segment, socket.sender.stamp(now), socket.sender.rtt.srtt(), now);
        if (reason != null) {
            drops.count(reason);
        }
        if (receiver.finReceived) {
            socket.advanceState(true, now);
        }
        if (receiver.finReceived || receiver.ring.size() > readable) {
            layer.ready(socket);
        }
    }
}
