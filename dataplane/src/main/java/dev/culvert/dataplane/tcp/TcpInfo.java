package dev.culvert.dataplane.tcp;

import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/// What the kernel knows of a connection (tcp(7), TCP_INFO). How the other end takes what was sent is told byte by
/// byte, while a socket reports room only once a third of its buffer is free.
///
/// @param isClosed whether it is over on both sides, as behind a reset
/// @param acknowledged bytes since the connection began
/// @param shutMicros for how long so far the other end's window left no room for what was ready
public record TcpInfo(boolean isClosed, long acknowledged, long shutMicros) {
    // netinet/tcp.h, the same on x86-64 and aarch64.
    static final int IPPROTO_TCP = 6;
    static final int TCP_KEEPIDLE = 4;
    static final int TCP_KEEPINTVL = 5;
    static final int TCP_KEEPCNT = 6;
    private static final int TCP_INFO = 11;
    // net/tcp_states.h
    private static final int TCP_CLOSE = 7;
    // linux/tcp.h: tcpi_state; tcpi_bytes_acked since Linux 4.1, tcpi_rwnd_limited since 4.9. The layout only
    // grows.
    private static final int STATE = 0;
    private static final int ACKNOWLEDGED = 120;
    private static final int SHUT = 176;

    /// @return null where the channel is no connection of the kernel's, or closed
    public static @Nullable TcpInfo of(Channel channel) {
        if (!(channel instanceof TcpChannel tcp) || !tcp.isActive()) {
            return null;
        }
        ByteBuffer info = ByteBuffer.allocate(SHUT + Long.BYTES).order(ByteOrder.nativeOrder());
        try {
            tcp.socket().getRawOpt(IPPROTO_TCP, TCP_INFO, info);
        } catch (IOException | ChannelException closed) {
            return null;
        }
        return new TcpInfo(info.get(STATE) == TCP_CLOSE, info.getLong(ACKNOWLEDGED), info.getLong(SHUT));
    }
}
