package dev.culvert.dataplane.http;

import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.unix.RawUnixChannelOption;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/// What the kernel knows of how the other end takes what was sent (tcp(7), TCP_INFO): it is told byte by byte, while a
/// socket reports room only once a third of its buffer is free.
///
/// @param acknowledged bytes since the connection began
/// @param shutMicros for how long so far the other end's window left no room for what was ready
record SocketProgress(long acknowledged, long shutMicros) {
    // linux/tcp.h: tcpi_bytes_acked since Linux 4.1, tcpi_rwnd_limited since 4.9; the layout only grows.
    private static final int ACKNOWLEDGED = 120;
    private static final int SHUT = 176;
    private static final RawUnixChannelOption TCP_INFO = new RawUnixChannelOption("TCP_INFO", 6, 11, SHUT + Long.BYTES);

    /// @return null where the channel is no socket of the kernel's, or closed
    static @Nullable SocketProgress of(Channel channel) {
        if (!(channel instanceof EpollSocketChannel socket)) {
            return null;
        }
        try {
            ByteBuffer info = socket.config().getOption(TCP_INFO);
            if (info == null || info.limit() < SHUT + Long.BYTES) {
                return null;
            }
            info.order(ByteOrder.nativeOrder());
            return new SocketProgress(info.getLong(ACKNOWLEDGED), info.getLong(SHUT));
        } catch (ChannelException closed) {
            return null;
        }
    }
}
