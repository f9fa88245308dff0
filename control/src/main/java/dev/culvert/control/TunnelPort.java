package dev.culvert.control;

import dev.culvert.control.machine.BoundSocket.Transport;
import dev.culvert.control.machine.PortHolders;
import dev.culvert.control.store.Store;
import dev.culvert.control.store.Store.Document;
import dev.culvert.model.Bind;
import dev.culvert.model.TunnelSettings;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The UDP port of WireGuard at a start. Where nobody named one and the default is taken, as by a WireGuard that was
/// there before, the next free one is used, and remembered: tokens name it.
public final class TunnelPort {
    private static final Logger LOG = LoggerFactory.getLogger("culvert");
    private static final String KEY = "memory/udp-port";
    private static final int TRIES = 100;

    private final TunnelSettings tunnel;
    private final Store store;

    /// Opens the socket.
    @FunctionalInterface
    public interface Opening<T> {
        T at(InetSocketAddress address) throws IOException;
    }

    public TunnelPort(TunnelSettings tunnel, Store store) {
        this.tunnel = tunnel;
        this.store = store;
    }

    /// @throws IOException naming who holds the port, if somebody named it in the file and it is taken
    public <T> T bind(Opening<T> opening) throws IOException {
        Bind named = tunnel.listen();
        int first = tunnel.listenNamed() || named.port() == 0 ? named.port() : remembered(named.port());
        try {
            return opening.at(address(named, first));
        } catch (BindException e) {
            String holder = PortHolders.now().holder(Transport.UDP, first);
            if (tunnel.listenNamed() || holder == null) {
                throw new IOException(
                        "UDP port " + first + " of tunnel.listen cannot be had: "
                                + (holder == null
                                        ? e.getMessage()
                                        : "it is held by " + holder + ". Stop that, or name another port"),
                        e);
            }
            return next(opening, first, holder);
        }
    }

    private <T> T next(Opening<T> opening, int taken, String holder) throws IOException {
        BindException last = new BindException("no UDP port is free from " + taken);
        for (int port = taken + 1; port <= Math.min(taken + TRIES, 65_535); port++) {
            try {
                T opened = opening.at(address(tunnel.listen(), port));
                LOG.warn(
                        "UDP port {} is held by {}: using {}. Open UDP {} in the firewall; tokens made from now on say"
                                + " it. Another one: tunnel: listen: PORT",
                        taken,
                        holder,
                        port,
                        port);
                remember(port);
                return opened;
            } catch (BindException e) {
                last = e;
            }
        }
        throw last;
    }

    private static InetSocketAddress address(Bind bind, int port) {
        return bind.address() == null ? new InetSocketAddress(port) : new InetSocketAddress(bind.address(), port);
    }

    private int remembered(int standard) {
        Document document = store.read(KEY);
        return document == null ? standard : port(document.text(), standard);
    }

    private static int port(String text, int otherwise) {
        String digits = text.strip();
        return digits.matches("[1-9][0-9]{0,4}") ? Math.min(Integer.parseInt(digits), 65_535) : otherwise;
    }

    private void remember(int port) {
        @Nullable Document before = store.read(KEY);
        try {
            store.put(KEY, before == null ? 0 : before.version(), port + "\n");
        } catch (IOException e) {
            LOG.warn("the port cannot be remembered for the next start: {}", e.getMessage());
        }
    }
}
