package dev.culvert.proto.netstack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.netstack.testing.Host;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class DemuxTest {
    @Test
    void addFindRemove_agreeWithAMap() {
        Host host = new Host();
        List<TcpSocket> sockets = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            InetAddress remote = i % 3 == 0 ? Host.PEER6 : InetAddress.ofLiteral("10.0." + i % 7 + ".9");
            sockets.add(Objects.requireNonNull(host.stack.connect(null, new InetSocketAddress(remote, 1 + i % 5), 0)));
        }
        SplittableRandom random = new SplittableRandom(9);
        Demux demux = new Demux(random.nextLong());
        Map<TcpSocket, Boolean> naive = new HashMap<>();
        for (int step = 0; step < 50_000; step++) {
            TcpSocket socket = sockets.get(random.nextInt(sockets.size()));
            if (naive.containsKey(socket)) {
                demux.remove(socket);
                naive.remove(socket);
            } else {
                demux.add(socket);
                naive.put(socket, true);
            }
            TcpSocket probe = sockets.get(random.nextInt(sockets.size()));
            Tuple wanted = new Tuple();
            wanted.localHigh = probe.localHigh;
            wanted.localLow = probe.localLow;
            wanted.remoteHigh = probe.remoteHigh;
            wanted.remoteLow = probe.remoteLow;
            wanted.ports = probe.ports;
            TcpSocket found = demux.find(wanted, demux.hash(wanted));
            assertThat(found).isSameAs(naive.containsKey(probe) ? probe : null);
            assertThat(demux.size()).isEqualTo(naive.size());
        }
    }

    @Test
    void remove_ofWhatIsNotThere_changesNothing() {
        Host host = new Host();
        TcpSocket socket = Objects.requireNonNull(host.stack.connect(null, new InetSocketAddress(Host.PEER, 1), 0));
        Demux demux = new Demux(1);
        demux.remove(socket);
        assertThat(demux.size()).isZero();
    }
}
