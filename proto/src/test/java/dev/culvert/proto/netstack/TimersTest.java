package dev.culvert.proto.netstack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.netstack.testing.Host;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class TimersTest {
    /// Sockets whose deadline is that of the delayed acknowledgment, for the test to set.
    private static List<TcpSocket> sockets(int count) {
        Host host = new Host();
        List<TcpSocket> sockets = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            sockets.add(Objects.requireNonNull(host.stack.connect(null, new InetSocketAddress(Host.PEER, 1), 0)));
        }
        return sockets;
    }

    @Test
    void next_afterAnyChange_isTheEarliestDeadline() {
        SplittableRandom random = new SplittableRandom(2);
        List<TcpSocket> sockets = sockets(60);
        Timers timers = new Timers();
        for (int step = 0; step < 20_000; step++) {
            TcpSocket socket = sockets.get(random.nextInt(sockets.size()));
            socket.receiver.ackDeadline = random.nextInt(4) == 0 ? Timers.NEVER : random.nextInt(1000);
            timers.update(socket);
            if (random.nextInt(8) == 0) {
                TcpSocket removed = sockets.get(random.nextInt(sockets.size()));
                removed.receiver.ackDeadline = Timers.NEVER;
                timers.remove(removed);
            }
            long earliest = Timers.NEVER;
            for (TcpSocket each : sockets) {
                earliest = Math.min(earliest, each.deadline());
            }
            assertThat(timers.next()).isEqualTo(earliest);
        }
    }

    @Test
    void pollExpired_givesEachOnceInOrder() {
        List<TcpSocket> sockets = sockets(20);
        Timers timers = new Timers();
        for (int i = 0; i < 20; i++) {
            sockets.get(i).receiver.ackDeadline = 10L * ((i * 7) % 20);
            timers.update(sockets.get(i));
        }
        long last = -1;
        for (int i = 0; i < 11; i++) {
            TcpSocket expired = Objects.requireNonNull(timers.pollExpired(100));
            assertThat(expired.deadline()).isGreaterThan(last);
            last = expired.deadline();
        }
        assertThat(timers.pollExpired(100)).isNull();
        assertThat(timers.next()).isEqualTo(110);
    }
}
