package dev.culvert.proto.netstack;

import dev.culvert.proto.inet.AddressWords;
import dev.culvert.proto.inet.InternetChecksum;
import dev.culvert.proto.inet.IpProtocol;
import dev.culvert.proto.inet.TcpHeader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// All connections and listeners of a stack: finds the one a segment is for, makes and removes them within the
/// limits.
final class TcpLayer {
    private static final int FIRST_EPHEMERAL = 32768;
    private static final int HASTY_RETRIES = 3;
    /// So many connections of one host are many.
    private static final int MANY = 1024;

    /// How long a shut window is waited for where memory is short, in nanoseconds.
    private static final long PATIENCE = 5_000_000_000L;
    /// How long a host that keeps many windows shut may be silent while it is asked for them, in nanoseconds.
    private static final long SILENCE = 15_000_000_000L;

    private static final long SWEEP = 1_000_000_000L;

    private static final int EPHEMERAL_PORTS = 65536 - FIRST_EPHEMERAL;

    final StackConfig config;
    final PagePool pool;
    final PathMtus paths;
    final Timers timers = new Timers();
    /// In TIME-WAIT, and not yet left by their application.
    final SocketList timeWait = new SocketList();
    final TimeWaits timeWaits;
    private final SocketList halfOpen = new SocketList();
    /// Closed by their application, and not yet by their peer: nobody but the peer decides how long they last.
    private final SocketList orphans = new SocketList();
    /// Whose peers have no room for what waits.
    private final SocketList stalled;
    private final HostCounts stalledOf;
    private long sweptAt;
    private final RandomGenerator random;
    private final IsnGenerator isns;
    private final Counters drops;
    private final ReadyQueue readyQueue;
    private final TransmitQueue transmitQueue;
    private final ReplyQueue replies;
    private final Demux demux;
    private final PortTable<TcpListener> listeners = new PortTable<>();
    private final TcpInput input;
    private final TcpOutput output = new TcpOutput();
    private final Segment segment = new Segment();
    private final Tuple tuple = new Tuple();
    private final SynCookies cookies;
    /// What a SYN had said that nothing was kept of.
    private final Segment cookieSyn = new Segment();
    boolean acceptNew = true;

    TcpLayer(
            StackConfig config,
            PagePool pool,
            PathMtus paths,
            Counters drops,
            ReadyQueue readyQueue,
            TransmitQueue transmitQueue,
            ReplyQueue replies,
            RandomGenerator random) {
        this.config = config;
        this.pool = pool;
        this.paths = paths;
        this.drops = drops;
        this.readyQueue = readyQueue;
        this.transmitQueue = transmitQueue;
        this.replies = replies;
        this.random = random;
        this.isns = new IsnGenerator(random);
        this.demux = new Demux(random.nextLong());
        this.stalledOf = new HostCounts(random.nextLong());
        this.stalled = new SocketList(stalledOf);
        this.cookies = new SynCookies(random);
        this.timeWaits = new TimeWaits(config.maxSockets(), drops);
        this.input = new TcpInput(this, drops);
    }

    void handlePacket(Packet packet, long now) {
        Drop reason = segment.parse(packet);
        if (reason != null) {
            drops.count(reason);
            return;
        }
        tuple.from(packet, segment);
        int hash = demux.hash(tuple);
        TcpSocket socket = demux.find(tuple, hash);
        if (socket != null
                && socket.state == TcpState.TIME_WAIT
                && isNewConnection(socket.receiver.timestamps, socket.receiver.tsRecent, socket.receiver.rcvNxt)) {
            socket.finish(null);
            socket = null;
        }
        if (socket != null) {
            input.handle(socket, segment, now);
            return;
        }
        TimeWaits.Remains remains = timeWaits.find(tuple, hash);
        if (remains != null && !isNewConnection(remains.timestamps, remains.tsRecent, remains.rcvNxt)) {
            if (timeWaits.handle(remains, segment, now)) {
                acknowledge(remains, now);
            }
            return;
        }
        timeWaits.remove(remains);
        if (!acceptNew && segment.isSyn() && !segment.isAck() && !segment.isRst()) {
            drops.count(Drop.NOT_ACCEPTING);
            return;
        }
        TcpListener listener = listeners.get(segment.targetPort);
        if (listener != null && acceptCookie(listener, now)) {
            return;
        }
        if (listener == null || !segment.isSyn() || segment.isAck() || segment.isRst()) {
            drops.count(Drop.NO_TCP_SOCKET);
            reset(segment);
        } else {
            acceptSyn(listener, now);
        }
    }

    /// A SYN may take the place of a connection in TIME-WAIT if it is surely newer: by its timestamp, or its
    /// number (RFC 6191 §2).
    private boolean isNewConnection(boolean timestamps, int tsRecent, int rcvNxt) {
        if (!segment.isSyn() || segment.isAck() || segment.isRst() || listeners.get(segment.targetPort) == null) {
            return false;
        }
        boolean newerStamp =
                timestamps && segment.options.hasTimestamps && SeqNum.after(segment.options.timestampValue, tsRecent);
        return newerStamp || SeqNum.after(segment.seq, rcvNxt);
    }

    private void acceptSyn(TcpListener listener, long now) {
        if (listener.isFull()) {
            drops.count(Drop.ACCEPT_QUEUE_FULL);
            return;
        }
        if (halfOpen.size() >= config.maxHalfOpen()) {
            drops.count(Drop.SYN_COOKIE);
            answerWithCookie(now);
            return;
        }
        if (!mayBegin(listener)) {
            return;
        }
        TcpSocket socket = new TcpSocket(this, tuple, listener, now);
        open(socket, now);
        socket.negotiate(segment, now);
        halfOpen.add(socket);
        wantTransmit(socket);
    }

    private void answerWithCookie(long now) {
        byte[] out = replies.add(TcpOutput.MAX_HEADERS);
        if (out == null) {
            drops.count(Drop.REPLY_QUEUE_FULL);
            return;
        }
        int clock = (int) (now / 1_000_000) + isns.timestampOffset(tuple);
        int stamp = SynCookies.stamp(clock, segment.options);
        int mss = paths.towards(tuple.remoteHigh, tuple.remoteLow) - TcpOutput.headers(tuple);
        int shift = TcpReceiver.windowShift(config.receiveBuffer());
        int window = Math.min(config.receiveBuffer(), PagePool.FIRST_LIMIT);
        replies.length(TcpOutput.buildCookie(
                tuple, segment, cookies.make(tuple, segment, now), stamp, mss, shift, Math.min(window, 0xffff), out));
    }

    /// Makes a connection of an acknowledgment that brings back a cookie; false if it does not.
    private boolean acceptCookie(TcpListener listener, long now) {
        if (segment.isSyn()
                || segment.isRst()
                || !segment.isAck()
                || !cookies.mayReturn(now)
                || !cookies.read(tuple, segment, cookieSyn, now)) {
            return false;
        }
        if (!mayBegin(listener)) {
            return true;
        }
        TcpSocket socket = new TcpSocket(this, tuple, listener, now);
        socket.sender.openAnswered(segment.ack - 1, isns.timestampOffset(tuple));
        demux.add(socket);
        socket.negotiate(cookieSyn, now);
        socket.receiver.offerWindow(0);
        input.handle(socket, segment, now);
        if (!socket.isConnected()) {
            // Nobody would repeat our answer: it is kept by nobody.
            socket.finish(null);
        }
        return true;
    }

    /// Whether the peer in hand may have one more connection. One host may have nearly all of them while nobody else
    /// asks, as the gateway of a site does; but never the last quarter, for it could keep out everybody.
    private boolean mayBegin(TcpListener listener) {
        if (stalledOf.of(tuple.remoteHigh, tuple.remoteLow) >= listener.mostStalled()) {
            drops.count(Drop.TOO_MANY_STALLED);
            return false;
        }
        boolean few = demux.size() >= config.maxSockets() - config.maxSockets() / 4;
        if (few && hasManySockets(tuple.remoteHigh, tuple.remoteLow)) {
            drops.count(Drop.TOO_MANY_OF_ONE_HOST);
            return false;
        }
        if (!makeRoom()) {
            drops.count(Drop.TOO_MANY_SOCKETS);
            return false;
        }
        return true;
    }

    private boolean hasManySockets(long remoteHigh, long remoteLow) {
        return demux.ofHost(remoteHigh, remoteLow) >= MANY;
    }

    /// The application has left a connection whose peer is still there. Of too many, the one of a host that has many
    /// is reset, or else the oldest.
    void orphaned(TcpSocket socket) {
        orphans.add(socket);
        TcpSocket ended = hasManySockets(socket.remoteHigh, socket.remoteLow) ? socket : orphans.oldest();
        if (orphans.size() > Math.max(MANY, config.maxSockets() / 4) && ended != null) {
            drops.count(Drop.TOO_MANY_ORPHANS);
            ended.abort();
        }
    }

    /// Whether there is room for one more socket, by the oldest in TIME-WAIT if need be.
    private boolean makeRoom() {
        TcpSocket oldest = timeWait.oldest();
        if (demux.size() >= config.maxSockets() && oldest != null) {
            oldest.finish(null);
        }
        return demux.size() < config.maxSockets();
    }

    private void open(TcpSocket socket, long now) {
        socket.sender.open(isns.isn(socket, now), isns.timestampOffset(socket));
        demux.add(socket);
    }

    @Nullable
    TcpSocket connect(InetAddress from, InetSocketAddress remote, long now) {
        InetAddress to = remote.getAddress();
        tuple.localHigh = AddressWords.high(from);
        tuple.localLow = AddressWords.low(from);
        tuple.remoteHigh = AddressWords.high(to);
        tuple.remoteLow = AddressWords.low(to);
        if (!makeRoom() || !choosePort(remote.getPort())) {
            return null;
        }
        TcpSocket socket = new TcpSocket(this, tuple, null, now);
        open(socket, now);
        wantTransmit(socket);
        return socket;
    }

    /// A random port and, if it is taken, the next ones (RFC 6056 §3.3.1).
    private boolean choosePort(int remotePort) {
        int first = random.nextInt(EPHEMERAL_PORTS);
        for (int i = 0; i < EPHEMERAL_PORTS; i++) {
            int port = FIRST_EPHEMERAL + (first + i) % EPHEMERAL_PORTS;
            tuple.ports = port << 16 | remotePort;
            int hash = demux.hash(tuple);
            boolean taken = demux.find(tuple, hash) != null || timeWaits.find(tuple, hash) != null;
            if (listeners.get(port) == null && !taken) {
                return true;
            }
        }
        return false;
    }

    @Nullable
    TcpListener listen(int port) {
        if (listeners.get(port) != null) {
            return null;
        }
        TcpListener listener = new TcpListener(this, port);
        listeners.put(port, listener);
        return listener;
    }

    void unlisten(TcpListener listener) {
        listeners.remove(listener.port());
    }

    /// The handshake is complete.
    void established(TcpSocket socket) {
        SocketList.remove(socket);
        if (socket.listener == null) {
            ready(socket);
        } else if (socket.listener.detached) {
            socket.abort();
        } else {
            socket.listener.add(socket);
        }
    }

    void remove(TcpSocket socket) {
        SocketList.remove(socket);
        timers.remove(socket);
        demux.remove(socket);
    }

    void ready(Pollable pollable) {
        readyQueue.add(pollable);
    }

    void wantTransmit(TcpSocket socket) {
        transmitQueue.add(socket);
    }

    int build(TcpSocket socket, byte[] out, int offset, long now) {
        int length = output.build(socket, out, offset, now);
        if (length == 0 && socket.state == TcpState.TIME_WAIT && socket.detached) {
            timeWaits.add(socket, now);
            socket.finish(null);
        } else if (socket.state != TcpState.CLOSED) {
            timers.update(socket);
            if (length == 0 && socket.list != stalled && socket.state.isSynchronized() && socket.sender.isStalled()) {
                stalled.add(socket);
            }
        }
        return length;
    }

    void handleTimeout(long now) {
        for (TcpSocket socket = timers.pollExpired(now); socket != null; socket = timers.pollExpired(now)) {
            if (isGivenUp(socket, now)) {
                socket.finish(CloseReason.TIMED_OUT);
            } else {
                socket.handleTimeout(now);
            }
            if (socket.state != TcpState.CLOSED) {
                timers.update(socket);
                wantTransmit(socket);
            }
        }
        timeWaits.handleTimeout(now);
        endStalled(now);
    }

    /// Memory that nobody takes goes to those who move: while it is short, nobody waits for a window for long.
    private void endStalled(long now) {
        if (now - sweptAt >= SWEEP) {
            sweptAt = now;
            endSilent(now);
        }
        TcpSocket oldest = stalled.oldest();
        while (oldest != null && pool.isShort() && oldest.sender.stalledFor(now) >= PATIENCE) {
            drops.count(Drop.STALLED);
            oldest.giveUp(CloseReason.STALLED);
            oldest = stalled.oldest();
        }
    }

    /// Who keeps many windows shut that a port limits, and has gone without a word, is not waited for two minutes.
    private void endSilent(long now) {
        TcpSocket next = stalled.oldest();
        while (next != null) {
            TcpSocket socket = next;
            next = socket.newer;
            if (socket.listener != null
                    && stalledOf.of(socket.remoteHigh, socket.remoteLow) >= socket.listener.manyStalled()
                    && socket.sender.backoff() > 0
                    && socket.silentFor(now) >= SILENCE) {
                drops.count(Drop.STALLED);
                socket.giveUp(CloseReason.STALLED);
            }
        }
    }

    /// Looks again at a connection that was stalled when it was last looked at; nearly none was.
    void leaveStalled(TcpSocket socket) {
        if (socket.list != stalled || socket.sender.isStalled()) {
            return;
        }
        if (socket.detached) {
            orphans.add(socket);
        } else {
            SocketList.remove(socket);
        }
    }

    /// Where SYNs were too many of late, nobody has a minute for the last step of the handshake, but 15 s.
    private boolean isGivenUp(TcpSocket socket, long now) {
        return socket.list == halfOpen && cookies.mayReturn(now) && socket.sender.backoff() >= HASTY_RETRIES;
    }

    long nextDeadline() {
        return Math.min(timers.next(), timeWaits.next());
    }

    /// Measured limits have changed: every connection takes its own up.
    void applyPathMtus() {
        demux.forEach(TcpSocket::applyPathMtu);
    }

    int sockets() {
        return demux.size() + timeWaits.size();
    }

    StackStatus status(int most, int fragments, long now) {
        List<SocketStatus> some = new ArrayList<>();
        demux.forEach(socket -> {
            if (some.size() < most) {
                some.add(SocketStatus.of(socket, now));
            }
        });
        return new StackStatus(
                demux.size(),
                config.maxSockets(),
                halfOpen.size(),
                config.maxHalfOpen(),
                timeWait.size() + timeWaits.size(),
                (long) pool.used() * PagePool.PAGE,
                pool.limitBytes(),
                fragments,
                some);
    }

    /// The connection that sent `seq` to this peer and still waits for its acknowledgment, or null: what an ICMP
    /// error must be about to count (RFC 5927 §4.1).
    @Nullable
    TcpSocket findInFlight(Tuple who, int seq) {
        TcpSocket socket = demux.find(who, demux.hash(who));
        if (socket == null || SeqNum.before(seq, socket.sender.sndUna) || SeqNum.atLeast(seq, socket.sender.sndMax)) {
            return null;
        }
        return socket;
    }

    /// Acknowledges the segment in hand, once more.
    private void acknowledge(TimeWaits.Remains remains, long now) {
        byte[] out = replies.add(TcpOutput.MAX_HEADERS);
        if (out == null) {
            drops.count(Drop.REPLY_QUEUE_FULL);
            return;
        }
        replies.length(TcpOutput.buildAck(tuple, remains, now, out));
    }

    /// Answers the segment in hand with RST, unless it is one (RFC 9293 §3.10.7.1).
    void reset(Segment cause) {
        if (cause.isRst()) {
            return;
        }
        boolean ipv4 = AddressWords.isIpv4(tuple.localHigh, tuple.localLow);
        int length = IpOutput.headerLength(ipv4) + TcpHeader.LENGTH;
        byte[] out = replies.add(length);
        if (out == null) {
            drops.count(Drop.REPLY_QUEUE_FULL);
            return;
        }
        int tcp = IpOutput.write(
                out,
                0,
                TcpHeader.LENGTH,
                IpProtocol.TCP,
                tuple.localHigh,
                tuple.localLow,
                tuple.remoteHigh,
                tuple.remoteLow);
        int seq = cause.isAck() ? cause.ack : 0;
        int ack = cause.isAck() ? 0 : cause.end();
        int flags = cause.isAck() ? TcpHeader.RST : TcpHeader.RST | TcpHeader.ACK;
        TcpHeader.write(out, tcp, cause.targetPort, cause.sourcePort, seq, ack, TcpHeader.LENGTH, flags, 0);
        long pseudo = InternetChecksum.pseudoHeader(
                tuple.localHigh, tuple.localLow, tuple.remoteHigh, tuple.remoteLow, IpProtocol.TCP);
        TcpHeader.writeChecksum(out, tcp, TcpHeader.LENGTH, pseudo);
    }
}
