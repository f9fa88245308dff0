package dev.culvert.dataplane.tunnel;

import dev.culvert.proto.wireguard.CryptoFunctions;
import dev.culvert.proto.wireguard.PrivateKey;
import dev.culvert.proto.wireguard.WireGuardDevice;
import dev.culvert.proto.wireguard.uapi.UapiInterface;
import dev.culvert.proto.wireguard.uapi.UapiRequest;
import io.netty.channel.IoEventLoop;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.BindException;
import java.security.SecureRandom;
import java.util.List;

/// An interface of the kernel's with WireGuard in this process behind it, and nothing else of Culvert: what `wg` and
/// wg-quick configure. Owned by its event loop.
public final class WgInterface implements AutoCloseable {
    /// wireguard-go's, and the kernel's: 1500 less the headers of IPv6, UDP and WireGuard.
    public static final int DEFAULT_MTU = 1420;

    /// The largest packet that an interface may be set to carry.
    private static final int LARGEST = 65_535;

    private static final int EPERM = 1;
    private static final int EADDRINUSE = 98;

    /// Binds UDP sockets on all addresses.
    @FunctionalInterface
    public interface Binder {
        /// @param port 0 for any
        /// @param mark SO_MARK of what is sent, 0 for none
        /// @throws BindException if the port is taken
        /// @throws IOException if that mark is not allowed
        UdpPort bind(int port, int mark) throws IOException;
    }

    private final TunnelLoop tunnel;
    private final TunnelClock clock;
    private final TunInside inside;
    private final UapiInterface uapi;

    private WgInterface(TunnelLoop tunnel, TunInside inside, TunnelClock clock, UapiInterface uapi) {
        this.tunnel = tunnel;
        this.inside = inside;
        this.clock = clock;
        this.uapi = uapi;
    }

    /// Begins, without a key and without peers.
    ///
    /// @param tun belongs to the interface from now on
    /// @param gone runs on the loop when somebody removes the interface
    /// @throws IOException if no UDP port can be bound or registered
    public static WgInterface open(IoEventLoop loop, TunPort tun, Runnable gone, Binder binder, CryptoFunctions crypto)
            throws IOException {
        SecureRandom random = new SecureRandom();
        TunnelClock clock = new TunnelClock();
        WireGuardDevice device = new WireGuardDevice(PrivateKey.generate(random), crypto, random, clock.wallOrigin());
        device.mtu(DEFAULT_MTU);
        MovablePort port = new MovablePort(binder);
        TunInside inside =
                new TunInside(new WatchedTun(tun, gone), HostNetwork.UNTOUCHED, new Pings(), List.of(), LARGEST);
        inside.interfaceMtu(DEFAULT_MTU);
        TunnelLoop tunnel = new TunnelLoop(loop, device, inside, port, clock, LARGEST);
        tunnel.start();
        return new WgInterface(tunnel, inside, clock, new UapiInterface(device, socket(port), random));
    }

    private static UapiInterface.Socket socket(MovablePort port) {
        return new UapiInterface.Socket() {
            @Override
            public int listenPort() {
                return port.localAddress().getPort();
            }

            @Override
            public int listenPort(int number) {
                return move(port, number, port.mark());
            }

            @Override
            public int fwmark() {
                return port.mark();
            }

            @Override
            public int fwmark(int mark) {
                return move(port, listenPort(), mark);
            }
        };
    }

    private static int move(MovablePort port, int number, int mark) {
        try {
            port.move(number, mark);
            return 0;
        } catch (BindException e) {
            return EADDRINUSE;
        } catch (IOException e) {
            return EPERM;
        }
    }

    /// Carries out what `wg` asks for.
    ///
    /// @return the answer
    public Future<String> ask(UapiRequest request) {
        return tunnel.eventLoop().submit(() -> {
            String answer = uapi.handle(request, clock.wallOrigin(), tunnel.now());
            tunnel.schedulePump();
            return answer;
        });
    }

    /// Says what the interface's MTU is now, up to which packets are padded, and for which the segments of TCP are
    /// made.
    public void mtu(int bytes) {
        tunnel.eventLoop().execute(() -> {
            tunnel.device().mtu(bytes);
            inside.interfaceMtu(bytes);
        });
    }

    @Override
    public void close() {
        tunnel.eventLoop().execute(() -> {
            tunnel.device().destroy();
            tunnel.close();
        });
    }
}
