package dev.culvert.dataplane.http;

import io.netty.channel.Channel;
import io.netty.handler.codec.http2.AbstractHttp2ConnectionHandlerBuilder;
import io.netty.handler.codec.http2.DefaultHttp2Connection;
import io.netty.handler.codec.http2.DefaultHttp2RemoteFlowController;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2Settings;

/// Netty's HTTP/2 codec with the limits of a visitor's connection (docs/http.md, attacks.md §4).
final class Http2Codec extends AbstractHttp2ConnectionHandlerBuilder<Http2Session, Http2Codec> {
    static final int MAX_STREAMS = 100;

    // Of one body that its target does not take: what is on its way is bounded by the windows.
    private static final int STREAM_WINDOW = 256 * 1024;
    private static final int CONNECTION_WINDOW = 1024 * 1024;

    /// What the connection's window has beyond the 65,535 bytes of every new one (RFC 9113 §6.9.2).
    static final int CONNECTION_WINDOW_MORE = CONNECTION_WINDOW - 65_535;

    private static final int MAX_CONTINUATIONS = 8;
    private static final int MAX_QUEUED_CONTROL_FRAMES = 1000;
    private static final int CLOSE_MILLIS = 5_000;

    private final HttpIngress ingress;
    private final Channel channel;
    private final Glitches glitches = new Glitches();

    Http2Codec(HttpIngress ingress, Channel channel) {
        this.ingress = ingress;
        this.channel = channel;
        DefaultHttp2Connection connection = new DefaultHttp2Connection(true);
        connection
                .remote()
                .flowController(new DefaultHttp2RemoteFlowController(connection, new FrameTurns(connection, glitches)));
        connection(connection);
        initialSettings(new Http2Settings()
                .maxConcurrentStreams(MAX_STREAMS)
                .initialWindowSize(STREAM_WINDOW)
                .headerTableSize(4096)
                .maxHeaderListSize(HttpCodecs.MAX_HEADER)
                .connectProtocolEnabled(true));
        validateHeaders(true);
        encoderEnforceMaxQueuedControlFrames(MAX_QUEUED_CONTROL_FRAMES);
        decoderEnforceMaxSmallContinuationFrames(MAX_CONTINUATIONS);
        // Resets are counted by Glitches, in both directions.
        decoderEnforceMaxRstFramesPerWindow(0, 0);
        encoderEnforceMaxRstFramesPerWindow(0, 0);
        gracefulShutdownTimeoutMillis(CLOSE_MILLIS);
        decoupleCloseAndGoAway(true);
    }

    @Override
    protected Http2Session build() {
        return super.build();
    }

    @Override
    protected Http2Session build(
            Http2ConnectionDecoder decoder, Http2ConnectionEncoder encoder, Http2Settings settings) {
        return new Http2Session(decoder, encoder, settings, ingress, channel, glitches);
    }
}
