package dev.culvert.proto.wireguard;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// One transport message to be decrypted in place, in its caller's array.
///
/// [#run] may happen on any thread and touches nothing but the bytes; afterwards the device's owner hands the job
/// to [WireGuardDevice#complete(OpenJob, long)], in the order of arrival for each peer. The device reuses completed
/// jobs in later calls of `handleDatagram`: results hold until the next one.
public final class OpenJob implements Runnable {
    enum State {
        COMPLETED,
        HANDED_OUT,
        RUN
    }

    private final ArrayView view = new ArrayView();
    private State state = State.COMPLETED;
    private boolean genuine;
    private @Nullable Keypair keypair;
    private @Nullable Peer peer;
    private @Nullable InetSocketAddress from;
    private byte[] array = ArrayView.EMPTY;
    private int offset;
    private int length;
    private long counter;
    private int outerEcn;

    OpenJob() {}

    /// Checks and decrypts.
    @Override
    public void run() {
        if (state != State.HANDED_OUT || keypair == null) {
            throw new IllegalStateException("run of a job that is " + state);
        }
        genuine = keypair.receiving.open(counter, array, offset, length);
        state = State.RUN;
    }

    /// The IP packet, from position to limit, after a `complete` that returned true.
    public ByteBuffer packet() {
        return view.of(array, offset, length);
    }

    /// The array in which the packet lies: its caller's.
    public byte[] array() {
        return array;
    }

    /// Where in the array the packet starts, after `complete`.
    public int offset() {
        return offset;
    }

    /// The packet's length, after `complete`.
    public int length() {
        return length;
    }

    /// Whose packet it is.
    public Peer peer() {
        if (peer == null) {
            throw new IllegalStateException("a job that was never handed out");
        }
        return peer;
    }

    void start(Keypair session, byte[] buffer, int at, int bytes, long count, InetSocketAddress source, int ecn) {
        keypair = session;
        peer = session.peer;
        array = buffer;
        offset = at;
        length = bytes;
        counter = count;
        from = source;
        outerEcn = ecn;
        state = State.HANDED_OUT;
        session.acquire();
    }

    /// Takes the session back from the job.
    Keypair finish() {
        Keypair session = keypair;
        if (state != State.RUN || session == null) {
            throw new IllegalStateException("completion of a job that is " + state);
        }
        state = State.COMPLETED;
        keypair = null;
        session.release();
        return session;
    }

    void trim(int bytes) {
        length = bytes;
    }

    boolean genuine() {
        return genuine;
    }

    long counter() {
        return counter;
    }

    int outerEcn() {
        return outerEcn;
    }

    InetSocketAddress from() {
        if (from == null) {
            throw new IllegalStateException("a job that was never handed out");
        }
        return from;
    }
}
