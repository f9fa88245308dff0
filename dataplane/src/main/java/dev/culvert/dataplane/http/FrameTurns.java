package dev.culvert.dataplane.http;

import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2RemoteFlowController;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.handler.codec.http2.StreamByteDistributor;
import io.netty.handler.codec.http2.UniformStreamByteDistributor;

/// Which stream of a visitor's connection sends next, and how much: all in turn. One per connection.
///
/// Priorities are not heard (RFC 9113 §5.3.2): the tree of them cost more than the data, and invited floods. Says what
/// leaves to [Glitches], for visitors may open a window for each frame that they get.
final class FrameTurns implements StreamByteDistributor {
    // What a stream sends in its turn: frames of a KiB cost a hundred downloads at once more than their bytes.
    private static final int LEAST_FRAME = 8 * 1024;

    // A frame smaller than this, behind windows that would let it through, is small because of this side.
    private static final int SMALL_FRAME = 1024;

    private final UniformStreamByteDistributor turns;
    private final Http2Connection connection;
    private final Glitches glitches;

    FrameTurns(Http2Connection connection, Glitches glitches) {
        this.connection = connection;
        this.glitches = glitches;
        turns = new UniformStreamByteDistributor(connection);
        turns.minAllocationChunk(LEAST_FRAME);
    }

    @Override
    public void updateStreamableBytes(StreamState state) {
        turns.updateStreamableBytes(state);
    }

    @Override
    public void updateDependencyTree(int child, int parent, short weight, boolean exclusive) {
        turns.updateDependencyTree(child, parent, weight, exclusive);
    }

    @Override
    public boolean distribute(int most, Writer writer) throws Http2Exception {
        return turns.distribute(most, (stream, bytes) -> {
            if (bytes > 0) {
                glitches.sent(bytes < SMALL_FRAME && isOpen(stream) ? SMALL_FRAME : bytes);
            }
            writer.write(stream, bytes);
        });
    }

    private boolean isOpen(Http2Stream stream) {
        Http2RemoteFlowController windows = connection.remote().flowController();
        return windows.windowSize(stream) >= SMALL_FRAME
                && windows.windowSize(connection.connectionStream()) >= SMALL_FRAME;
    }
}
