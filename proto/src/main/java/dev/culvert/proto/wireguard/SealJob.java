package dev.culvert.proto.wireguard;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// One IP packet to be encrypted in place, in its caller's array, with the header before it and the tag behind.
///
/// [#run] may happen on any thread and touches nothing but the bytes; afterwards the device's owner hands the job
/// to [WireGuardDevice#complete(SealJob, long)]. The device reuses completed jobs in later calls of `encapsulate`:
/// results hold until the next one.
public final class SealJob implements Runnable {
    private final ArrayView view = new ArrayView();
    private OpenJob.State state = OpenJob.State.COMPLETED;
    private @Nullable Keypair keypair;
    private @Nullable Peer peer;
    private @Nullable InetSocketAddress endpoint;
    private byte[] array = ArrayView.EMPTY;
    private int offset;
    private int plaintextBytes;
    private long counter;
    private int ecn;

    SealJob() {}

    /// Encrypts.
    @Override
    public void run() {
        if (state != OpenJob.State.HANDED_OUT || keypair == null) {
            throw new IllegalStateException("run of a job that is " + state);
        }
        keypair.sending.seal(counter, array, offset + Messages.TRANSPORT_HEADER_BYTES, plaintextBytes);
        state = OpenJob.State.RUN;
    }

    /// The datagram, from position to limit, after `complete`.
    public ByteBuffer datagram() {
        return view.of(array, offset, length());
    }

    /// The array in which the datagram lies: its caller's.
    public byte[] array() {
        return array;
    }

    /// Where in the array the datagram starts: 16 bytes before the packet.
    public int offset() {
        return offset;
    }

    /// The datagram's length.
    public int length() {
        return Messages.TRANSPORT_MIN_BYTES + plaintextBytes;
    }

    /// Whom it is for.
    public Peer peer() {
        if (peer == null) {
            throw new IllegalStateException("a job that was never handed out");
        }
        return peer;
    }

    /// Where it goes.
    public InetSocketAddress endpoint() {
        if (endpoint == null) {
            throw new IllegalStateException("a job that was never handed out");
        }
        return endpoint;
    }

    /// The inner packet's two ECN bits: all of the outer IP_TOS or IPV6_TCLASS byte (RFC 6040 §4.1).
    public int ecn() {
        return ecn;
    }

    void start(Keypair session, InetSocketAddress to, byte[] buffer, int datagramAt, int bytes, int innerEcn) {
        keypair = session;
        peer = session.peer;
        endpoint = to;
        array = buffer;
        offset = datagramAt;
        plaintextBytes = bytes;
        counter = session.sendCounter++;
        ecn = innerEcn;
        Messages.transportHeader(array, offset, session.remoteIndex, counter);
        state = OpenJob.State.HANDED_OUT;
        session.acquire();
    }

    /// Takes the session back from the job.
    Keypair finish() {
        Keypair session = keypair;
        if (state != OpenJob.State.RUN || session == null) {
            throw new IllegalStateException("completion of a job that is " + state);
        }
        state = OpenJob.State.COMPLETED;
        keypair = null;
        session.release();
        return session;
    }
}
