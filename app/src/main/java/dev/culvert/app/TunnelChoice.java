package dev.culvert.app;

import dev.culvert.control.TunnelPort;
import dev.culvert.dataplane.Loops;
import dev.culvert.dataplane.os.CryptoProvider;
import dev.culvert.dataplane.os.LinuxHostNetwork;
import dev.culvert.dataplane.os.LinuxPacketPort;
import dev.culvert.dataplane.os.LinuxTunPort;
import dev.culvert.dataplane.os.LinuxWireGuard;
import dev.culvert.dataplane.tunnel.HostNetwork;
import dev.culvert.dataplane.tunnel.KernelTunnel;
import dev.culvert.dataplane.tunnel.TunPort;
import dev.culvert.dataplane.tunnel.TunnelDriver;
import dev.culvert.dataplane.tunnel.UdpPort;
import dev.culvert.dataplane.tunnel.WireGuardTunnel;
import dev.culvert.model.TunnelSettings;
import dev.culvert.proto.wireguard.PrivateKey;
import java.io.IOException;
import java.net.InetSocketAddress;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Which driver makes the tunnel, as the configuration says, or `auto`: docs/decisions/0021-kernel-driver.md.
///
/// @param tunnel the open tunnel
/// @param io how its packets are moved and sealed, for people
/// @param why this driver, for people
record TunnelChoice(TunnelDriver tunnel, String io, String why) {
    private static final Logger LOG = LoggerFactory.getLogger("culvert");
    // The kernel puts the next free number.
    private static final String INTERFACE = "culvert%d";
    private static final String SAID = "as tunnel: type: says";

    /// What every driver needs.
    private record Wanted(Loops loops, TunnelSettings settings, PrivateKey key, TunnelPort port) {
        WireGuardTunnel.Settings own() {
            return new WireGuardTunnel.Settings(key, settings.addresses(), settings.mtu());
        }

        String io() {
            return loops.kind() + ", " + CryptoProvider.name();
        }

        boolean isEpoll() {
            return loops.kind().equals("epoll");
        }
    }

    /// @throws IOException with the remedy, where an interface is wanted and not to be had, or cannot be isolated
    static TunnelChoice open(Loops loops, TunnelSettings settings, PrivateKey key, TunnelPort port) throws IOException {
        Wanted wanted = new Wanted(loops, settings, key, port);
        return switch (settings.type()) {
            case AUTO -> auto(wanted);
            case EMBEDDED -> embedded(wanted, SAID);
            case TUN -> tun(wanted, SAID);
            case KERNEL -> kernel(wanted, SAID);
        };
    }

    /// By what this process may do, then by what the kernel has.
    private static TunnelChoice auto(Wanted wanted) throws IOException {
        if (!wanted.isEpoll() || !Capabilities.now().netAdmin()) {
            return embedded(
                    wanted, "by auto, for this process has no CAP_NET_ADMIN: it changes nothing of this machine");
        }
        String no;
        try {
            return kernel(wanted, "by auto, for this process may and the kernel has it");
        } catch (IOException e) {
            no = "kernel: " + e.getMessage();
        }
        try {
            return tun(wanted, "by auto, for this process may; not " + no);
        } catch (IOException e) {
            return embedded(wanted, "by auto; not " + no + "; not tun: " + e.getMessage());
        }
    }

    private static TunnelChoice embedded(Wanted wanted, String why) throws IOException {
        UdpPort port = udp(wanted);
        return new TunnelChoice(
                WireGuardTunnel.open(wanted.loops().tunnel(), wanted.own(), port, CryptoProvider.functions()),
                wanted.io(),
                why);
    }

    /// What is left of a driver `kernel` that was killed holds the port.
    private static UdpPort udp(Wanted wanted) throws IOException {
        try {
            if (wanted.isEpoll()) {
                LinuxWireGuard.removeStale(wanted.key().publicKey(CryptoProvider.functions()));
            }
        } catch (IOException e) {
            LOG.warn("an interface of an earlier run may be in the way: {}", e.getMessage());
        }
        return wanted.port().bind(wanted.loops()::bindUdp);
    }

    private static TunnelChoice tun(Wanted wanted, String why) throws IOException {
        requireEpoll(wanted, "tun");
        UdpPort port = udp(wanted);
        try {
            TunPort tun = LinuxTunPort.open(INTERFACE);
            try {
                WireGuardTunnel.Settings own = wanted.own();
                HostNetwork network = LinuxHostNetwork.up(tun.name(), own.addresses(), own.mtu(), false);
                return new TunnelChoice(
                        WireGuardTunnel.tun(
                                wanted.loops().tunnel(), own, port, CryptoProvider.functions(), tun, network),
                        wanted.io() + ", interface " + tun.name(),
                        why);
            } catch (IOException e) {
                tun.close();
                throw e;
            }
        } catch (IOException e) {
            port.close();
            throw e;
        }
    }

    private static void requireEpoll(Wanted wanted, String type) throws IOException {
        if (!wanted.isEpoll()) {
            throw new IOException("tunnel: type: " + type + " needs Linux and epoll; take tunnel: type: embedded");
        }
    }

    private static TunnelChoice kernel(Wanted wanted, String why) throws IOException {
        requireEpoll(wanted, "kernel");
        if (wanted.settings().listen().address() != null) {
            throw new IOException("the kernel's WireGuard listens at every address of this machine, and tunnel: listen:"
                    + " names one; name the port alone, or take tunnel: type: tun or embedded");
        }
        return wanted.port().bind(at -> kernelAt(wanted, at, why));
    }

    /// @throws java.net.BindException if the UDP port is taken
    private static TunnelChoice kernelAt(Wanted wanted, InetSocketAddress at, String why) throws IOException {
        LinuxWireGuard wireGuard = LinuxWireGuard.open(wanted.key(), at.getPort());
        HostNetwork network = HostNetwork.UNTOUCHED;
        try {
            TunnelSettings settings = wanted.settings();
            network = LinuxHostNetwork.up(wireGuard.name(), settings.addresses(), settings.mtu(), true);
            KernelTunnel.Parts parts =
                    new KernelTunnel.Parts(wireGuard, LinuxPacketPort.open(wireGuard.name()), network);
            return new TunnelChoice(
                    KernelTunnel.open(wanted.loops().tunnel(), settings.addresses(), settings.mtu(), parts),
                    wanted.loops().kind() + ", Linux, interface " + wireGuard.name(),
                    why);
        } catch (IOException e) {
            wireGuard.close();
            network.close();
            throw e;
        }
    }
}
