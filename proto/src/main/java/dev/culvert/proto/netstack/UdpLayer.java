package dev.culvert.proto.netstack;

import dev.culvert.proto.inet.AddressWords;
import dev.culvert.proto.inet.InternetChecksum;
import dev.culvert.proto.inet.IpProtocol;
import dev.culvert.proto.inet.UdpHeader;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// The UDP ports of a stack.
final class UdpLayer {
    private static final int FIRST_EPHEMERAL = 32768;
    private static final int EPHEMERAL_PORTS = 65536 - FIRST_EPHEMERAL;

    final PagePool pool;
    final LocalAddresses local;
    final Counters drops;
    /// Room for one datagram with its record, for the sockets to use within one call.
    final byte[] scratch;

    private final PathMtus paths;
    private final ReadyQueue readyQueue;
    private final TransmitQueue transmitQueue;
    private final IcmpLayer icmp;
    private final RandomGenerator random;
    private final PortTable<UdpSocket> sockets = new PortTable<>();
    private final UdpHeader header = new UdpHeader();
    private final UdpEndpoint ends = new UdpEndpoint();

    UdpLayer(
            int mtu,
            PathMtus paths,
            LocalAddresses local,
            PagePool pool,
            Counters drops,
            ReadyQueue readyQueue,
            TransmitQueue transmitQueue,
            IcmpLayer icmp,
            RandomGenerator random) {
        this.paths = paths;
        this.local = local;
        this.pool = pool;
        this.drops = drops;
        this.readyQueue = readyQueue;
        this.transmitQueue = transmitQueue;
        this.icmp = icmp;
        this.random = random;
        this.scratch = new byte[mtu + 64];
    }

    void handlePacket(Packet packet, long now) {
        Drop reason = receive(packet, now);
        if (reason != null) {
            drops.count(reason);
        }
    }

    private @Nullable Drop receive(Packet packet, long now) {
        if (!header.check(packet.bytes, packet.payload, packet.payloadLength) || header.destinationPort() == 0) {
            return Drop.MALFORMED_UDP;
        }
        if (!isChecksumValid(packet)) {
            return Drop.BAD_UDP_CHECKSUM;
        }
        UdpSocket socket = sockets.get(header.destinationPort());
        if (socket == null) {
            icmp.sendPortUnreachable(packet, now);
            return Drop.NO_UDP_SOCKET;
        }
        ends.localHigh = packet.targetHigh;
        ends.localLow = packet.targetLow;
        ends.remoteHigh = packet.sourceHigh;
        ends.remoteLow = packet.sourceLow;
        ends.remotePort = header.sourcePort();
        return socket.enqueue(ends, packet.bytes, header.payloadOffset(), header.payloadLength());
    }

    private boolean isChecksumValid(Packet packet) {
        if (!header.hasChecksum()) {
            return packet.ipv4;
        }
        long pseudo = InternetChecksum.pseudoHeader(
                packet.sourceHigh, packet.sourceLow, packet.targetHigh, packet.targetLow, IpProtocol.UDP);
        int sum = InternetChecksum.sum(packet.bytes, packet.payload, header.length());
        return InternetChecksum.fold(pseudo + header.length() + sum) == 0xffff;
    }

    @Nullable
    UdpSocket bind(int port) {
        int chosen = port == 0 ? choosePort() : port;
        if (chosen < 0 || sockets.get(chosen) != null) {
            return null;
        }
        UdpSocket socket = new UdpSocket(this, chosen);
        sockets.put(chosen, socket);
        return socket;
    }

    private int choosePort() {
        int first = random.nextInt(EPHEMERAL_PORTS);
        for (int i = 0; i < EPHEMERAL_PORTS; i++) {
            int port = FIRST_EPHEMERAL + (first + i) % EPHEMERAL_PORTS;
            if (sockets.get(port) == null) {
                return port;
            }
        }
        return -1;
    }

    void unbind(UdpSocket socket) {
        sockets.remove(socket.port());
    }

    int maxPayload(UdpEndpoint to) {
        boolean ipv4 = AddressWords.isIpv4(to.localHigh, to.localLow);
        return paths.towards(to.remoteHigh, to.remoteLow) - IpOutput.headerLength(ipv4) - UdpHeader.LENGTH;
    }

    void ready(UdpSocket socket) {
        readyQueue.add(socket);
    }

    void wantTransmit(UdpSocket socket) {
        transmitQueue.add(socket);
    }

    /// Writes the socket's next datagram at `offset`; returns the packet's length, or 0 if there is none.
    int build(UdpSocket socket, byte[] out, int offset) {
        if (!socket.hasOutgoing()) {
            return 0;
        }
        int udp = offset + IpOutput.headerLength(socket.peekIsIpv4());
        int length = UdpHeader.LENGTH + socket.dequeue(ends, out, udp + UdpHeader.LENGTH);
        IpOutput.write(
                out, offset, length, IpProtocol.UDP, ends.localHigh, ends.localLow, ends.remoteHigh, ends.remoteLow);
        long pseudo = InternetChecksum.pseudoHeader(
                ends.localHigh, ends.localLow, ends.remoteHigh, ends.remoteLow, IpProtocol.UDP);
        UdpHeader.write(out, udp, socket.port(), ends.remotePort, length, pseudo);
        return udp - offset + length;
    }
}
