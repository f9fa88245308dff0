package dev.culvert.proto.wireguard;

import static dev.culvert.proto.wireguard.testing.Packets.packet;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.proto.inet.IpPrefix;
import dev.culvert.proto.wireguard.testing.End;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// A day of a hub with 200 peers in virtual time: bursts of traffic, loss, reordering, new addresses, restarts, peers
/// that are gone, removed and added. When all is quiet again, nothing may be left: no session, index, buffer or timer.
///
/// `-Dday.bursts=20` for a busier day, `-Dday.seed=N` for another.
final class DayTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long DAY = 24 * 3600 * SECOND;
    private static final int PEERS = 200;
    private static final InetSocketAddress HUB = new InetSocketAddress("192.0.2.1", 51820);

    private final long seed = Long.getLong("day.seed", 17);
    private final int bursts = Integer.getInteger("day.bursts", 2);
    private final Random random = new Random(seed);
    private final PrivateKey hubKey = PrivateKey.generate(random);
    private final WireGuardDevice hub = new WireGuardDevice(hubKey, new JdkCrypto(), random, End.EPOCH);
    private final List<Site> sites = new ArrayList<>();
    private final Map<InetSocketAddress, Site> byAddress = new HashMap<>();
    private final PriorityQueue<Happening> future =
            new PriorityQueue<>(Comparator.comparingLong(Happening::at).thenComparingLong(Happening::order));
    private final Transmit transmit = new Transmit(2048);
    private long now;
    private long order;
    private long delivered;

    private record Happening(long at, long order, Runnable task) {}

    private final class Site {
        final PrivateKey key = PrivateKey.generate(random);
        final String address;
        InetSocketAddress outer;
        WireGuardDevice device;
        boolean off;

        Site(int number) {
            address = "10.1." + number / 250 + "." + (number % 250 + 1);
            outer = new InetSocketAddress("198.51.100." + (number % 250 + 1), 10_000 + number);
            byAddress.put(outer, this);
            device = start();
            know();
        }

        /// A new process with the same key and no memory.
        WireGuardDevice start() {
            WireGuardDevice fresh = new WireGuardDevice(key, new JdkCrypto(), random, End.EPOCH);
            fresh.addPeer(
                    new PeerConfig(hubKey.publicKey(), null, HUB, 0, List.of(IpPrefix.parse("10.0.0.1/32"))), now);
            return fresh;
        }

        void know() {
            hub.addPeer(new PeerConfig(key.publicKey(), null, null, 0, List.of(IpPrefix.parse(address + "/32"))), now);
        }

        void move() {
            byAddress.remove(outer);
            outer = new InetSocketAddress(outer.getAddress(), 1024 + random.nextInt(60_000));
            byAddress.put(outer, this);
        }
    }

    @Test
    void aDayOf200Peers_leavesNothingBehind() {
        for (int i = 0; i < PEERS; i++) {
            sites.add(new Site(i));
        }
        for (Site site : sites) {
            for (int i = 0; i < bursts; i++) {
                burst(site, (long) (random.nextDouble() * (DAY - 3600 * SECOND)));
            }
        }
        run(DAY);

        assertThat(delivered).as("seed %d", seed).isGreaterThan(PEERS * 10L);
        assertNothingLeft(hub);
        sites.forEach(site -> assertNothingLeft(site.device));
    }

    private void assertNothingLeft(WireGuardDevice device) {
        assertThat(device.pollTransmit(transmit, now)).as("seed %d", seed).isFalse();
        assertThat(device.nextDeadline()).as("timers, seed %d", seed).isEqualTo(Long.MAX_VALUE);
        assertThat(device.parts.indices.size()).as("indices, seed %d", seed).isZero();
        assertThat(device.parts.stagedBudget.used).as("packets, seed %d", seed).isZero();
        for (Peer peer : device.peers()) {
            assertThat(peer.keypairs.current()).as("sessions, seed %d", seed).isNull();
            assertThat(peer.initiating).as("handshakes, seed %d", seed).isNull();
            assertThat(peer.responding).as("handshakes, seed %d", seed).isNull();
        }
    }

    /// Traffic both ways for a while, after something may have happened to the site.
    private void burst(Site site, long start) {
        at(start, () -> {
            switch (random.nextInt(8)) {
                case 0, 1 -> site.move();
                case 2 -> site.device = site.start();
                case 3 -> site.off = true;
                case 4 -> hub.removePeer(site.key.publicKey());
                default -> {}
            }
            if (hub.peer(site.key.publicKey()) == null && random.nextBoolean()) {
                site.know();
            }
        });
        long gap = random.nextInt(10) == 0 ? 10 * SECOND : SECOND / 20;
        int packets = 10 + random.nextInt(30);
        for (int i = 0; i < packets; i++) {
            int number = i;
            at(start + i * gap + 1, () -> {
                if (!site.off) {
                    encapsulate(site.device, site.outer, packet(site.address, "10.0.0.1", 200, number));
                }
                encapsulate(hub, HUB, packet("10.0.0.1", site.address, 200, number));
            });
        }
        at(start + packets * gap + SECOND, () -> {
            site.off = false;
            site.know();
        });
    }

    private void at(long when, Runnable task) {
        future.add(new Happening(when, order++, task));
    }

    private void run(long end) {
        while (now < end) {
            long next = Math.min(end, hub.nextDeadline());
            for (Site site : sites) {
                next = Math.min(next, site.device.nextDeadline());
            }
            Happening first = future.peek();
            now = Math.max(now, first == null ? next : Math.min(next, first.at));
            while (!future.isEmpty() && requireNonNull(future.peek()).at <= now) {
                requireNonNull(future.poll()).task.run();
            }
            serve(hub, HUB);
            for (Site site : sites) {
                serve(site.device, site.outer);
            }
        }
    }

    private void serve(WireGuardDevice device, InetSocketAddress from) {
        if (device.nextDeadline() <= now) {
            device.handleTimeout(now);
        }
        while (device.pollTransmit(transmit, now)) {
            put(from, transmit.destination(), transmit.buffer());
        }
    }

    private void encapsulate(WireGuardDevice device, InetSocketAddress from, byte[] packet) {
        SealJob job = device.encapsulate(End.buffer(packet), now);
        if (job != null) {
            job.run();
            if (device.complete(job, now)) {
                put(from, job.endpoint(), job.datagram());
            }
        }
    }

    /// Loses one in twenty, doubles one in fifty, and delays each by up to 0.2 s.
    private void put(InetSocketAddress from, InetSocketAddress to, ByteBuffer datagram) {
        byte[] bytes = new byte[datagram.remaining()];
        datagram.get(datagram.position(), bytes);
        int copies = random.nextInt(20) == 0 ? 0 : random.nextInt(50) == 0 ? 2 : 1;
        for (int i = 0; i < copies; i++) {
            at(now + random.nextInt(200) * 1_000_000L, () -> arrive(from, to, bytes.clone()));
        }
    }

    private void arrive(InetSocketAddress from, InetSocketAddress to, byte[] bytes) {
        Site site = byAddress.get(to);
        @Nullable WireGuardDevice device = to.equals(HUB) ? hub : site == null || site.off ? null : site.device;
        if (device == null) {
            return;
        }
        OpenJob job = device.handleDatagram(ByteBuffer.wrap(bytes), from, now);
        if (job != null) {
            job.run();
            delivered += device.complete(job, now) ? 1 : 0;
        }
    }
}
