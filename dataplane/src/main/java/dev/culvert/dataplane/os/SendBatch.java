package dev.culvert.dataplane.os;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.culvert.dataplane.tunnel.Unsendable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// Gathers datagrams and sends them by sendmmsg; those of one size and
/// traffic class to one place leave as one message (UDP_SEGMENT).
final class SendBatch {
    private static final int MESSAGES = 16;
    // UDP_MAX_SEGMENTS of older kernels, and what fits into one UDP length with its header.
    private static final int MAX_SEGMENTS = 64;
    private static final int MAX_LENGTH = 65000;

    private final int fd;
    private final int family;
    private final MemorySegment errno;
    private final SocketAddresses addresses;
    private final Messages messages;
    private final int[] lengths = new int[MESSAGES];
    private final int[] sizes = new int[MESSAGES];
    private final int[] segments = new int[MESSAGES];
    private final int[] trafficClasses = new int[MESSAGES];
    private int first;
    private int used;
    private boolean open;
    private boolean offload = true;
    private @Nullable InetSocketAddress destination;
    private final @Nullable InetSocketAddress[] destinations = new InetSocketAddress[MESSAGES];
    private final Unsendable unsendable = new Unsendable();
    private long errors;

    SendBatch(int fd, int family, Arena arena, MemorySegment errno, SocketAddresses addresses) {
        this.fd = fd;
        this.family = family;
        this.errno = errno;
        this.addresses = addresses;
        this.messages = new Messages(arena, MESSAGES);
    }

    long errors() {
        return errors;
    }

    Unsendable unsendable() {
        return unsendable;
    }

    /// @return false if all messages are taken and the kernel takes none of them now
    boolean add(ByteBuffer datagram, InetSocketAddress to, int trafficClass) {
        int length = datagram.remaining();
        if (!joins(length, to, trafficClass)) {
            if (used == MESSAGES && !flush()) {
                return false;
            }
            if (!begin(length, to, trafficClass)) {
                errors++;
                return true;
            }
        }
        int message = used - 1;
        MemorySegment.copy(
                datagram.array(),
                datagram.arrayOffset() + datagram.position(),
                messages.buffers(),
                JAVA_BYTE,
                messages.buffer(message) + lengths[message],
                length);
        lengths[message] += length;
        segments[message]++;
        // A shorter datagram ends the message: only the last segment may be short.
        open = length == sizes[message];
        return true;
    }

    private boolean joins(int length, InetSocketAddress to, int trafficClass) {
        if (!open || !offload || used == 0) {
            return false;
        }
        int message = used - 1;
        return length <= sizes[message]
                && trafficClass == trafficClasses[message]
                && segments[message] < MAX_SEGMENTS
                && lengths[message] + length <= MAX_LENGTH
                && to.equals(destination);
    }

    private boolean begin(int length, InetSocketAddress to, int trafficClass) {
        // No kernel sends to port 0, which a stranger may well claim to have sent from; and its refusal must not be
        // taken
        // for one of segmentation.
        int nameLength = to.getPort() == 0 ? -1 : addresses.write(to, messages.names(), messages.name(used));
        if (nameLength < 0) {
            return false;
        }
        lengths[used] = 0;
        segments[used] = 0;
        sizes[used] = length;
        nameLengths[used] = nameLength;
        trafficClasses[used] = trafficClass;
        destination = to;
        destinations[used] = to;
        used++;
        return true;
    }

    private final int[] nameLengths = new int[MESSAGES];

    /// @return false if the kernel's buffer is full; what it did not take stays
    boolean flush() {
        open = false;
        for (int i = first; i < used; i++) {
            prepare(i, lengths[i], segments[i] > 1 ? sizes[i] : 0);
        }
        while (first < used) {
            int sent = Libc.sendmmsg(errno, fd, messages.from(first), used - first);
            if (sent > 0) {
                first += sent;
                continue;
            }
            int error = Libc.errno(errno);
            if (error == Libc.EAGAIN) {
                return false;
            }
            if (error != Libc.EINTR && !lostItsAddress(first, error)) {
                refused(error);
            }
        }
        first = 0;
        used = 0;
        return true;
    }

    /// @param segment the size of each datagram, 0 for one
    private void prepare(int message, int length, int segment) {
        long start = messages.control(message);
        long at = start;
        if (destinations[message] instanceof ReturnAddress back && back.holds()) {
            at = ControlMessages.writeLocal(messages.controls(), at, family, back.localHigh, back.localLow);
        }
        if (trafficClasses[message] != 0) {
            at = ControlMessages.writeTrafficClass(
                    messages.controls(), at, isFour(destinations[message]), trafficClasses[message]);
        }
        if (segment > 0) {
            at = ControlMessages.writeSegment(messages.controls(), at, segment);
        }
        messages.prepare(message, nameLengths[message], length, at - start);
    }

    private static boolean isFour(@Nullable InetSocketAddress to) {
        return to != null && to.getAddress() instanceof Inet4Address;
    }

    /// Whether a message was refused for the address of ours that it was to leave from: then without it.
    private boolean lostItsAddress(int message, int error) {
        boolean mayBe = error == Libc.EINVAL || error == Libc.EADDRNOTAVAIL || error == Libc.ENETUNREACH;
        if (mayBe && destinations[message] instanceof ReturnAddress back && back.holds()) {
            back.refuse();
            prepare(message, lengths[message], segments[message] > 1 ? sizes[message] : 0);
            return true;
        }
        return false;
    }

    /// A message was refused: for its offload (then its datagrams leave one by one), or for good.
    private void refused(int error) {
        boolean segmented = segments[first] > 1;
        if (segmented && (error == Libc.EIO || error == Libc.EINVAL)) {
            offload = false;
            sendSingly(first);
        } else {
            errors++;
            InetSocketAddress to = destinations[first];
            if (to != null && isLocal(error)) {
                unsendable.count(to);
            }
        }
        first++;
    }

    /// Whether the datagram did not leave this machine because of its own network or rules.
    private static boolean isLocal(int error) {
        return switch (error) {
            case Libc.ENETUNREACH, Libc.EHOSTUNREACH, Libc.ENETDOWN, Libc.EADDRNOTAVAIL, Libc.EPERM, Libc.EACCES ->
                true;
            default -> false;
        };
    }

    private void sendSingly(int message) {
        long start = messages.buffer(message);
        int size = sizes[message];
        int length = lengths[message];
        for (int at = 0; at < length; at += size) {
            int part = Math.min(size, length - at);
            MemorySegment.copy(messages.buffers(), start + at, messages.buffers(), start, part);
            prepare(message, part, 0);
            if (Libc.sendmmsg(errno, fd, messages.from(message), 1) <= 0) {
                errors++;
            }
        }
    }
}
