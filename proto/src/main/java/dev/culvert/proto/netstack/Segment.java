package dev.culvert.proto.netstack;

import dev.culvert.proto.inet.InternetChecksum;
import dev.culvert.proto.inet.IpProtocol;
import dev.culvert.proto.inet.TcpHeader;
import org.jspecify.annotations.Nullable;

/// The TCP segment in hand. One per stack, used again for each segment; a receiver may trim it to its window.
final class Segment {
    final TcpOptions options = new TcpOptions();
    private final TcpHeader header = new TcpHeader();
    byte[] bytes = {};
    int sourcePort;
    int targetPort;
    int seq;
    int ack;
    int flags;
    /// As in the header: not scaled.
    int window;
    /// A router on its way was congested (RFC 3168 §5).
    boolean isMarked;

    int data;
    int dataLength;

    /// Reads the payload of `packet`; returns why it must be dropped, or null.
    @Nullable
    Drop parse(Packet packet) {
        if (!header.check(packet.bytes, packet.payload, packet.payloadLength)) {
            return Drop.MALFORMED_TCP;
        }
        long pseudo = InternetChecksum.pseudoHeader(
                packet.sourceHigh, packet.sourceLow, packet.targetHigh, packet.targetLow, IpProtocol.TCP);
        int sum = InternetChecksum.sum(packet.bytes, packet.payload, packet.payloadLength);
        if (InternetChecksum.fold(pseudo + packet.payloadLength + sum) != 0xffff) {
            return Drop.BAD_TCP_CHECKSUM;
        }
        bytes = packet.bytes;
        sourcePort = header.sourcePort();
        targetPort = header.destinationPort();
        seq = header.sequence();
        ack = header.acknowledgment();
        flags = header.flags();
        window = header.window();
        isMarked = packet.ecn == Ecn.MARKED;
        data = header.payloadOffset();
        dataLength = header.payloadLength();
        options.parse(packet.bytes, header.optionsOffset(), header.optionsLength());
        return sourcePort == 0 || targetPort == 0 ? Drop.MALFORMED_TCP : null;
    }

    boolean isSyn() {
        return (flags & TcpHeader.SYN) != 0;
    }

    boolean isAck() {
        return (flags & TcpHeader.ACK) != 0;
    }

    boolean isRst() {
        return (flags & TcpHeader.RST) != 0;
    }

    boolean isFin() {
        return (flags & TcpHeader.FIN) != 0;
    }

    /// SEG.LEN of RFC 9293 §3.4: data, and one each for SYN and FIN.
    int length() {
        return dataLength + (flags & TcpHeader.FIN) + (flags >>> 1 & 1);
    }

    /// The sequence number after the segment.
    int end() {
        return seq + length();
    }

    /// Cuts off `count` sequence numbers at the front, all of them data.
    void trimFront(int count) {
        seq += count;
        data += count;
        dataLength -= count;
    }

    /// Keeps only the first `length` bytes of data, and so no FIN.
    void trimTo(int length) {
        dataLength = length;
        flags &= ~TcpHeader.FIN;
    }
}
