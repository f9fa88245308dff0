package dev.culvert.proto.netstack;

import static dev.culvert.proto.netstack.Timers.NEVER;

import dev.culvert.proto.inet.AddressWords;
import dev.culvert.proto.inet.InternetChecksum;
import dev.culvert.proto.inet.IpProtocol;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// One TCP connection: its state and what the application does with it (RFC 9293 §3.3.2, §3.9.1).
///
/// Owned by whoever owns the stack. After `read`, `write`, `shutdownOutput`, `close` and `abort` the stack may
/// have something to send: call [Stack#pollTransmit].
public final class TcpSocket extends Pollable {
    /// How long a closed application waits for the peer's FIN.
    static final long FIN_WAIT_2 = 60_000_000_000L;
    private static final long BLACK_HOLE_EXPIRY = 600_000_000_000L;
    /// BASE_PLPMTU (RFC 8899 §5.1.2).
    private static final int BASE_PACKET = 1200;
    private static final int KEEPALIVE_PROBES = 4;
    private static final long CHALLENGE_INTERVAL = 100_000_000L;

    final TcpLayer layer;
    final long localHigh;
    final long localLow;
    final long remoteHigh;
    final long remoteLow;
    /// Local port in the upper, remote port in the lower half.
    final int ports;
    /// Null for a connection that we began.
    final @Nullable TcpListener listener;

    final TcpSender sender;
    final TcpReceiver receiver;
    int hash;
    int timerIndex = -1;

    @Nullable
    SocketList list;

    @Nullable
    TcpSocket older;

    @Nullable
    TcpSocket newer;

    TcpState state;
    /// Offered with our SYN and, once that is answered, agreed.
    boolean timestamps = true;
    boolean windowScaling = true;
    boolean resetPending;
    /// An ICMP error said so while the connection was being made; it counts if nothing better happens (RFC 1122
    /// §4.2.3.9).
    boolean unreachable;

    private boolean connected;
    private @Nullable CloseReason failure;
    private boolean writeBlocked;
    private long lifeDeadline = NEVER;
    private long lastHeardAt;
    private long keepAlive;
    private int keepAliveProbes;
    private long nextChallengeAt;
    /// What routers behind the tunnel have said (ICMP).
    private int maxPacket;
    /// How large packets may be since larger ones seem to vanish on the way, and when to try again.
    private int blackHole = Integer.MAX_VALUE;

    private long blackHoleUntil;
    /// The most payload that both ends agreed on; 0 before the peer's SYN.
    private int agreedSegment;

    TcpSocket(TcpLayer layer, Tuple tuple, @Nullable TcpListener listener, long now) {
        this.layer = layer;
        this.localHigh = tuple.localHigh;
        this.localLow = tuple.localLow;
        this.remoteHigh = tuple.remoteHigh;
        this.remoteLow = tuple.remoteLow;
        this.ports = tuple.ports;
        this.listener = listener;
        this.state = listener == null ? TcpState.SYN_SENT : TcpState.SYN_RECEIVED;
        this.sender = new TcpSender(layer.pool, layer.config.sendBuffer());
        this.receiver = new TcpReceiver(layer.pool, layer.config.receiveBuffer());
        this.sender.synRetries = listener == null ? TcpSender.SYN_RETRIES : TcpSender.SYN_ACK_RETRIES;
        this.maxPacket = layer.config.mtu();
        this.lastHeardAt = now;
    }

    /// Takes received bytes out of the window; any kind of buffer. Returns how many, 0 if there are none now, or
    /// -1 at the end of the stream: after the peer's FIN, or when the connection has failed and nothing is left
    /// to read.
    public int read(ByteBuffer target) {
        int n = receiver.ring.read(target);
        if (n > 0) {
            if (state.mayReceive() && receiver.isWindowUpdateDue()) {
                receiver.acknowledgeNow();
                layer.wantTransmit(this);
            }
            return n;
        }
        boolean ended = receiver.finReceived || state == TcpState.CLOSED || detached;
        return ended && receiver.ring.size() == 0 ? -1 : 0;
    }

    /// Queues bytes to send; any kind of buffer. Returns how many were taken, 0 if the buffer is full (readiness
    /// is reported when it has room), -1 if the connection is closed.
    ///
    /// @throws IllegalStateException after `shutdownOutput` or `close`
    public int write(ByteBuffer source) {
        if (state == TcpState.CLOSED) {
            return -1;
        }
        if (sender.finQueued) {
            throw new IllegalStateException("write after shutdownOutput");
        }
        int n = sender.ring.append(source);
        writeBlocked |= source.hasRemaining();
        if (n > 0) {
            layer.wantTransmit(this);
        }
        return n;
    }

    /// Bytes that `read` would return.
    public int readable() {
        return receiver.ring.size();
    }

    /// Bytes that `write` would take.
    public int writable() {
        if (state == TcpState.CLOSED || sender.finQueued) {
            return 0;
        }
        int free = layer.pool.isTight() ? sender.ring.assured() : sender.ring.free();
        writeBlocked |= free == 0;
        return free;
    }

    /// Bytes written and not yet acknowledged by the peer.
    public int unacknowledged() {
        return sender.ring.size();
    }

    /// Sends FIN after what was written; reading goes on.
    public void shutdownOutput() {
        if (state == TcpState.CLOSED || sender.finQueued) {
            return;
        }
        sender.finQueued = true;
        if (state == TcpState.ESTABLISHED) {
            state = TcpState.FIN_WAIT_1;
        } else if (state == TcpState.CLOSE_WAIT) {
            state = TcpState.LAST_ACK;
        }
        layer.wantTransmit(this);
    }

    /// Ends the connection in order; the stack sends what was written and goes on by itself. As the application
    /// reads no more, unread or later data is answered with RST (RFC 9293 §3.6.1). Readiness is not reported any
    /// more.
    public void close() {
        if (detached) {
            return;
        }
        boolean unread = receiver.ring.size() > 0;
        if (unread && (state.mayReceive() || state == TcpState.CLOSE_WAIT)) {
            abort();
            return;
        }
        detached = true;
        sender.abandoned = true;
        keepAlive = 0;
        lifeDeadline = state == TcpState.TIME_WAIT ? lifeDeadline : NEVER;
        receiver.release();
        if (state == TcpState.SYN_SENT) {
            finish(null);
        } else {
            shutdownOutput();
            layer.wantTransmit(this);
            if (state != TcpState.CLOSED && state != TcpState.TIME_WAIT) {
                layer.orphaned(this);
            }
        }
    }

    /// Ends the connection with RST and drops what was not sent.
    public void abort() {
        if (state == TcpState.CLOSED) {
            detached = true;
            receiver.release();
            return;
        }
        detached = true;
        resetPending = state != TcpState.SYN_SENT && state != TcpState.TIME_WAIT;
        finish(CloseReason.ABORTED);
        layer.wantTransmit(this);
    }

    /// How long nothing has been heard of the peer, in nanoseconds.
    long silentFor(long now) {
        return now - lastHeardAt;
    }

    /// Ends it with a reset; the application learns why.
    void giveUp(CloseReason reason) {
        resetPending = true;
        finish(reason);
        layer.wantTransmit(this);
    }

    /// Sends probes when nothing was heard for `idle` nanoseconds, and fails when four remain unanswered; 0 (at
    /// first) for never (RFC 9293 §3.8.4).
    public void keepAlive(long idle) {
        keepAlive = idle;
        keepAliveProbes = 0;
        if (state == TcpState.ESTABLISHED || state == TcpState.CLOSE_WAIT) {
            lifeDeadline = idle == 0 ? NEVER : lastHeardAt + idle;
            layer.timers.update(this);
        }
    }

    /// Fails the connection when what was sent stays unacknowledged for so many nanoseconds; 0 (at first) for two
    /// minutes (RFC 9293 §3.9.1.1; as RFC 5482 has it, for this end only).
    public void userTimeout(long nanos) {
        sender.userTimeout = nanos == 0 ? TcpSender.GIVE_UP : nanos;
    }

    public TcpState state() {
        return state;
    }

    /// Whether the connection has ever stood.
    public boolean isConnected() {
        return connected;
    }

    /// Why it failed, or null.
    public @Nullable CloseReason failure() {
        return failure;
    }

    public InetSocketAddress local() {
        return new InetSocketAddress(AddressWords.toAddress(localHigh, localLow), localPort());
    }

    public InetSocketAddress remote() {
        return new InetSocketAddress(AddressWords.toAddress(remoteHigh, remoteLow), remotePort());
    }

    @Override
    public String toString() {
        return local() + " > " + remote() + " " + state;
    }

    int localPort() {
        return ports >>> 16;
    }

    int remotePort() {
        return ports & 0xffff;
    }

    boolean isIpv4() {
        return AddressWords.isIpv4(localHigh, localLow);
    }

    long pseudoHeader() {
        return InternetChecksum.pseudoHeader(localHigh, localLow, remoteHigh, remoteLow, IpProtocol.TCP);
    }

    /// What we announce in the MSS option (RFC 6691: as if there were no options): what comes takes the path
    /// that our own segments take.
    int mssToOffer() {
        return pathMtu() - IpOutput.headerLength(isIpv4()) - 20;
    }

    private int pathMtu() {
        return layer.paths.towards(remoteHigh, remoteLow);
    }

    /// Takes the options of the peer's SYN (RFC 7323 §2.5, §3.2).
    void negotiate(Segment syn, long now) {
        TcpOptions options = syn.options;
        timestamps &= options.hasTimestamps;
        windowScaling &= options.windowShift >= 0;
        sender.recovery.sackPermitted = options.sackPermitted;
        sender.window.peerShift = windowScaling ? options.windowShift : 0;
        if (!windowScaling) {
            receiver.windowShift = 0;
        }
        // RFC 9293 §3.7.1 for the default. Below the floor, a peer only makes us send more headers.
        int offered = options.mss == 0 ? (isIpv4() ? 536 : 1220) : Math.max(options.mss, 88);
        int largest = layer.config.mtu() - IpOutput.headerLength(isIpv4()) - 20;
        agreedSegment = Math.min(offered, largest) - optionBytes();
        sender.mss = Math.min(agreedSegment, segmentWithin(Math.min(maxPacket, pathMtu())));
        sender.recovery.congestion = new Cubic(sender.mss);
        sender.recovery.ecn.negotiate(syn);
        sender.window.open(syn);
        receiver.open(syn, timestamps, now);
    }

    private int optionBytes() {
        return timestamps ? TcpOptions.TIMESTAMP_BYTES : 0;
    }

    void becomeEstablished(long now) {
        connected = true;
        state = sender.finQueued ? TcpState.FIN_WAIT_1 : TcpState.ESTABLISHED;
        heard(now);
        layer.established(this);
    }

    /// Something acceptable arrived: the peer is there.
    void heard(long now) {
        lastHeardAt = now;
        if (blackHole != Integer.MAX_VALUE && now >= blackHoleUntil) {
            blackHole = Integer.MAX_VALUE;
            applyPathMtu();
        }
        keepAliveProbes = 0;
        if (keepAlive != 0 && lifeDeadline == NEVER && state.isSynchronized()) {
            lifeDeadline = now + keepAlive;
        }
    }

    /// Moves on after an acknowledgment or a FIN has been taken (RFC 9293 §3.10.7.4, fifth and eighth step).
    void advanceState(boolean finArrived, long now) {
        boolean finAcked = sender.isFinAcked();
        switch (state) {
            case ESTABLISHED -> state = finArrived ? TcpState.CLOSE_WAIT : state;
            case FIN_WAIT_1 -> {
                if (finArrived) {
                    state = finAcked ? TcpState.TIME_WAIT : TcpState.CLOSING;
                } else if (finAcked) {
                    state = TcpState.FIN_WAIT_2;
                }
            }
            case FIN_WAIT_2 -> state = finArrived ? TcpState.TIME_WAIT : state;
            case CLOSING -> state = finAcked ? TcpState.TIME_WAIT : state;
            case LAST_ACK -> {
                if (finAcked) {
                    finish(null);
                }
            }
            case SYN_SENT, SYN_RECEIVED, CLOSE_WAIT, TIME_WAIT, CLOSED -> {}
        }
        if (state == TcpState.TIME_WAIT && list != layer.timeWait) {
            enterTimeWait(now);
        }
        startOrphanTimer(now);
    }

    private void enterTimeWait(long now) {
        sender.release();
        SocketList.remove(this);
        layer.timeWait.add(this);
        restartTimeWait(now);
    }

    void restartTimeWait(long now) {
        lifeDeadline = now + TimeWaits.LENGTH;
    }

    void startOrphanTimer(long now) {
        if (state == TcpState.FIN_WAIT_2 && detached && lifeDeadline == NEVER) {
            lifeDeadline = now + FIN_WAIT_2;
        }
    }

    /// Reports room in the send buffer to a writer that ran into its end, once there is enough to be worth it.
    void reportWritable() {
        if (writeBlocked && sender.ring.free() >= sender.ring.limit() / 4) {
            writeBlocked = false;
            layer.ready(this);
        }
    }

    /// A challenge ACK, or one for what is out of the window, is due; at most ten per second, so that two ends
    /// cannot drive each other (RFC 5961 §7).
    void challenge(long now) {
        if (now >= nextChallengeAt) {
            nextChallengeAt = now + CHALLENGE_INTERVAL;
            receiver.acknowledgeNow();
        }
    }

    /// A router says that packets of this connection may have at most `size` bytes.
    void reducePathMtu(int size) {
        int least = isIpv4() ? 552 : 1280;
        int packet = Math.max(size, least);
        if (packet < maxPacket) {
            maxPacket = packet;
            applyPathMtu();
        }
    }

    /// Cuts segments to what the path is known to take now, which may be more than before.
    void applyPathMtu() {
        if (agreedSegment > 0 && state != TcpState.CLOSED) {
            int packet = Math.min(Math.min(maxPacket, pathMtu()), blackHole);
            sender.resizeSegment(Math.min(agreedSegment, segmentWithin(packet)));
            layer.wantTransmit(this);
        }
    }

    private int segmentWithin(int packet) {
        return packet - IpOutput.headerLength(isIpv4()) - 20 - optionBytes();
    }

    /// The connection is over; `reason` is null if in order.
    void finish(@Nullable CloseReason reason) {
        boolean halfOpen = listener != null && !connected;
        state = TcpState.CLOSED;
        failure = reason;
        lifeDeadline = NEVER;
        receiver.ackDeadline = NEVER;
        sender.release();
        if (detached || halfOpen) {
            receiver.release();
        } else {
            receiver.end();
            layer.ready(this);
        }
        layer.remove(this);
    }

    long deadline() {
        return Math.min(lifeDeadline, Math.min(sender.deadline, receiver.ackDeadline));
    }

    void handleTimeout(long now) {
        receiver.handleTimeout(now);
        if (sender.handleTimeout(now)) {
            finish(unreachable ? CloseReason.UNREACHABLE : CloseReason.TIMED_OUT);
        } else if (lifeDeadline <= now) {
            endOfLife(now);
        } else if (sender.backoff() == 2 || sender.backoff() == 4) {
            suspectBlackHole(now);
        }
    }

    /// Full segments go unanswered again and again, and no router says why: they may be too large for the path (RFC
    /// 2923 §2.1). Smaller ones tell; after ten minutes larger ones are tried again (RFC 8899 §5.1.1).
    private void suspectBlackHole(long now) {
        int least = isIpv4() ? PathMtus.LEAST : 1280;
        int packet = sender.backoff() == 2 ? Math.max(BASE_PACKET, least) : least;
        if (state.isSynchronized() && sender.firstLength() > segmentWithin(packet)) {
            blackHole = packet;
            blackHoleUntil = now + BLACK_HOLE_EXPIRY;
            applyPathMtu();
        }
    }

    private void endOfLife(long now) {
        lifeDeadline = NEVER;
        if (state == TcpState.TIME_WAIT || (state == TcpState.FIN_WAIT_2 && detached)) {
            finish(null);
        } else if (keepAlive != 0) {
            probeAlive(now);
        }
    }

    private void probeAlive(long now) {
        boolean retransmitting = sender.flight() > 0;
        long quietUntil = (retransmitting ? now : lastHeardAt) + keepAlive;
        if (now < quietUntil) {
            lifeDeadline = quietUntil;
            return;
        }
        if (keepAliveProbes == KEEPALIVE_PROBES) {
            finish(CloseReason.TIMED_OUT);
            return;
        }
        keepAliveProbes++;
        sender.recovery.sent.trim();
        sender.probePending = true;
        lifeDeadline = now + Math.max(keepAlive / 4, 1_000_000_000L);
    }
}
