package dev.culvert.dataplane.os;

import java.lang.invoke.MethodHandle;

/// Calls of the kernel for a stream socket which Netty has not.
public final class SocketCalls {
    // bits/socket.h, the same on x86-64 and aarch64.
    private static final long MSG_NOSIGNAL = 0x4000;
    private static final long MSG_MORE = 0x8000;

    private static final MethodHandle SEND = Libc.function("send");

    private SocketCalls() {}

    /// Gives a socket bytes that wait for what comes behind them, for a moment at most: a FIN then travels with
    /// the last of them.
    ///
    /// @return how many it took; -1 for none, and why is for the next call to say
    public static int sendLast(int socket, long address, int length) {
        return (int) Downcalls.call(SEND, socket, address, length, MSG_NOSIGNAL | MSG_MORE, 0);
    }
}
