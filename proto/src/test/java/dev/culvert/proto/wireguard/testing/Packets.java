package dev.culvert.proto.wireguard.testing;

import java.net.InetAddress;

/// Inner IP packets whose payload is their number, so that they can be told apart.
public final class Packets {
    private Packets() {}

    public static byte[] packet(String from, String to, int length, int number) {
        byte[] source = InetAddress.ofLiteral(from).getAddress();
        byte[] destination = InetAddress.ofLiteral(to).getAddress();
        byte[] packet = new byte[length];
        if (source.length == 4) {
            packet[0] = 0x45;
            put16(packet, 2, length);
            System.arraycopy(source, 0, packet, 12, 4);
            System.arraycopy(destination, 0, packet, 16, 4);
            put16(packet, 10, ~sum(packet));
        } else {
            packet[0] = 0x60;
            put16(packet, 4, length - 40);
            System.arraycopy(source, 0, packet, 8, 16);
            System.arraycopy(destination, 0, packet, 24, 16);
        }
        put16(packet, length - 4, number >>> 16);
        put16(packet, length - 2, number);
        return packet;
    }

    public static int number(byte[] packet) {
        int at = packet.length - 4;
        return packet[at] << 24
                | (packet[at + 1] & 0xff) << 16
                | (packet[at + 2] & 0xff) << 8
                | (packet[at + 3] & 0xff);
    }

    /// The one's complement sum of an IPv4 header of 20 bytes: 0xffff if its checksum is right.
    public static int sum(byte[] packet) {
        int sum = 0;
        for (int i = 0; i < 20; i += 2) {
            sum += (packet[i] & 0xff) << 8 | (packet[i + 1] & 0xff);
        }
        sum = (sum & 0xffff) + (sum >>> 16);
        return (sum & 0xffff) + (sum >>> 16);
    }

    private static void put16(byte[] packet, int at, int value) {
        packet[at] = (byte) (value >>> 8);
        packet[at + 1] = (byte) value;
    }
}
