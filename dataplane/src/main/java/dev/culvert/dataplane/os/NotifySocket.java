package dev.culvert.dataplane.os;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/// The unix datagram socket at which a service manager listens (sd_notify(3)); the JDK has none of that kind.
///
/// Safe from any thread: each message is one `sendto`, which does not wait. Linux only.
public final class NotifySocket implements AutoCloseable {
    // struct sockaddr_un, sys/un.h: the family, then 108 bytes of path.
    private static final int PATH_OFFSET = 2;
    private static final int PATH_SIZE = 108;

    private final int fd;
    private final byte[] path;

    private NotifySocket(int fd, byte[] path) {
        this.fd = fd;
        this.path = path;
    }

    /// @param address what stands in `NOTIFY_SOCKET`: a path, or a name of the abstract namespace behind `@`
    /// @throws IOException if it is neither, or no socket can be had
    public static NotifySocket open(String address) throws IOException {
        byte[] path = address.getBytes(StandardCharsets.UTF_8);
        boolean named = path.length > 1 && path.length < PATH_SIZE && (path[0] == '/' || path[0] == '@');
        if (!named) {
            throw new IOException("NOTIFY_SOCKET: " + address + " (expected: a path, or @ and a name)");
        }
        if (path[0] == '@') {
            path[0] = 0;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment errno = arena.allocate(Libc.stateLayout());
            int fd = Libc.socket(errno, Libc.AF_UNIX, Libc.SOCK_DGRAM_NONBLOCK_CLOEXEC);
            if (fd < 0) {
                throw new IOException("no unix socket: errno " + Libc.errno(errno));
            }
            return new NotifySocket(fd, path);
        }
    }

    /// Sends one message.
    ///
    /// @return whether it arrived; a full or closed socket loses it, as sd_notify does
    public boolean send(String message) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(PATH_OFFSET + PATH_SIZE, Short.BYTES);
            address.set(JAVA_SHORT, 0, (short) Libc.AF_UNIX);
            MemorySegment.copy(path, 0, address, JAVA_BYTE, PATH_OFFSET, path.length);
            MemorySegment bytes = arena.allocateFrom(JAVA_BYTE, message.getBytes(StandardCharsets.UTF_8));
            MemorySegment errno = arena.allocate(Libc.stateLayout());
            // Without a zero at the end: an abstract name would have it as its last character.
            return UnixCalls.sendto(errno, fd, bytes, address, PATH_OFFSET + path.length) >= 0;
        }
    }

    @Override
    public void close() {
        try (Arena arena = Arena.ofConfined()) {
            Libc.close(arena.allocate(Libc.stateLayout()), fd);
        }
    }
}
