package dev.culvert.dataplane.os;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.culvert.dataplane.tunnel.UdpPort;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;

/// Takes datagrams by recvmmsg and cuts apart what the kernel has joined (UDP_GRO).
final class ReceiveBatch {
    private static final int MESSAGES = 8;

    private final int fd;
    private final MemorySegment errno;
    private final SocketAddresses addresses;
    private final Messages messages;
    private final ControlMessages control = new ControlMessages();
    private final byte[] heap = new byte[Messages.BUFFER_SIZE];
    private final ByteBuffer datagram = ByteBuffer.wrap(heap);

    ReceiveBatch(int fd, Arena arena, MemorySegment errno, SocketAddresses addresses) {
        this.fd = fd;
        this.errno = errno;
        this.addresses = addresses;
        this.messages = new Messages(arena, MESSAGES);
    }

    int receive(UdpPort.Receiver receiver, int max) {
        int taken = 0;
        while (taken < max) {
            for (int i = 0; i < MESSAGES; i++) {
                messages.clear(i);
            }
            int count = Libc.recvmmsg(errno, fd, messages.from(0), MESSAGES);
            if (count <= 0) {
                // An ICMP error of an earlier send surfaces once and is then gone; the socket stays good.
                if (Libc.errno(errno) == Libc.EAGAIN) {
                    return taken;
                }
                taken++;
                continue;
            }
            for (int i = 0; i < count; i++) {
                taken += deliver(receiver, i);
            }
            if (count < MESSAGES) {
                return taken;
            }
        }
        return taken;
    }

    private int deliver(UdpPort.Receiver receiver, int index) {
        int length = messages.received(index);
        control.read(messages.controls(), messages.control(index), messages.controlLength(index));
        InetSocketAddress from = addresses.read(messages.names(), messages.name(index), control);
        int size = control.segmentSize > 0 ? control.segmentSize : length;
        MemorySegment.copy(messages.buffers(), JAVA_BYTE, messages.buffer(index), heap, 0, length);
        int count = 0;
        for (int at = 0; at < length; at += size) {
            datagram.clear().position(at).limit(Math.min(length, at + size));
            receiver.datagram(datagram, from, control.ecn);
            count++;
        }
        receiver.end();
        return Math.max(count, 1);
    }
}
