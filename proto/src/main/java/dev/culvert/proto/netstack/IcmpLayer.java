package dev.culvert.proto.netstack;

import dev.culvert.proto.inet.AddressWords;
import dev.culvert.proto.inet.IcmpHeader;
import dev.culvert.proto.inet.InternetChecksum;
import dev.culvert.proto.inet.IpProtocol;
import dev.culvert.proto.inet.Ipv4Header;
import dev.culvert.proto.inet.Ipv6Header;
import dev.culvert.proto.inet.NetworkOrder;
import java.net.InetAddress;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// ICMP and ICMPv6 (RFC 792, RFC 4443): answers echo requests, sends and receives echoes, tells of closed UDP
/// ports, and takes errors about TCP with the suspicion of RFC 5927.
final class IcmpLayer {
    private static final int MAX_REPLIES = 64;
    private static final int FRAGMENTATION_NEEDED = 4;
    private static final int V4_PROTOCOL_UNREACHABLE = 2;
    private static final int V4_PORT_UNREACHABLE = 3;
    private static final int V6_UNKNOWN_HEADER = 1;
    private static final int NO_NEXT_HEADER = 59;
    private static final int V6_PORT_UNREACHABLE = 4;

    private final int mtu;
    private final Counters drops;
    private final ReplyQueue queue;
    private final IcmpHeader header = new IcmpHeader();
    private final TokenBucket errors = new TokenBucket(50, 100);
    private final Tuple tuple = new Tuple();
    private final EchoReply[] replies = new EchoReply[MAX_REPLIES];
    private int firstReply;
    private int replyCount;

    IcmpLayer(int mtu, Counters drops, ReplyQueue queue) {
        this.mtu = mtu;
        this.drops = drops;
        this.queue = queue;
    }

    void handlePacket(Packet packet, TcpLayer tcp, long now) {
        Drop reason = receive(packet, tcp, now);
        if (reason != null) {
            drops.count(reason);
        }
    }

    private @Nullable Drop receive(Packet packet, TcpLayer tcp, long now) {
        if (!header.check(packet.bytes, packet.payload, packet.payloadLength)) {
            return Drop.MALFORMED_ICMP;
        }
        int sum = InternetChecksum.sum(packet.bytes, packet.payload, packet.payloadLength);
        if (InternetChecksum.fold(pseudoHeader(packet, packet.payloadLength) + sum) != 0xffff) {
            return Drop.BAD_ICMP_CHECKSUM;
        }
        return packet.ipv4 ? receiveIpv4(packet, tcp, now) : receiveIpv6(packet, tcp, now);
    }

    private @Nullable Drop receiveIpv4(Packet packet, TcpLayer tcp, long now) {
        int code = header.code();
        return switch (header.type()) {
            case IcmpHeader.V4_ECHO_REQUEST -> answerEcho(packet, IcmpHeader.V4_ECHO_REPLY);
            case IcmpHeader.V4_ECHO_REPLY -> keepReply(packet, now);
            case IcmpHeader.V4_UNREACHABLE ->
                code == FRAGMENTATION_NEEDED
                        ? handleTooBig(packet, tcp, header.rest() & 0xffff)
                        // Protocol and port unreachable are hard errors (RFC 1122 §4.2.3.9).
                        : handleUnreachable(
                                packet, tcp, code == V4_PROTOCOL_UNREACHABLE || code == V4_PORT_UNREACHABLE);
            case IcmpHeader.V4_TIME_EXCEEDED, IcmpHeader.V4_PARAMETER_PROBLEM -> handleUnreachable(packet, tcp, false);
            default -> Drop.IGNORED_ICMP;
        };
    }

    private @Nullable Drop receiveIpv6(Packet packet, TcpLayer tcp, long now) {
        int code = header.code();
        return switch (header.type()) {
            case IcmpHeader.V6_ECHO_REQUEST -> answerEcho(packet, IcmpHeader.V6_ECHO_REPLY);
            case IcmpHeader.V6_ECHO_REPLY -> keepReply(packet, now);
            case IcmpHeader.V6_PACKET_TOO_BIG -> handleTooBig(packet, tcp, header.rest() & 0x7fff_ffff);
            case IcmpHeader.V6_UNREACHABLE -> handleUnreachable(packet, tcp, code == 1 || code == V6_PORT_UNREACHABLE);
            case IcmpHeader.V6_TIME_EXCEEDED, IcmpHeader.V6_PARAMETER_PROBLEM -> handleUnreachable(packet, tcp, false);
            default -> Drop.IGNORED_ICMP;
        };
    }

    private @Nullable Drop answerEcho(Packet packet, int type) {
        int length = packet.payloadLength;
        int ip = IpOutput.headerLength(packet.ipv4);
        byte[] out = ip + length > mtu ? null : queue.add(ip + length);
        if (out == null) {
            return ip + length > mtu ? Drop.TOO_LARGE : Drop.REPLY_QUEUE_FULL;
        }
        System.arraycopy(packet.bytes, packet.payload, out, ip, length);
        writeIp(packet, out, length);
        IcmpHeader.write(out, ip, length, type, 0, header.rest(), pseudoHeader(packet, length));
        return null;
    }

    private @Nullable Drop keepReply(Packet packet, long now) {
        if (replyCount == MAX_REPLIES) {
            return Drop.REPLY_QUEUE_FULL;
        }
        int slot = (firstReply + replyCount) % MAX_REPLIES;
        EchoReply reply = replies[slot];
        if (reply == null) {
            reply = new EchoReply();
            replies[slot] = reply;
        }
        reply.sourceHigh = packet.sourceHigh;
        reply.sourceLow = packet.sourceLow;
        reply.rest = header.rest();
        reply.payloadLength = header.payloadLength();
        reply.receivedAt = now;
        replyCount++;
        return null;
    }

    boolean pollReply(EchoReply holder) {
        if (replyCount == 0) {
            return false;
        }
        holder.set(replies[firstReply]);
        firstReply = (firstReply + 1) % MAX_REPLIES;
        replyCount--;
        return true;
    }

    void sendEcho(InetAddress from, InetAddress to, int rest, int payloadLength) {
        long localHigh = AddressWords.high(from);
        long localLow = AddressWords.low(from);
        long remoteHigh = AddressWords.high(to);
        long remoteLow = AddressWords.low(to);
        boolean ipv4 = AddressWords.isIpv4(localHigh, localLow);
        int ip = IpOutput.headerLength(ipv4);
        int length = IcmpHeader.LENGTH + payloadLength;
        if (ip + length > mtu) {
            drops.count(Drop.TOO_LARGE);
            return;
        }
        byte[] out = queue.add(ip + length);
        if (out == null) {
            drops.count(Drop.REPLY_QUEUE_FULL);
            return;
        }
        Arrays.fill(out, ip + IcmpHeader.LENGTH, ip + length, (byte) 0);
        int protocol = ipv4 ? IpProtocol.ICMP : IpProtocol.ICMPV6;
        IpOutput.write(out, 0, length, protocol, localHigh, localLow, remoteHigh, remoteLow);
        long pseudo =
                ipv4 ? 0 : length + InternetChecksum.pseudoHeader(localHigh, localLow, remoteHigh, remoteLow, protocol);
        int type = ipv4 ? IcmpHeader.V4_ECHO_REQUEST : IcmpHeader.V6_ECHO_REQUEST;
        IcmpHeader.write(out, ip, length, type, 0, rest, pseudo);
    }

    /// Tells the sender of `packet` that nobody holds its port (RFC 1122 §4.1.3.1, RFC 4443 §3.1).
    void sendPortUnreachable(Packet packet, long now) {
        int type = packet.ipv4 ? IcmpHeader.V4_UNREACHABLE : IcmpHeader.V6_UNREACHABLE;
        sendError(packet, type, packet.ipv4 ? V4_PORT_UNREACHABLE : V6_PORT_UNREACHABLE, 0, now);
    }

    /// Nobody here speaks the protocol (RFC 1122 §3.2.2.1; RFC 8200 §4, an unrecognised next header).
    void sendProtocolUnreachable(Packet packet, long now) {
        if (packet.ipv4) {
            sendError(packet, IcmpHeader.V4_UNREACHABLE, V4_PROTOCOL_UNREACHABLE, 0, now);
        } else if (packet.protocol != NO_NEXT_HEADER) {
            int at = packet.nextHeaderAt - packet.start;
            sendError(packet, IcmpHeader.V6_PARAMETER_PROBLEM, V6_UNKNOWN_HEADER, at, now);
        }
    }

    /// Tells the sender what is wrong with its extension headers, if that was found out.
    void tellProblem(Packet packet, long now) {
        if (packet.problem >= 0) {
            packet.payloadLength += packet.payload - packet.start;
            packet.payload = packet.start;
            sendError(packet, IcmpHeader.V6_PARAMETER_PROBLEM, packet.problem, packet.problemAt, now);
        }
    }

    /// Some of the packet of which this was the first piece has never come (RFC 792, RFC 4443 §3.3).
    void sendReassemblyTimeExceeded(Packet packet, long now) {
        sendError(packet, packet.ipv4 ? IcmpHeader.V4_TIME_EXCEEDED : IcmpHeader.V6_TIME_EXCEEDED, 1, 0, now);
    }

    /// Tells the sender of `packet` of an error, with as much of it as the minimum MTU permits (RFC 1812 §4.3.2.3,
    /// RFC 4443 §3.1); limited in rate. An error is never answered (RFC 1122 §3.2.2, RFC 4443 §2.4).
    private void sendError(Packet packet, int type, int code, int rest, long now) {
        int ip = IpOutput.headerLength(packet.ipv4);
        int quoted = packet.payload + packet.payloadLength - packet.start;
        int most = (packet.ipv4 ? 576 : 1280) - ip - IcmpHeader.LENGTH;
        int length = IcmpHeader.LENGTH + Math.min(quoted, most);
        if (isError(packet) || !errors.take(now)) {
            return;
        }
        byte[] out = queue.add(ip + length);
        if (out == null) {
            drops.count(Drop.REPLY_QUEUE_FULL);
            return;
        }
        System.arraycopy(packet.bytes, packet.start, out, ip + IcmpHeader.LENGTH, length - IcmpHeader.LENGTH);
        writeIp(packet, out, length);
        IcmpHeader.write(out, ip, length, type, code, rest, pseudoHeader(packet, length));
    }

    private static boolean isError(Packet packet) {
        if (packet.payloadLength == 0) {
            return false;
        }
        int type = NetworkOrder.u8(packet.bytes, packet.payload);
        if (packet.ipv4) {
            return packet.protocol == IpProtocol.ICMP
                    && type != IcmpHeader.V4_ECHO_REQUEST
                    && type != IcmpHeader.V4_ECHO_REPLY;
        }
        return packet.protocol == IpProtocol.ICMPV6 && type < IcmpHeader.V6_ECHO_REQUEST;
    }

    @SuppressWarnings("ArgumentSelectionDefectChecker") // an answer goes the other way
    private static void writeIp(Packet packet, byte[] out, int length) {
        IpOutput.write(
                out,
                0,
                length,
                packet.ipv4 ? IpProtocol.ICMP : IpProtocol.ICMPV6,
                packet.targetHigh,
                packet.targetLow,
                packet.sourceHigh,
                packet.sourceLow);
    }

    /// The sum is the same in both directions: addresses only change places.
    private static long pseudoHeader(Packet packet, int length) {
        if (packet.ipv4) {
            return 0;
        }
        return length
                + InternetChecksum.pseudoHeader(
                        packet.sourceHigh, packet.sourceLow, packet.targetHigh, packet.targetLow, IpProtocol.ICMPV6);
    }

    private @Nullable Drop handleTooBig(Packet packet, TcpLayer tcp, int size) {
        TcpSocket socket = findQuoted(packet, tcp);
        if (socket == null || quotedLength(packet) <= size) {
            // A packet that would have passed is none that a router has refused (RFC 5927 §7.1).
            return Drop.UNRELATED_ICMP_ERROR;
        }
        // Routers from before RFC 1191 say 0; the connection then tries what every IPv4 path takes.
        socket.reducePathMtu(size);
        return null;
    }

    private @Nullable Drop handleUnreachable(Packet packet, TcpLayer tcp, boolean hard) {
        TcpSocket socket = findQuoted(packet, tcp);
        if (socket == null) {
            return Drop.UNRELATED_ICMP_ERROR;
        }
        if (socket.state == TcpState.SYN_SENT) {
            socket.unreachable = true;
            if (hard) {
                socket.finish(CloseReason.UNREACHABLE);
            }
        }
        return null;
    }

    /// The connection whose packet in flight an error quotes, or null: addresses, ports and sequence number must
    /// fit (RFC 5927 §4.1).
    private @Nullable TcpSocket findQuoted(Packet packet, TcpLayer tcp) {
        byte[] bytes = packet.bytes;
        int at = header.payloadOffset();
        int length = header.payloadLength();
        int ip = packet.ipv4 ? quotedIpv4(bytes, at, length) : quotedIpv6(bytes, at, length);
        if (ip < 0 || length < ip + 8) {
            return null;
        }
        tuple.ports = NetworkOrder.i32(bytes, at + ip);
        return tcp.findInFlight(tuple, NetworkOrder.i32(bytes, at + ip + 4));
    }

    private int quotedLength(Packet packet) {
        int at = header.payloadOffset();
        return packet.ipv4
                ? NetworkOrder.u16(packet.bytes, at + 2)
                : Ipv6Header.LENGTH + NetworkOrder.u16(packet.bytes, at + 4);
    }

    private int quotedIpv4(byte[] bytes, int at, int length) {
        if (length < Ipv4Header.LENGTH
                || NetworkOrder.u8(bytes, at) >>> 4 != 4
                || NetworkOrder.u8(bytes, at + 9) != IpProtocol.TCP) {
            return -1;
        }
        tuple.localHigh = 0;
        tuple.localLow = AddressWords.ipv4Low(NetworkOrder.i32(bytes, at + 12));
        tuple.remoteHigh = 0;
        tuple.remoteLow = AddressWords.ipv4Low(NetworkOrder.i32(bytes, at + 16));
        return (bytes[at] & 0xf) * 4;
    }

    private int quotedIpv6(byte[] bytes, int at, int length) {
        if (length < Ipv6Header.LENGTH
                || NetworkOrder.u8(bytes, at) >>> 4 != 6
                || NetworkOrder.u8(bytes, at + 6) != IpProtocol.TCP) {
            return -1;
        }
        tuple.localHigh = NetworkOrder.i64(bytes, at + 8);
        tuple.localLow = NetworkOrder.i64(bytes, at + 16);
        tuple.remoteHigh = NetworkOrder.i64(bytes, at + 24);
        tuple.remoteLow = NetworkOrder.i64(bytes, at + 32);
        return Ipv6Header.LENGTH;
    }
}
