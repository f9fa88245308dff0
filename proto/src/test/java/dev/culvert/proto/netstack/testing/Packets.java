package dev.culvert.proto.netstack.testing;

import dev.culvert.proto.inet.AddressWords;
import dev.culvert.proto.inet.IcmpHeader;
import dev.culvert.proto.inet.InternetChecksum;
import dev.culvert.proto.inet.IpProtocol;
import dev.culvert.proto.inet.Ipv4Header;
import dev.culvert.proto.inet.Ipv6Header;
import dev.culvert.proto.inet.NetworkOrder;
import dev.culvert.proto.inet.UdpHeader;
import java.net.InetAddress;

/// Packets other than TCP, made by hand.
public final class Packets {
    private Packets() {}

    /// An IP packet of either family with this payload.
    public static byte[] ip(InetAddress from, InetAddress to, int protocol, byte[] payload) {
        boolean ipv4 = from.getAddress().length == 4;
        int header = ipv4 ? Ipv4Header.LENGTH : Ipv6Header.LENGTH;
        byte[] packet = new byte[header + payload.length];
        System.arraycopy(payload, 0, packet, header, payload.length);
        if (ipv4) {
            int source = (int) AddressWords.low(from);
            Ipv4Header.write(packet, 0, packet.length, protocol, source, (int) AddressWords.low(to));
        } else {
            Ipv6Header.write(
                    packet,
                    0,
                    payload.length,
                    protocol,
                    AddressWords.high(from),
                    AddressWords.low(from),
                    AddressWords.high(to),
                    AddressWords.low(to));
        }
        return packet;
    }

    public static byte[] udp(InetAddress from, int fromPort, InetAddress to, int toPort, byte[] payload) {
        byte[] datagram = new byte[UdpHeader.LENGTH + payload.length];
        System.arraycopy(payload, 0, datagram, UdpHeader.LENGTH, payload.length);
        UdpHeader.write(datagram, 0, fromPort, toPort, datagram.length, pseudo(from, to, IpProtocol.UDP));
        return ip(from, to, IpProtocol.UDP, datagram);
    }

    public static byte[] icmp(InetAddress from, InetAddress to, int type, int code, int rest, byte[] payload) {
        boolean ipv4 = from.getAddress().length == 4;
        byte[] message = new byte[IcmpHeader.LENGTH + payload.length];
        System.arraycopy(payload, 0, message, IcmpHeader.LENGTH, payload.length);
        int protocol = ipv4 ? IpProtocol.ICMP : IpProtocol.ICMPV6;
        long pseudo = ipv4 ? 0 : pseudo(from, to, protocol) + message.length;
        IcmpHeader.write(message, 0, message.length, type, code, rest, pseudo);
        return ip(from, to, protocol, message);
    }

    private static long pseudo(InetAddress from, InetAddress to, int protocol) {
        return InternetChecksum.pseudoHeader(
                AddressWords.high(from), AddressWords.low(from), AddressWords.high(to), AddressWords.low(to), protocol);
    }

    /// Makes the checksum of an IPv4 header right again after a change.
    public static byte[] repairIpv4(byte[] packet) {
        NetworkOrder.put16(packet, 10, 0);
        NetworkOrder.put16(packet, 10, InternetChecksum.finish(InternetChecksum.sum(packet, 0, 20)));
        return packet;
    }
}
