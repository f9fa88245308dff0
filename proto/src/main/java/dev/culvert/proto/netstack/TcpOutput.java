package dev.culvert.proto.netstack;

import dev.culvert.proto.inet.AddressWords;
import dev.culvert.proto.inet.InternetChecksum;
import dev.culvert.proto.inet.IpProtocol;
import dev.culvert.proto.inet.TcpHeader;

/// Builds the next packet of a connection, at the moment it is asked for: RST, SYN, data or FIN, a probe, an
/// acknowledgment, in this order.
final class TcpOutput {
    /// Room for every header and option of a segment without data.
    static final int MAX_HEADERS = 100;

    private final int[] sackStarts = new int[TcpOptions.MAX_SACK_BLOCKS];
    private final int[] sackEnds = new int[TcpOptions.MAX_SACK_BLOCKS];

    /// Writes a packet at `offset`; returns its length, or 0 if the connection has nothing to send.
    int build(TcpSocket socket, byte[] out, int offset, long now) {
        if (socket.resetPending) {
            socket.resetPending = false;
            return buildReset(socket, out, offset);
        }
        if (socket.state == TcpState.CLOSED) {
            return 0;
        }
        socket.startOrphanTimer(now);
        TcpSender sender = socket.sender;
        if (sender.synPending) {
            return buildSyn(socket, out, offset, now);
        }
        if (socket.state == TcpState.SYN_SENT || socket.state == TcpState.SYN_RECEIVED) {
            return 0;
        }
        int blocks = sackBlocks(socket);
        if (sender.plan(TcpOptions.sackBytes(blocks), now)) {
            // A full segment that goes again leaves no room for blocks: they follow by themselves.
            boolean fits = sender.planLength + TcpOptions.sackBytes(blocks) <= sender.mss;
            int length = buildData(socket, fits ? blocks : 0, out, offset, now);
            sender.sent(now);
            if (!fits) {
                socket.receiver.acknowledgeNow();
            }
            return length;
        }
        if (sender.probePending) {
            sender.probePending = false;
            return build(socket, sender.sndUna - 1, ackFlags(socket), blocks, 0, out, offset, now);
        }
        if (socket.receiver.isAckDue()) {
            return build(socket, sender.sndMax, ackFlags(socket), blocks, 0, out, offset, now);
        }
        return 0;
    }

    private int sackBlocks(TcpSocket socket) {
        if (!socket.sender.recovery.sackPermitted || !socket.receiver.hasReport()) {
            return 0;
        }
        // With timestamps, 40 bytes of options leave room for three blocks (RFC 2018 §3).
        int most = socket.timestamps ? 3 : 4;
        return socket.receiver.report(sackStarts, sackEnds, most);
    }

    private int buildData(TcpSocket socket, int blocks, byte[] out, int offset, long now) {
        TcpSender sender = socket.sender;
        int length = sender.planLength;
        boolean markable = sender.isPlanNew() && length > 0;
        int flags = TcpHeader.ACK
                | sender.recovery.ecn.flags(markable)
                | (sender.planFin ? TcpHeader.FIN : 0)
                | (sender.planPush ? TcpHeader.PSH : 0);
        if (length > 0) {
            int data = offset + IpOutput.headerLength(socket.isIpv4()) + headerLength(socket, blocks);
            long position = sender.ring.start() + (sender.planSeq - sender.sndUna);
            sender.ring.copy(position, out, data, length);
        }
        if ((flags & TcpHeader.CWR) != 0) {
            sender.recovery.reductionTold(sender.planSeq + length);
        }
        int built = build(socket, sender.planSeq, flags, blocks, length, out, offset, now);
        if (markable && sender.recovery.ecn.isAgreed()) {
            IpOutput.markable(out, offset, socket.isIpv4());
        }
        return built;
    }

    private static int ackFlags(TcpSocket socket) {
        return TcpHeader.ACK | socket.sender.recovery.ecn.flags(false);
    }

    private static int headerLength(TcpSocket socket, int blocks) {
        int timestamps = socket.timestamps ? TcpOptions.TIMESTAMP_BYTES : 0;
        return TcpHeader.LENGTH + timestamps + TcpOptions.sackBytes(blocks);
    }

    /// Puts headers before a payload that is already in place.
    private int build(TcpSocket socket, int seq, int flags, int blocks, int length, byte[] out, int offset, long now) {
        TcpReceiver receiver = socket.receiver;
        int header = headerLength(socket, blocks);
        int tcp = writeIp(socket, header + length, out, offset);
        int window = receiver.offerWindow(receiver.windowShift);
        TcpHeader.write(out, tcp, socket.localPort(), socket.remotePort(), seq, receiver.rcvNxt, header, flags, window);
        int at = tcp + TcpHeader.LENGTH;
        if (socket.timestamps) {
            at = TcpOptions.writeTimestamps(out, at, socket.sender.stamp(now), receiver.tsRecent);
        }
        if (blocks > 0) {
            TcpOptions.writeSack(out, at, sackStarts, sackEnds, blocks);
            receiver.reported();
        }
        TcpHeader.writeChecksum(out, tcp, header + length, socket.pseudoHeader());
        receiver.acknowledged(socket.sender.recovery.sackPermitted);
        return tcp - offset + header + length;
    }

    private static int buildSyn(TcpSocket socket, byte[] out, int offset, long now) {
        boolean answer = socket.state == TcpState.SYN_RECEIVED;
        TcpReceiver receiver = socket.receiver;
        TcpSender sender = socket.sender;
        int at = offset + IpOutput.headerLength(socket.isIpv4()) + TcpHeader.LENGTH;
        int options = at;
        at = TcpOptions.writeMss(out, at, socket.mssToOffer());
        if (!answer || sender.recovery.sackPermitted) {
            at = TcpOptions.writeSackPermitted(out, at);
        }
        if (socket.timestamps) {
            at = TcpOptions.writeTimestamps(out, at, socket.sender.stamp(now), receiver.tsRecent);
        }
        if (socket.windowScaling) {
            at = TcpOptions.writeWindowScale(out, at, receiver.windowShift);
        }
        int header = TcpHeader.LENGTH + at - options;
        int tcp = writeIp(socket, header, out, offset);
        Ecn ecn = sender.recovery.ecn;
        if (!answer && sender.isSynSent()) {
            ecn.withdraw();
        }
        int flags = (answer ? TcpHeader.SYN | TcpHeader.ACK : TcpHeader.SYN) | ecn.offer(answer);
        int window = answer ? receiver.offerWindow(0) : Math.min(receiver.ring.limit(), 0xffff);
        TcpHeader.write(
                out,
                tcp,
                socket.localPort(),
                socket.remotePort(),
                sender.iss,
                answer ? receiver.rcvNxt : 0,
                header,
                flags,
                window);
        TcpHeader.writeChecksum(out, tcp, header, socket.pseudoHeader());
        sender.synSent(now);
        return tcp - offset + header;
    }

    static int headers(Tuple who) {
        return IpOutput.headerLength(AddressWords.isIpv4(who.localHigh, who.localLow)) + TcpHeader.LENGTH;
    }

    /// The answer to a SYN of which nothing is kept.
    static int buildCookie(Tuple who, Segment syn, int cookie, int stamp, int mss, int shift, int window, byte[] out) {
        int options = headers(who);
        int at = TcpOptions.writeMss(out, options, mss);
        // Without timestamps there is no place to keep the other options in.
        if (syn.options.hasTimestamps) {
            at = syn.options.sackPermitted ? TcpOptions.writeSackPermitted(out, at) : at;
            at = TcpOptions.writeTimestamps(out, at, stamp, syn.options.timestampValue);
            at = syn.options.windowShift < 0 ? at : TcpOptions.writeWindowScale(out, at, shift);
        }
        int header = TcpHeader.LENGTH + at - options;
        int tcp = writeIp(who, header, out);
        int flags = TcpHeader.SYN | TcpHeader.ACK;
        TcpHeader.write(out, tcp, who.ports >>> 16, who.ports & 0xffff, cookie, syn.seq + 1, header, flags, window);
        return finish(who, header, out, tcp);
    }

    /// An acknowledgment of which only the connection's end is left.
    static int buildAck(Tuple who, TimeWaits.Remains of, long now, byte[] out) {
        int header = TcpHeader.LENGTH + (of.timestamps ? TcpOptions.TIMESTAMP_BYTES : 0);
        int tcp = writeIp(who, header, out);
        int ports = who.ports;
        TcpHeader.write(out, tcp, ports >>> 16, ports & 0xffff, of.sndNxt, of.rcvNxt, header, TcpHeader.ACK, of.window);
        if (of.timestamps) {
            int stamp = (int) (now / 1_000_000) + of.timestampOffset;
            TcpOptions.writeTimestamps(out, tcp + TcpHeader.LENGTH, stamp, of.tsRecent);
        }
        return finish(who, header, out, tcp);
    }

    private static int writeIp(Tuple who, int length, byte[] out) {
        return IpOutput.write(
                out, 0, length, IpProtocol.TCP, who.localHigh, who.localLow, who.remoteHigh, who.remoteLow);
    }

    private static int finish(Tuple who, int header, byte[] out, int tcp) {
        long pseudo = InternetChecksum.pseudoHeader(
                who.localHigh, who.localLow, who.remoteHigh, who.remoteLow, IpProtocol.TCP);
        TcpHeader.writeChecksum(out, tcp, header, pseudo);
        return tcp + header;
    }

    private static int buildReset(TcpSocket socket, byte[] out, int offset) {
        int tcp = writeIp(socket, TcpHeader.LENGTH, out, offset);
        TcpHeader.write(
                out,
                tcp,
                socket.localPort(),
                socket.remotePort(),
                socket.sender.sndMax,
                socket.receiver.rcvNxt,
                TcpHeader.LENGTH,
                TcpHeader.RST | TcpHeader.ACK,
                0);
        TcpHeader.writeChecksum(out, tcp, TcpHeader.LENGTH, socket.pseudoHeader());
        return tcp - offset + TcpHeader.LENGTH;
    }

    private static int writeIp(TcpSocket socket, int length, byte[] out, int offset) {
        return IpOutput.write(
                out,
                offset,
                length,
                IpProtocol.TCP,
                socket.localHigh,
                socket.localLow,
                socket.remoteHigh,
                socket.remoteLow);
    }
}
