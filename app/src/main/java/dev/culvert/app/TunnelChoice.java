package dev.culvert.app;

import dev.culvert.dataplane.Loops;
import dev.culvert.dataplane.os.AeadProvider;
import dev.culvert.dataplane.os.LinuxHostNetwork;
import dev.culvert.dataplane.os.LinuxTunPort;
import dev.culvert.dataplane.tunnel.HostNetwork;
import dev.culvert.dataplane.tunnel.TunPort;
import dev.culvert.dataplane.tunnel.UdpPort;
import dev.culvert.dataplane.tunnel.WireGuardTunnel;
import dev.culvert.model.TunnelSettings;
import dev.culvert.proto.wireguard.PrivateKey;
import java.io.IOException;

/// Which driver makes the tunnel, as the configuration says; `auto` is `embedded` (docs/decisions/0018-tun-driver.md).
///
/// @param tunnel the open tunnel
/// @param io how its packets are moved and sealed, for people
record TunnelChoice(WireGuardTunnel tunnel, String io) {
    // The kernel puts the next free number.
    private static final String INTERFACE = "culvert%d";

    /// @param port belongs to the tunnel from now on
    /// @throws IOException with the remedy, where an interface is wanted and not to be had, or cannot be isolated
    static TunnelChoice open(Loops loops, TunnelSettings wanted, PrivateKey key, UdpPort port) throws IOException {
        WireGuardTunnel.Settings settings = new WireGuardTunnel.Settings(key, wanted.addresses(), wanted.mtu());
        String io = loops.kind() + ", " + AeadProvider.name();
        return switch (wanted.type()) {
            case AUTO, EMBEDDED ->
                new TunnelChoice(WireGuardTunnel.open(loops.tunnel(), settings, port, AeadProvider.factory()), io);
            case TUN -> tun(loops, settings, port, io);
        };
    }

    private static TunnelChoice tun(Loops loops, WireGuardTunnel.Settings settings, UdpPort port, String io)
            throws IOException {
        if (!loops.kind().equals("epoll")) {
            throw new IOException("tunnel: type: tun needs Linux and epoll; take tunnel: type: embedded");
        }
        TunPort tun = LinuxTunPort.open(INTERFACE);
        try {
            HostNetwork network = LinuxHostNetwork.up(tun.name(), settings.addresses(), settings.mtu());
            return new TunnelChoice(
                    WireGuardTunnel.tun(loops.tunnel(), settings, port, AeadProvider.factory(), tun, network),
                    io + ", interface " + tun.name());
        } catch (IOException e) {
            tun.close();
            throw e;
        }
    }
}
