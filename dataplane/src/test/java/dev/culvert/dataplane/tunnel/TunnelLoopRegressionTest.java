package dev.culvert.dataplane.tunnel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.inet.IpPrefix;
import dev.culvert.proto.wireguard.JdkCrypto;
import dev.culvert.proto.wireguard.PeerConfig;
import dev.culvert.proto.wireguard.PrivateKey;
import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class TunnelLoopRegressionTest {
    private static final InetAddress ONE = InetAddress.ofLiteral("10.77.0.1");
    private static final InetAddress TWO = InetAddress.ofLiteral("10.77.0.2");

    /// Fails now and then in every call, as a bug would, in both ways that Java knows.
    private static final class FaultyPort implements UdpPort {
        private final NioUdpPort port;
        private volatile boolean faulty;
        private int calls;

        FaultyPort(NioUdpPort port) {
            this.port = port;
        }

        private void fault() {
            if (!faulty) {
                return;
            }
            calls++;
            if (calls % 7 == 3) {
                throw new IllegalStateException("a bug");
            }
            if (calls % 7 == 5) {
                throw new AssertionError("a bug");
            }
        }

        @Override
        public void register(IoEventLoop loop, Runnable readable, Runnable writable) throws IOException {
            port.register(loop, readable, writable);
        }

        @Override
        public int receive(Receiver receiver, int max) {
            int taken = port.receive(receiver, max);
            fault();
            return taken;
        }

        @Override
        public boolean send(ByteBuffer datagram, InetSocketAddress to, int trafficClass) {
            fault();
            return port.send(datagram, to, trafficClass);
        }

        @Override
        public void flush() {
            fault();
            port.flush();
        }

        @Override
        public InetSocketAddress localAddress() {
            return port.localAddress();
        }

        @Override
        public long sendErrors() {
            return port.sendErrors();
        }

        @Override
        public Unsendable unsendable() {
            return port.unsendable();
        }

        @Override
        public void close() {
            port.close();
        }
    }

    @Test
    void bugOnTheWayOfAPacket_leavesTheTunnelAlive() throws Exception {
        MultiThreadIoEventLoopGroup loops = new MultiThreadIoEventLoopGroup(2, NioIoHandler.newFactory());
        PrivateKey keyOne = PrivateKey.generate(new SecureRandom());
        PrivateKey keyTwo = PrivateKey.generate(new SecureRandom());
        FaultyPort port = new FaultyPort(bind());
        WireGuardTunnel one = tunnel(loops.next(), keyOne, ONE, port);
        WireGuardTunnel two = tunnel(loops.next(), keyTwo, TWO, bind());
        one.put(peer(keyTwo, two, TWO)).get(5, TimeUnit.SECONDS);
        two.put(peer(keyOne, one, ONE)).get(5, TimeUnit.SECONDS);
        assertThat(one.ping(TWO, 32, 5000).await().isSuccess()).isTrue();
        port.faulty = true;
        int answered = 0;

        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (answered < 20 && System.nanoTime() < deadline) {
            if (one.ping(TWO, 32, 100).await().isSuccess()) {
                answered++;
            }
        }

        assertThat(answered).isEqualTo(20);
        one.close();
        two.close();
        loops.shutdownGracefully(0, 2, TimeUnit.SECONDS).syncUninterruptibly();
    }

    private static NioUdpPort bind() throws IOException {
        return NioUdpPort.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    private static PeerConfig peer(PrivateKey key, WireGuardTunnel tunnel, InetAddress address) {
        return new PeerConfig(key.publicKey(), null, tunnel.localAddress(), 0, List.of(IpPrefix.host(address)));
    }

    private static WireGuardTunnel tunnel(IoEventLoop loop, PrivateKey key, InetAddress address, UdpPort port)
            throws IOException {
        return WireGuardTunnel.open(
                loop, new WireGuardTunnel.Settings(key, List.of(address), 1420), port, new JdkCrypto());
    }
}
