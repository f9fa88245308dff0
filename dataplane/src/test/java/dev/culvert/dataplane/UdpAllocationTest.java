package dev.culvert.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.culvert.dataplane.testing.Road;
import dev.culvert.dataplane.testing.Udp;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What belongs to a known flow makes no garbage: from the kernel through the ingress to a target and back.
@Timeout(120)
class UdpAllocationTest {
    private static final int WINDOW = 16;
    private static final int WARM_UP = 1_500;
    private static final int ROUNDS = 500;
    private static final int TRIES = 20;

    @Test
    void datagramsOfAFlow_steady_allocateNothing() throws Exception {
        try (Udp target = Udp.target(bytes -> bytes);
                Road road = Road.open("""
                          game: {listen: "127.0.0.2:9/udp", site: here, target: "udp://127.0.0.1:%d"}
                        """.formatted(target.port()), "allow: []\n");
                Udp visitor = Udp.visitor()) {
            InetSocketAddress door = road.gateway().udpAt("127.0.0.2");
            visitor.ask(door, "hello");
            visitor.ask(door, "hello again");
            long loop = road.gateway()
                    .tunnel()
                    .group()
                    .next()
                    .submit(() -> Thread.currentThread().threadId())
                    .get();
            rounds(visitor, door, WARM_UP);
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            long each = Long.MAX_VALUE;
            // Where others have the processors, the compiler is late: what it has not seen yet makes garbage.
            for (int i = 0; i < TRIES && each >= 16; i++) {
                long before = threads.getThreadAllocatedBytes(loop);
                rounds(visitor, door, ROUNDS);
                each = (threads.getThreadAllocatedBytes(loop) - before) / (2L * WINDOW * ROUNDS);
            }

            // The node's own timers run beside it; one object for each datagram would be 16 bytes at least.
            assertThat(each).as("bytes for each datagram").isLessThan(16);
        }
    }

    private static void rounds(Udp visitor, InetSocketAddress door, int rounds) throws Exception {
        byte[] payload = new byte[200];
        for (int i = 0; i < rounds; i++) {
            for (int j = 0; j < WINDOW; j++) {
                visitor.send(door, payload);
            }
            for (int j = 0; j < WINDOW; j++) {
                visitor.receive();
            }
        }
    }
}
