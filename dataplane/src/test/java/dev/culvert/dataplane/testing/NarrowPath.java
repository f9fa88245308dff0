package dev.culvert.dataplane.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import org.jspecify.annotations.Nullable;

/// A path over loopback between whoever sends to it and one far end, which loses datagrams above a size, or
/// all, and says nothing: a black hole.
public final class NarrowPath implements AutoCloseable {
    private final DatagramChannel near;
    private final DatagramChannel far;
    private volatile int largest = Integer.MAX_VALUE;
    private volatile @Nullable InetSocketAddress sender;

    private NarrowPath(DatagramChannel near, DatagramChannel far) {
        this.near = near;
        this.far = far;
    }

    public static NarrowPath to(InetSocketAddress end) throws IOException {
        DatagramChannel near = DatagramChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        DatagramChannel far = DatagramChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        NarrowPath path = new NarrowPath(near, far);
        Thread.ofVirtual().start(() -> path.carry(near, far, end));
        Thread.ofVirtual().start(() -> path.carry(far, near, null));
        return path;
    }

    /// Where the path begins.
    public InetSocketAddress address() throws IOException {
        return (InetSocketAddress) near.getLocalAddress();
    }

    /// From now on larger UDP payloads are lost, in both directions.
    public void largest(int bytes) {
        largest = bytes;
    }

    /// @param to where to, or null for whoever sent last
    private void carry(DatagramChannel in, DatagramChannel out, @Nullable InetSocketAddress to) {
        ByteBuffer datagram = ByteBuffer.allocate(65536);
        try {
            while (true) {
                datagram.clear();
                InetSocketAddress from = (InetSocketAddress) in.receive(datagram);
                datagram.flip();
                if (to != null) {
                    sender = from;
                }
                InetSocketAddress target = to == null ? sender : to;
                if (target != null && datagram.remaining() <= largest) {
                    out.send(datagram, target);
                }
            }
        } catch (ClosedChannelException e) {
            // The end of the test.
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        near.close();
        far.close();
    }
}
