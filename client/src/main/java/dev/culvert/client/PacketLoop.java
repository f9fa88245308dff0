package dev.culvert.client;

import dev.culvert.proto.inet.IpPrefix;
import dev.culvert.proto.netstack.Pollable;
import dev.culvert.proto.netstack.Stack;
import dev.culvert.proto.netstack.StackConfig;
import dev.culvert.proto.netstack.TcpListener;
import dev.culvert.proto.netstack.TcpSocket;
import dev.culvert.proto.netstack.UdpSocket;
import dev.culvert.proto.wireguard.CryptoFunctions;
import dev.culvert.proto.wireguard.Drop;
import dev.culvert.proto.wireguard.OpenJob;
import dev.culvert.proto.wireguard.Peer;
import dev.culvert.proto.wireguard.PeerConfig;
import dev.culvert.proto.wireguard.SealJob;
import dev.culvert.proto.wireguard.Transmit;
import dev.culvert.proto.wireguard.WireGuardDevice;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// The one thread of a tunnel: datagrams in, device, stack, device, datagrams out, and the timers of both.
///
/// Who holds the lock owns device and stack. The thread holds it while it works, never while it waits; readers and
/// writers hold it while they copy, and give it up in [Wait#once].
final class PacketLoop {
    static final int SOCKET_BUFFER = 256 * 1024;

    private static final int BATCH = 64;
    // Transport header and tag around the largest packet, and the padding before sealing (wireguard paper, 5.4.6).
    private static final int HEADROOM = 16;
    private static final int TAILROOM = 64;
    private static final int FIRST_EPHEMERAL = 49152;

    private final ReentrantLock lock = new ReentrantLock();
    private final List<InetAddress> addresses;
    private final WireGuardDevice device;
    private final Stack stack;
    private final DatagramPort port;
    private final ByteBuffer packet;
    private final Transmit transmit;
    private final Thread thread;
    private final long origin = System.nanoTime();
    private final Set<Object> open = new HashSet<>();
    private final List<TcpSocket> lingering = new ArrayList<>();
    private int nextPort = FIRST_EPHEMERAL;
    private boolean closing;
    private long closeAt;
    private boolean ended;
    private @Nullable Throwable bug;

    private PacketLoop(TunnelSettings settings, CryptoFunctions crypto, DatagramPort port) {
        SecureRandom random = new SecureRandom();
        Instant wall = Instant.now();
        long wallNanos = TimeUnit.SECONDS.toNanos(wall.getEpochSecond()) + wall.getNano();
        this.port = port;
        addresses = settings.addresses();
        device = new WireGuardDevice(settings.key(), crypto, random, wallNanos - now());
        device.mtu(settings.mtu());
        stack = new Stack(StackConfig.of(addresses, settings.mtu()), random);
        packet = ByteBuffer.allocate(HEADROOM + settings.mtu() + TAILROOM);
        transmit = new Transmit(settings.mtu() + TAILROOM);
        for (PeerConfig peer : settings.peers()) {
            device.addPeer(peer, now());
        }
        thread = Thread.ofPlatform().daemon().name("culvert-tunnel").unstarted(this::run);
    }

    static PacketLoop start(TunnelSettings settings, CryptoFunctions crypto) throws IOException {
        DatagramPort port = DatagramPort.bind(settings.listenPort());
        try {
            PacketLoop loop = new PacketLoop(settings, crypto, port);
            loop.thread.start();
            return loop;
        } catch (RuntimeException | Error e) {
            port.close();
            throw e;
        }
    }

    void lock() {
        lock.lock();
    }

    void unlock() {
        lock.unlock();
    }

    /// Nanoseconds since the loop was made.
    long now() {
        return System.nanoTime() - origin;
    }

    Stack stack() {
        return stack;
    }

    List<InetAddress> addresses() {
        return addresses;
    }

    int port() {
        return port.localPort();
    }

    /// Lets the thread look at what there is to send, soon.
    void wake() {
        port.wake();
    }

    Event event() {
        return new Event(lock.newCondition());
    }

    /// A wait of so many milliseconds at most, 0 for as long as it takes.
    Wait waitFor(Event event, int millis) {
        return new Wait(event, millis == 0 ? Long.MAX_VALUE : TimeUnit.MILLISECONDS.toNanos(millis));
    }

    TcpListener listen(int wanted) throws BindException {
        TcpListener listener = wanted == 0 ? null : stack.listen(wanted);
        for (int tries = FIRST_EPHEMERAL; wanted == 0 && listener == null && tries <= 0xffff; tries++) {
            listener = stack.listen(nextPort);
            nextPort = nextPort == 0xffff ? FIRST_EPHEMERAL : nextPort + 1;
        }
        if (listener == null) {
            throw new BindException("port " + wanted + " inside the tunnel is taken");
        }
        return listener;
    }

    UdpSocket bindUdp(int wanted) throws BindException {
        UdpSocket socket = stack.bindUdp(wanted);
        if (socket == null) {
            throw new BindException("UDP port " + wanted + " inside the tunnel is taken");
        }
        return socket;
    }

    /// @throws NoRouteToHostException if packets to `to` would go nowhere
    void requireRoute(InetAddress to) throws NoRouteToHostException {
        Peer peer = peerOf(to);
        if (peer == null) {
            throw new NoRouteToHostException(to.getHostAddress() + " (expected: an address of a peer's allowed IPs)");
        }
        if (peer.endpoint() == null) {
            throw new NoRouteToHostException(
                    to.getHostAddress() + ": peer " + peer.publicKey() + " has no endpoint yet, it must speak first");
        }
    }

    private @Nullable Peer peerOf(InetAddress to) {
        Peer best = null;
        int length = -1;
        for (Peer peer : device.peers()) {
            for (IpPrefix prefix : peer.allowedIps()) {
                if (prefix.length() > length && prefix.contains(to)) {
                    best = peer;
                    length = prefix.length();
                }
            }
        }
        return best;
    }

    /// Which layer is silent, when a connection to `to` got no answer.
    String silence(InetSocketAddress to) {
        Peer peer = peerOf(to.getAddress());
        if (peer == null || peer.lastHandshakeNanos() >= 0) {
            return "no answer from there";
        }
        return "no handshake with peer " + peer.publicKey() + " at " + peer.endpoint();
    }

    void opened(Object socket) {
        open.add(socket);
    }

    void closed(Object socket) {
        open.remove(socket);
    }

    void linger(TcpSocket socket) {
        if (isUnderWay(socket)) {
            lingering.removeIf(other -> !isUnderWay(other));
            lingering.add(socket);
        }
    }

    /// Whether the other end may lack something that was written.
    private static boolean isUnderWay(TcpSocket socket) {
        return switch (socket.state()) {
            case CLOSED, TIME_WAIT, FIN_WAIT_2 -> false;
            case SYN_SENT, SYN_RECEIVED, ESTABLISHED, FIN_WAIT_1, CLOSE_WAIT, CLOSING, LAST_ACK -> true;
        };
    }

    void requireRunning() throws SocketException {
        if (closing || ended) {
            SocketException closed = new SocketException("the tunnel is closed");
            if (bug != null) {
                closed.initCause(bug);
            }
            throw closed;
        }
    }

    List<PeerStatus> peers() {
        lock.lock();
        try {
            List<PeerStatus> all = new ArrayList<>();
            for (Peer peer : device.peers()) {
                long last = peer.lastHandshakeNanos();
                Duration since = last < 0 ? null : Duration.ofNanos(now() - last);
                all.add(new PeerStatus(peer.publicKey(), peer.endpoint(), since, peer.rxBytes(), peer.txBytes()));
            }
            return all;
        } finally {
            lock.unlock();
        }
    }

    Map<String, Long> drops() {
        lock.lock();
        try {
            Map<String, Long> all = new TreeMap<>();
            for (Drop reason : Drop.values()) {
                all.put("wireguard." + reason, device.drops(reason));
            }
            for (dev.culvert.proto.netstack.Drop reason : dev.culvert.proto.netstack.Drop.values()) {
                all.put("netstack." + reason, stack.drops(reason));
            }
            all.values().removeIf(count -> count == 0);
            return all;
        } finally {
            lock.unlock();
        }
    }

    void close(Duration linger) {
        lock.lock();
        try {
            if (!closing) {
                closing = true;
                closeAt = now() + linger.toNanos();
                for (Object socket : List.copyOf(open)) {
                    end(socket);
                }
                wake();
            }
        } finally {
            lock.unlock();
        }
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static void end(Object socket) {
        switch (socket) {
            case TcpConnection connection -> connection.end(true);
            case TunnelDatagrams datagrams -> datagrams.end();
            default -> throw new IllegalStateException("not a socket: " + socket);
        }
    }

    private void run() {
        Throwable cause = null;
        try {
            long deadline = 0;
            while (deadline != Long.MIN_VALUE) {
                port.await(deadline == 0 ? 0 : Math.max(1, deadline - now()));
                deadline = pass();
            }
        } catch (IOException | RuntimeException | Error e) {
            cause = e;
        }
        lock.lock();
        try {
            bug = cause;
            ended = true;
            for (Object socket : List.copyOf(open)) {
                end(socket);
            }
            device.destroy();
            port.close();
        } finally {
            lock.unlock();
        }
    }

    /// Does all there is to do now.
    ///
    /// @return when to come back: 0 for at once, `Long.MIN_VALUE` for never
    private long pass() {
        lock.lock();
        try {
            receive();
            long now = now();
            device.handleTimeout(now);
            stack.handleTimeout(now);
            wakeReady();
            boolean more = send(now);
            if (closing && isDelivered(now)) {
                return Long.MIN_VALUE;
            }
            long next = Math.min(device.nextDeadline(), stack.nextDeadline());
            return more ? 0 : Math.max(1, closing ? Math.min(next, closeAt) : next);
        } finally {
            lock.unlock();
        }
    }

    private boolean isDelivered(long now) {
        lingering.removeIf(socket -> !isUnderWay(socket));
        return lingering.isEmpty() || now >= closeAt;
    }

    private void receive() {
        for (int taken = 0; taken < BATCH; taken++) {
            InetSocketAddress from = port.receive();
            if (from == null) {
                return;
            }
            long now = now();
            OpenJob job = device.handleDatagram(port.received(), from, now);
            if (job != null) {
                job.run();
                if (device.complete(job, now)) {
                    stack.handlePacket(job.packet(), now);
                }
            }
        }
    }

    private void wakeReady() {
        for (Pollable ready = stack.pollReady(); ready != null; ready = stack.pollReady()) {
            if (ready.attachment() instanceof Event event) {
                event.signal();
            }
        }
    }

    /// @return whether there is more to send
    private boolean send(long now) {
        for (int sent = 0; sent < BATCH; sent++) {
            if (!port.isReady()) {
                return false;
            }
            if (device.pollTransmit(transmit, now)) {
                port.send(transmit.buffer(), transmit.destination());
                continue;
            }
            packet.clear().position(HEADROOM);
            if (!stack.pollTransmit(packet, now)) {
                return false;
            }
            SealJob job = device.encapsulate(packet, now);
            if (job != null) {
                job.run();
                device.complete(job, now);
                port.send(job.datagram(), job.endpoint());
            }
        }
        return true;
    }

    /// Something that threads wait for; the loop's lock belongs to it.
    record Event(Condition condition) {
        void signal() {
            condition.signalAll();
        }
    }

    /// One operation's wait, with what is left of its time.
    static final class Wait {
        private final Event event;
        private long left;

        private Wait(Event event, long nanos) {
            this.event = event;
            this.left = nanos;
        }

        /// Gives up the lock until something happened, perhaps nothing of interest.
        ///
        /// @return false if the time is over
        @SuppressWarnings("WaitNotInLoop") // It is the callers who loop.
        boolean once() throws InterruptedIOException {
            if (left <= 0) {
                return false;
            }
            try {
                if (left == Long.MAX_VALUE) {
                    event.condition.await();
                } else {
                    left = event.condition.awaitNanos(left);
                }
                return true;
            } catch (InterruptedException _) {
                // As the JDK's sockets want it: they close and tell, for virtual threads.
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted");
            }
        }
    }
}
