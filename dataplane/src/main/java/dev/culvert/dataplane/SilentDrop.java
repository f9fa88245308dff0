package dev.culvert.dataplane;

import dev.culvert.dataplane.relay.Relay;
import dev.culvert.dataplane.tcp.TcpChannel;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import java.io.IOException;

/// Forgets a connection of the kernel's without a word: whoever is at its other end waits, and pays for that himself.
///
/// A socket in repair mode closes without a packet, which needs CAP_NET_ADMIN (tcp(7), TCP_REPAIR). Without it the
/// reset
/// leaves with a hop limit of 1 and ends at the first router.
final class SilentDrop {
    private static final int SOL_IP = 0;
    private static final int SOL_TCP = 6;
    private static final int SOL_IPV6 = 41;
    private static final int TCP_REPAIR = 19;
    private static final int IP_TTL = 2;
    private static final int IPV6_UNICAST_HOPS = 16;

    private SilentDrop() {}

    static void drop(Channel channel) {
        if (!(channel instanceof TcpChannel tcp)) {
            Relay.reset(channel);
        } else if (set(tcp, SOL_TCP, TCP_REPAIR)) {
            tcp.close();
        } else {
            set(tcp, SOL_IP, IP_TTL);
            set(tcp, SOL_IPV6, IPV6_UNICAST_HOPS);
            tcp.abort();
        }
    }

    private static boolean set(TcpChannel channel, int level, int option) {
        if (!channel.isOpen()) {
            // Its number may be another's.
            return true;
        }
        try {
            channel.socket().setIntOpt(level, option, 1);
            return true;
        } catch (IOException | ChannelException notAllowed) {
            return false;
        }
    }
}
