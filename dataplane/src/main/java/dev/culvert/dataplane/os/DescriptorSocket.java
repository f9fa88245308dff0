package dev.culvert.dataplane.os;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A socket of the file system whose messages carry text and open descriptors from one process to another: unix(7),
/// SOCK_SEQPACKET with SCM_RIGHTS. A message arrives whole or not at all.
///
/// Blocks, for as long as its time limit says; for one thread at a time, and never for an event loop's. Linux only.
public final class DescriptorSocket implements AutoCloseable {
    /// Bytes of a message's text at most.
    public static final int MAX_TEXT = 32 * 1024;

    /// Descriptors of a message at most; the kernel takes 253 (SCM_MAX_FD).
    public static final int MAX_DESCRIPTORS = 64;

    // sun_path of unix(7), with its terminating zero.
    private static final int MAX_PATH = 107;
    private static final int ADDRESS_LENGTH = 110;

    // struct msghdr and struct cmsghdr of 64-bit Linux.
    private static final int MSGHDR = 56;
    private static final int MSG_IOV = 16;
    private static final int MSG_IOVLEN = 24;
    private static final int MSG_CONTROL = 32;
    private static final int MSG_CONTROLLEN = 40;
    private static final int MSG_FLAGS = 48;
    private static final int CMSG_HEADER = 16;
    private static final int CONTROL = CMSG_HEADER + MAX_DESCRIPTORS * Integer.BYTES;

    private final int fd;
    private final Arena arena;
    private final MemorySegment errno;
    private final MemorySegment text;
    private final MemorySegment control;
    private final MemorySegment header;
    private boolean closed;

    /// What arrived.
    ///
    /// @param descriptors belong to the receiver, which closes those that it does not keep ([#close(int)])
    public record Message(String text, List<Integer> descriptors) {}

    /// Who is at the other end, as the kernel says.
    public record Credentials(int pid, int uid) {}

    private DescriptorSocket(int fd, Arena arena, MemorySegment errno) {
        this.fd = fd;
        this.arena = arena;
        this.errno = errno;
        this.text = arena.allocate(MAX_TEXT);
        this.control = arena.allocate(CONTROL, 8);
        this.header = arena.allocate(MSGHDR, 8);
    }

    /// Listens at a path that nothing has. Its folder decides who may connect.
    public static DescriptorSocket listen(Path path) throws IOException {
        DescriptorSocket socket = open();
        try {
            MemorySegment address = socket.address(path);
            socket.check("bind", Libc.bind(socket.errno, socket.fd, address, ADDRESS_LENGTH));
            socket.check("listen", UnixCalls.listen(socket.errno, socket.fd, 1));
            return socket;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    public static DescriptorSocket connect(Path path) throws IOException {
        DescriptorSocket socket = open();
        try {
            MemorySegment address = socket.address(path);
            socket.check("connect", UnixCalls.connect(socket.errno, socket.fd, address, ADDRESS_LENGTH));
            return socket;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    private static DescriptorSocket open() throws IOException {
        Arena arena = Arena.ofShared();
        MemorySegment errno = arena.allocate(Libc.stateLayout());
        int fd = Libc.socket(errno, UnixCalls.AF_UNIX, UnixCalls.SOCK_SEQPACKET_CLOEXEC);
        if (fd < 0) {
            int error = Libc.errno(errno);
            arena.close();
            throw new IOException("no unix socket: errno " + error);
        }
        return new DescriptorSocket(fd, arena, errno);
    }

    private MemorySegment address(Path path) throws IOException {
        byte[] bytes = path.toString().getBytes(StandardCharsets.UTF_8);
        if (bytes.length > MAX_PATH) {
            throw new IOException(path + " is too long for a socket, which takes " + MAX_PATH
                    + " bytes: choose a shorter folder with --state");
        }
        MemorySegment address = arena.allocate(ADDRESS_LENGTH, 8);
        address.set(JAVA_SHORT, 0, (short) UnixCalls.AF_UNIX);
        MemorySegment.copy(bytes, 0, address, JAVA_BYTE, Short.BYTES, bytes.length);
        return address;
    }

    private void check(String call, int result) throws IOException {
        if (result < 0) {
            throw new IOException(call + " of the handover's socket failed: errno " + Libc.errno(errno));
        }
    }

    /// How long [#accept], [#send] and [#receive] wait before they throw `InterruptedIOException`.
    ///
    /// @param millis from 1
    public void limit(long millis) throws IOException {
        MemorySegment time = arena.allocate(2 * Long.BYTES, 8);
        time.set(JAVA_LONG, 0, millis / 1000);
        time.set(JAVA_LONG, Long.BYTES, millis % 1000 * 1000);
        for (int option : new int[] {UnixCalls.SO_RCVTIMEO, UnixCalls.SO_SNDTIMEO}) {
            check("setsockopt", Libc.setsockopt(errno, fd, Libc.SOL_SOCKET, option, time, (int) time.byteSize()));
        }
    }

    /// The next one who connects.
    public DescriptorSocket accept() throws IOException {
        while (true) {
            int accepted = UnixCalls.accept(errno, fd);
            if (accepted >= 0) {
                Arena own = Arena.ofShared();
                return new DescriptorSocket(accepted, own, own.allocate(Libc.stateLayout()));
            }
            retryOrThrow("accept");
        }
    }

    /// Who is at the other end; it cannot lie.
    public Credentials peer() throws IOException {
        MemorySegment value = arena.allocate(3 * Integer.BYTES, 8);
        MemorySegment length = arena.allocateFrom(JAVA_INT, (int) value.byteSize());
        check("getsockopt", UnixCalls.getsockopt(errno, fd, Libc.SOL_SOCKET, UnixCalls.SO_PEERCRED, value, length));
        return new Credentials(value.get(JAVA_INT, 0), value.get(JAVA_INT, Integer.BYTES));
    }

    /// The user that this process acts as.
    public static int ownUser() {
        try (Arena arena = Arena.ofConfined()) {
            return UnixCalls.geteuid(arena.allocate(Libc.stateLayout()));
        }
    }

    /// @param descriptors at most [#MAX_DESCRIPTORS]; they stay open here, the other end gets its own
    public void send(String message, List<Integer> descriptors) throws IOException {
        byte[] bytes = message.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > MAX_TEXT || descriptors.size() > MAX_DESCRIPTORS) {
            throw new IllegalArgumentException("too large for one message of a handover");
        }
        MemorySegment.copy(bytes, 0, text, JAVA_BYTE, 0, bytes.length);
        int used = 0;
        if (!descriptors.isEmpty()) {
            int length = CMSG_HEADER + descriptors.size() * Integer.BYTES;
            control.set(JAVA_LONG, 0, length);
            control.set(JAVA_INT, 8, Libc.SOL_SOCKET);
            control.set(JAVA_INT, 12, UnixCalls.SCM_RIGHTS);
            for (int i = 0; i < descriptors.size(); i++) {
                control.set(JAVA_INT, CMSG_HEADER + (long) i * Integer.BYTES, descriptors.get(i));
            }
            // CMSG_SPACE: a length is rounded up to that of a word.
            used = (length + 7) & ~7;
        }
        prepare(bytes.length, used);
        while (UnixCalls.sendmsg(errno, fd, header, UnixCalls.MSG_NOSIGNAL) < 0) {
            retryOrThrow("sendmsg");
        }
    }

    private void prepare(int textLength, int controlLength) {
        MemorySegment vector = arena.allocate(2 * Long.BYTES, 8);
        vector.set(JAVA_LONG, 0, text.address());
        vector.set(JAVA_LONG, Long.BYTES, textLength);
        header.fill((byte) 0);
        header.set(JAVA_LONG, MSG_IOV, vector.address());
        header.set(JAVA_LONG, MSG_IOVLEN, 1);
        header.set(JAVA_LONG, MSG_CONTROL, controlLength == 0 ? 0 : control.address());
        header.set(JAVA_LONG, MSG_CONTROLLEN, controlLength);
    }

    /// The next message; null once the other end has closed.
    ///
    /// @throws IOException if it is longer than a message may be: its descriptors are closed
    public @Nullable Message receive() throws IOException {
        prepare(MAX_TEXT, CONTROL);
        long length;
        while ((length = UnixCalls.recvmsg(errno, fd, header, UnixCalls.MSG_CMSG_CLOEXEC)) < 0) {
            if (Libc.errno(errno) == UnixCalls.ECONNRESET) {
                // It has closed, and left unread what was sent to it.
                return null;
            }
            retryOrThrow("recvmsg");
        }
        List<Integer> descriptors = descriptors();
        int flags = header.get(JAVA_INT, MSG_FLAGS);
        if ((flags & (UnixCalls.MSG_TRUNC | UnixCalls.MSG_CTRUNC)) != 0) {
            descriptors.forEach(DescriptorSocket::close);
            throw new IOException("a message of the handover is too long");
        }
        if (length == 0) {
            descriptors.forEach(DescriptorSocket::close);
            return null;
        }
        byte[] bytes = text.asSlice(0, length).toArray(JAVA_BYTE);
        return new Message(new String(bytes, StandardCharsets.UTF_8), descriptors);
    }

    private List<Integer> descriptors() {
        List<Integer> all = new ArrayList<>();
        long used = Math.min(header.get(JAVA_LONG, MSG_CONTROLLEN), CONTROL);
        if (used >= CMSG_HEADER
                && control.get(JAVA_INT, 8) == Libc.SOL_SOCKET
                && control.get(JAVA_INT, 12) == UnixCalls.SCM_RIGHTS) {
            long end = Math.min(control.get(JAVA_LONG, 0), used);
            for (long at = CMSG_HEADER; at + Integer.BYTES <= end; at += Integer.BYTES) {
                all.add(control.get(JAVA_INT, at));
            }
        }
        return all;
    }

    private void retryOrThrow(String call) throws IOException {
        int error = Libc.errno(errno);
        if (error == Libc.EAGAIN) {
            throw new InterruptedIOException("the other process said nothing in time");
        }
        if (error != Libc.EINTR) {
            throw new IOException(call + " of the handover's socket failed: errno " + error);
        }
    }

    /// Closes a descriptor that came by a message and is not wanted.
    public static void close(int descriptor) {
        try (Arena arena = Arena.ofConfined()) {
            Libc.close(arena.allocate(Libc.stateLayout()), descriptor);
        }
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            Libc.close(errno, fd);
            arena.close();
        }
    }
}
