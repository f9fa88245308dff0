package dev.culvert.dataplane.tunnel;

import dev.culvert.proto.wireguard.Peer;
import dev.culvert.proto.wireguard.Transmit;
import dev.culvert.proto.wireguard.WireGuardDevice;
import io.netty.channel.IoEventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Joins device, stack and UDP socket: the straight line of a packet, both ways.
///
/// ```
/// datagrams → device → inside → ready channels → inside → device → datagrams
/// ```
/// What stands inside, a stack or an interface of the kernel's, is the [Inside]. Everything here runs on one event
/// loop;
/// others submit. There is one timer, the earliest of all deadlines.
final class TunnelLoop implements Pump {
    private static final Logger LOG = LoggerFactory.getLogger(TunnelLoop.class);

    // So many datagrams are taken, or packets sent, before other work of the loop has its turn.
    private static final int BATCH = 128;

    // Around what the device sends of its own, which may be the largest packet that has waited.
    private static final int TAILROOM = 64;

    // At most so many batches leave before a silence begins: what a full socket does not take is lost.
    private static final int LAST_PASSES = 64;

    // Of each turn, as long as handshakes wait: so that a flood of them leaves the loop to the packets of peers.
    private static final long HANDSHAKE_TIME = 500_000L;

    private static final long NEVER = Long.MAX_VALUE;

    // After a bug in a timer or in sending, so that the same one does not take the whole loop.
    private static final long AFTER_FAILURE = 100_000_000L;

    private final IoEventLoop loop;
    private final WireGuardDevice device;
    private final Inside inside;
    private final UdpPort port;
    private final TunnelClock clock;
    private final CipherCrew crew = CipherCrew.ofThisMachine();
    private final IncomingBatch incoming;
    private final OutgoingBatch outgoing;
    private final Transmit transmit;
    private final HandshakeQueue handshakes = new HandshakeQueue();
    private final InitiationShare share = new InitiationShare();
    private final UdpPort.Receiver receiver = new Arrivals();
    private final Runnable pump = this::pump;
    private final Runnable onTimer = this::timer;
    private Runnable onPeerNews = () -> {};
    private long peerNewsTold;
    private boolean pumpScheduled;
    private boolean sendBlocked;
    private boolean closed;
    private boolean suspended;
    private boolean transmitWaiting;
    private @Nullable ScheduledFuture<?> timer;
    private long timerAt = NEVER;
    private long quietUntil;
    private long failures;

    TunnelLoop(IoEventLoop loop, WireGuardDevice device, Inside inside, UdpPort port, TunnelClock clock, int mtu) {
        this.loop = loop;
        this.device = device;
        this.inside = inside;
        this.port = port;
        this.clock = clock;
        this.incoming = new IncomingBatch(device, inside, crew, this);
        this.outgoing = new OutgoingBatch(device, inside, crew, mtu);
        this.transmit = new Transmit(mtu + TAILROOM);
    }

    void start() throws IOException {
        inside.start(this);
        filter();
        port.register(loop, this::readable, this::writable);
        schedulePump();
    }

    /// What to run, briefly, when a peer has shaken hands or was heard from a new place.
    void onPeerNews(Runnable task) {
        onPeerNews = task;
    }

    @Override
    public IoEventLoop eventLoop() {
        return loop;
    }

    Inside inside() {
        return inside;
    }

    WireGuardDevice device() {
        return device;
    }

    @Override
    public long now() {
        return clock.now();
    }

    @Override
    public void schedulePump() {
        if (!pumpScheduled && !isSilent()) {
            pumpScheduled = true;
            loop.execute(pump);
        }
    }

    /// Sends what is ready, then neither reads, sends nor looks at the time.
    void suspend() {
        if (!closed && !suspended) {
            for (int pass = 0; pass == 0 || (pumpScheduled && pass < LAST_PASSES); pass++) {
                pump();
            }
            suspended = true;
            cancelTimer();
            inside.stop();
            port.unregister();
        }
    }

    /// @throws IOException if the port cannot be registered with the loop
    void resume() throws IOException {
        if (!closed && suspended) {
            suspended = false;
            start();
        }
    }

    private boolean isSilent() {
        return closed || suspended;
    }

    void close() {
        closed = true;
        cancelTimer();
        inside.close();
        port.close();
        crew.close();
    }

    private void readable() {
        if (isSilent()) {
            return;
        }
        try {
            port.receive(receiver, BATCH);
        } catch (RuntimeException | Error e) {
            failed(e);
        }
        pump();
    }

    private void writable() {
        sendBlocked = false;
        pump();
    }

    /// Tells the kernel what may come in; while only a part may, all from where peers are, the latest heard first.
    private void filter() {
        List<InetAddress> exempt = share.isPartial()
                ? device.peers().stream()
                        .sorted(Comparator.comparingLong(Peer::lastHandshakeNanos)
                                .reversed())
                        .map(Peer::endpoint)
                        .filter(Objects::nonNull)
                        .map(InetSocketAddress::getAddress)
                        .distinct()
                        .limit(ArrivalRules.MAX_EXEMPT)
                        .toList()
                : List.of();
        port.filter(new ArrivalRules(device.indexForm(), share.bare(), share.proven(), exempt));
    }

    private final class Arrivals implements UdpPort.Receiver {
        @Override
        public void datagram(ByteBuffer datagram, InetSocketAddress from, int ecn) {
            share.count(datagram);
            if (HandshakeQueue.isHandshake(datagram)) {
                handshakes.add(datagram, from);
                return;
            }
            try {
                incoming.add(datagram, from, ecn, clock.now());
            } catch (RuntimeException | Error e) {
                failed(e);
            }
        }

        @Override
        public void end() {
            try {
                incoming.open(clock.now());
            } catch (RuntimeException | Error e) {
                failed(e);
            }
        }
    }

    /// Works on what waits, for a part of a turn.
    ///
    /// @return whether some still wait
    private boolean shakeHands() {
        long began = clock.now();
        for (long now = began; !handshakes.isEmpty() && now - began < HANDSHAKE_TIME; now = clock.now()) {
            try {
                device.handleDatagram(handshakes.take(), handshakes.sender(), now);
            } catch (RuntimeException | Error e) {
                failed(e);
            }
        }
        if (handshakes.isCrowded()) {
            device.handshakesWait(clock.now());
        }
        return !handshakes.isEmpty();
    }

    /// How many handshake messages were dropped because too many waited.
    long handshakeOverflow() {
        return handshakes.overflow();
    }

    /// One pass: handshakes, then the channels that became ready, then send what device and inside have, then set the
    /// timer.
    private void pump() {
        pumpScheduled = false;
        if (isSilent()) {
            return;
        }
        boolean more = false;
        try {
            boolean shaking = shakeHands();
            long now = clock.now();
            inside.dispatch(now);
            more = transmit(now) || shaking;
            port.flush();
            tellPeerNews();
            if (share.review(now)) {
                filter();
            }
        } catch (RuntimeException | Error e) {
            failed(e);
            quietUntil = clock.now() + AFTER_FAILURE;
        }
        if (more && !sendBlocked) {
            schedulePump();
        }
        armTimer();
    }

    private void tellPeerNews() {
        long news = device.peerNews();
        if (news != peerNewsTold) {
            peerNewsTold = news;
            onPeerNews.run();
        }
    }

    /// A bug costs a packet or a connection, never the tunnel of all the others: what escapes from here makes Netty
    /// hold the whole loop for a second, or, if it is an `Error`, end it. Said once, counted always.
    @Override
    public void failed(Throwable bug) {
        if (bug instanceof VirtualMachineError fatal && !(bug instanceof StackOverflowError)) {
            throw fatal;
        }
        if (failures++ == 0) {
            LOG.error("a bug of Culvert's in the tunnel; the next ones of this process are not logged", bug);
        }
    }

    /// @return whether there may be more to send
    private boolean transmit(long now) {
        if (sendBlocked || !sendWaiting()) {
            return true;
        }
        for (int sent = 0; sent < BATCH; ) {
            if (!transmitDevice(now)) {
                return true;
            }
            int taken = outgoing.fill(now);
            if (taken == 0) {
                return false;
            }
            if (!sendSealed()) {
                return true;
            }
            sent += taken;
        }
        return true;
    }

    /// Sends what was built but found the socket full.
    private boolean sendWaiting() {
        if (transmitWaiting) {
            if (!send(transmit.buffer(), transmit.destination(), transmit.trafficClass())) {
                return false;
            }
            transmitWaiting = false;
        }
        return sendSealed();
    }

    private boolean sendSealed() {
        if (outgoing.send(port)) {
            return true;
        }
        sendBlocked = true;
        return false;
    }

    private boolean transmitDevice(long now) {
        while (device.pollTransmit(transmit, now)) {
            if (!send(transmit.buffer(), transmit.destination(), transmit.trafficClass())) {
                transmitWaiting = true;
                return false;
            }
        }
        return true;
    }

    private boolean send(ByteBuffer datagram, InetSocketAddress to, int trafficClass) {
        if (port.send(datagram, to, trafficClass)) {
            return true;
        }
        sendBlocked = true;
        return false;
    }

    private void timer() {
        timer = null;
        timerAt = NEVER;
        if (isSilent()) {
            return;
        }
        long now = clock.now();
        try {
            device.handleTimeout(now);
            inside.handleTimeout(now);
        } catch (RuntimeException | Error e) {
            failed(e);
            quietUntil = now + AFTER_FAILURE;
        }
        pump();
    }

    /// A timer that is too early costs one look at the deadlines, moving it for each packet would cost more.
    private void armTimer() {
        long deadline = Math.max(
                quietUntil, Math.min(device.nextDeadline(), Math.min(inside.nextDeadline(), share.nextDeadline())));
        if (deadline == NEVER || deadline >= timerAt) {
            return;
        }
        cancelTimer();
        timerAt = deadline;
        timer = loop.schedule(onTimer, Math.max(0, deadline - clock.now()), TimeUnit.NANOSECONDS);
    }

    private void cancelTimer() {
        ScheduledFuture<?> current = timer;
        if (current != null) {
            current.cancel(false);
            timer = null;
            timerAt = NEVER;
        }
    }
}
