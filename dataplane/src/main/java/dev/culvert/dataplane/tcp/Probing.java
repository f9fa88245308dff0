package dev.culvert.dataplane.tcp;

import io.netty.channel.ChannelException;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.util.concurrent.ThreadLocalRandom;

/// Lets a connection be probed while it is silent, once it is a few seconds old: that is four calls of the kernel,
/// and most are over before. The kernel's own two hours of patience would keep relays whose visitor or target went
/// away without a word.
final class Probing extends Rounds.Stop {
    // The kernel's timer of a minute has a grain of 4 s, and its queue to a local address takes 1,000 packets: of
    // 10,000 connections that fell silent together, probed together, 2,000 seemed dead after four probes. So each
    // waits for another time, half a minute to a minute and a half.
    private static final int LEAST_IDLE_SECONDS = 30;
    private static final int SPREAD_SECONDS = 64;
    private static final int INTERVAL_SECONDS = 15;
    private static final int PROBES = 4;

    private final TcpChannel channel;
    private boolean seen;

    private Probing(TcpChannel channel) {
        this.channel = channel;
    }

    /// On the channel's loop.
    static Probing of(TcpChannel connected) {
        Probing probing = new Probing(connected);
        probing.join(connected.eventLoop());
        return probing;
    }

    /// The channel closes.
    void end() {
        leave();
    }

    @Override
    protected void look() {
        if (!seen) {
            seen = true;
            return;
        }
        leave();
        try {
            begin(channel.socket());
        } catch (IOException broken) {
            channel.fail(broken);
        } catch (ChannelException refused) {
            channel.fail(new IOException(refused));
        }
    }

    private static void begin(Socket socket) throws IOException {
        int idle = LEAST_IDLE_SECONDS + ThreadLocalRandom.current().nextInt(SPREAD_SECONDS);
        socket.setKeepAlive(true);
        socket.setIntOpt(TcpInfo.IPPROTO_TCP, TcpInfo.TCP_KEEPIDLE, idle);
        socket.setIntOpt(TcpInfo.IPPROTO_TCP, TcpInfo.TCP_KEEPINTVL, INTERVAL_SECONDS);
        socket.setIntOpt(TcpInfo.IPPROTO_TCP, TcpInfo.TCP_KEEPCNT, PROBES);
    }
}
