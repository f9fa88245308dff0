package dev.culvert.dataplane.os;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.culvert.proto.inet.AddressWords;
import dev.culvert.proto.netstack.UdpEndpoint;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// [Messages] with the far address of each, and with control messages that tell or
/// say which of our addresses the datagram came to or leaves from, and where the kernel has joined or shall cut
/// several.
final class DatagramBatch {
    private static final ValueLayout.OfShort PORT = JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt IPV4 = JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong IPV6 = JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    final Messages messages;
    private final MemorySegment names;
    private final MemorySegment controls;
    private final ControlMessages control = new ControlMessages();

    DatagramBatch(Arena arena, int count) {
        messages = new Messages(arena, count);
        names = messages.names();
        controls = messages.controls();
    }

    /// Reads the ends of what was received.
    ///
    /// @param localHigh our address where the kernel does not say which one it was
    /// @return the size of each datagram, of which there may be several
    int read(int index, UdpEndpoint ends, long localHigh, long localLow) {
        long name = messages.name(index);
        boolean six = names.get(JAVA_SHORT, name) == Libc.AF_INET6;
        long high = six ? names.get(IPV6, name + 8) : 0;
        long low = six ? names.get(IPV6, name + 16) : AddressWords.ipv4Low(names.get(IPV4, name + 4));
        int port = Short.toUnsignedInt(names.get(PORT, name + 2));
        control.read(controls, messages.control(index), messages.controlLength(index));
        ends.set(
                control.hasLocal ? control.localHigh : localHigh,
                control.hasLocal ? control.localLow : localLow,
                high,
                low,
                port);
        return control.segmentSize > 0 ? control.segmentSize : messages.received(index);
    }

    /// Makes ready to send.
    ///
    /// @param family of the socket; 0 for a connected one, which needs no address
    /// @param choosesLocal whether our address is said, as the socket has several
    /// @param segment the size of each datagram, 0 for one
    void prepare(int index, int family, UdpEndpoint ends, boolean choosesLocal, int length, int segment) {
        long start = messages.control(index);
        long at = start;
        if (choosesLocal) {
            at = ControlMessages.writeLocal(controls, at, family, ends.localHigh(), ends.localLow());
        }
        if (segment > 0) {
            at = ControlMessages.writeSegment(controls, at, segment);
        }
        int nameLength = family == 0 ? 0 : name(messages.name(index), family, ends);
        messages.prepare(index, nameLength, length, at - start);
    }

    private int name(long at, int family, UdpEndpoint ends) {
        names.set(JAVA_SHORT, at, (short) family);
        names.set(PORT, at + 2, (short) ends.remotePort());
        if (family == Libc.AF_INET) {
            names.set(IPV4, at + 4, (int) ends.remoteLow());
            names.set(JAVA_LONG, at + 8, 0);
            return 16;
        }
        names.set(JAVA_INT, at + 4, 0);
        names.set(IPV6, at + 8, ends.remoteHigh());
        names.set(IPV6, at + 16, ends.remoteLow());
        names.set(JAVA_INT, at + 24, 0);
        return 28;
    }
}
