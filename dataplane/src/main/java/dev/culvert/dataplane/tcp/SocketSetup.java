package dev.culvert.dataplane.tcp;

import io.netty.channel.unix.Socket;
import java.io.IOException;

/// What is done to a socket before it connects or listens.
@FunctionalInterface
public interface SocketSetup {
    /// Nothing.
    SocketSetup NONE = (_, _) -> {};

    /// Probed while it is silent: the kernel's two hours of patience would keep relays whose visitor or target
    /// went away without a word. What a listening socket accepts inherits it (tcp(7)).
    SocketSetup PROBED = (fresh, _) -> {
        fresh.setKeepAlive(true);
        fresh.setIntOpt(TcpInfo.IPPROTO_TCP, TcpInfo.TCP_KEEPIDLE, 60);
        fresh.setIntOpt(TcpInfo.IPPROTO_TCP, TcpInfo.TCP_KEEPINTVL, 15);
        fresh.setIntOpt(TcpInfo.IPPROTO_TCP, TcpInfo.TCP_KEEPCNT, 4);
    };

    /// @param fresh neither bound nor connected
    /// @param ipv6 whether it is of that family; one that listens takes both
    /// @throws IOException if the kernel refuses
    void apply(Socket fresh, boolean ipv6) throws IOException;

    /// This, and behind it another.
    default SocketSetup and(SocketSetup then) {
        return (fresh, ipv6) -> {
            apply(fresh, ipv6);
            then.apply(fresh, ipv6);
        };
    }
}
