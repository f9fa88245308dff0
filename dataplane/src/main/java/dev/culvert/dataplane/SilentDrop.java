package dev.culvert.dataplane;

import dev.culvert.dataplane.relay.Relay;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.unix.IntegerUnixChannelOption;

/// Forgets a connection of the kernel's without a word: whoever is at its other end waits, and pays for that himself.
///
/// A socket in repair mode closes without a packet, which needs CAP_NET_ADMIN (tcp(7), TCP_REPAIR). Without it the
/// reset
/// leaves with a hop limit of 1 and ends at the first router.
final class SilentDrop {
    private static final int SOL_IP = 0;
    private static final int SOL_TCP = 6;
    private static final int SOL_IPV6 = 41;
    private static final IntegerUnixChannelOption TCP_REPAIR = new IntegerUnixChannelOption("TCP_REPAIR", SOL_TCP, 19);
    private static final IntegerUnixChannelOption IP_TTL = new IntegerUnixChannelOption("IP_TTL", SOL_IP, 2);
    private static final IntegerUnixChannelOption IPV6_UNICAST_HOPS =
            new IntegerUnixChannelOption("IPV6_UNICAST_HOPS", SOL_IPV6, 16);

    private SilentDrop() {}

    static void drop(Channel channel) {
        if (channel instanceof EpollSocketChannel && !set(channel, TCP_REPAIR)) {
            set(channel, IP_TTL);
            set(channel, IPV6_UNICAST_HOPS);
            Relay.reset(channel);
        } else if (channel instanceof EpollSocketChannel) {
            channel.close();
        } else {
            Relay.reset(channel);
        }
    }

    private static boolean set(Channel channel, IntegerUnixChannelOption option) {
        try {
            return channel.config().setOption(option, 1);
        } catch (ChannelException notAllowed) {
            return false;
        }
    }
}
