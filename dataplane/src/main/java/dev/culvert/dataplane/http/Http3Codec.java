package dev.culvert.dataplane.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http3.DefaultHttp3SettingsFrame;
import io.netty.handler.codec.http3.Http3;
import io.netty.handler.codec.http3.Http3ServerConnectionHandler;
import io.netty.handler.codec.http3.Http3Settings;
import io.netty.handler.codec.http3.Http3SettingsFrame;
import io.netty.handler.codec.quic.QuicCongestionControlAlgorithm;
import io.netty.handler.codec.quic.QuicServerCodecBuilder;
import io.netty.util.ReferenceCountUtil;
import java.util.concurrent.TimeUnit;

/// Netty's HTTP/3 and QUIC codecs with the limits of a visitor's connection (docs/http.md, attacks.md §4).
public final class Http3Codec {
    static final int MAX_STREAMS = 100;

    private static final int IDLE_SECONDS = 75;
    // Of one body that its target does not take, before the codec has seen how fast it comes.
    private static final int STREAM_WINDOW = 256 * 1024;
    private static final int CONNECTION_WINDOW = 1024 * 1024;
    private static final int ONE_WAY_STREAMS = 8;
    private static final int ONE_WAY_WINDOW = 4 * 1024;
    // Beyond what gets a status: each of the streams may keep one unfinished.
    private static final int MAX_SECTION = 40 * 1024;

    private static final int FRAME_HEAD = 5;

    private Http3Codec() {}

    /// What no connection may go beyond.
    public static QuicServerCodecBuilder limited() {
        return Http3.newQuicServerCodecBuilder()
                .maxIdleTimeout(IDLE_SECONDS, TimeUnit.SECONDS)
                .initialMaxData(CONNECTION_WINDOW)
                .initialMaxStreamDataBidirectionalRemote(STREAM_WINDOW)
                .initialMaxStreamDataUnidirectional(ONE_WAY_WINDOW)
                .initialMaxStreamsBidirectional(MAX_STREAMS)
                .initialMaxStreamsUnidirectional(ONE_WAY_STREAMS)
                .congestionControlAlgorithm(QuicCongestionControlAlgorithm.CUBIC)
                .activeMigration(false);
    }

    /// The codec of a session's connection: no dynamic table in either direction, so that no field section can wait
    /// for another stream or grow from what was said before (attacks.md H3-01).
    static ChannelHandler connection(Http3Session session) {
        Http3SettingsFrame settings = new DefaultHttp3SettingsFrame(new Http3Settings()
                .maxFieldSectionSize(MAX_SECTION)
                .qpackMaxTableCapacity(0)
                .qpackBlockedStreams(0)
                .enableConnectProtocol(true));
        return new Http3ServerConnectionHandler(
                session.requests(), new ControlFrames(session), _ -> new Unknown(session), settings, true);
    }

    /// A DATA frame (RFC 9114 §7.2.1) in one buffer; takes `body` over.
    static ByteBuf data(ByteBufAllocator allocator, ByteBuf body) {
        int length = body.readableBytes();
        ByteBuf frame = allocator.directBuffer(FRAME_HEAD + length).writeByte(0);
        // RFC 9000 §16.
        if (length < 1 << 6) {
            frame.writeByte(length);
        } else if (length < 1 << 14) {
            frame.writeShort(length | 1 << 14);
        } else {
            frame.writeInt(length | 1 << 31);
        }
        frame.writeBytes(body);
        body.release();
        return frame;
    }

    /// A frame that means nothing (RFC 9114 §7.2.8).
    static ByteBuf nothing(ByteBufAllocator allocator) {
        return allocator.directBuffer(3).writeMedium(0x404000);
    }

    /// What a visitor says about its connection.
    private static final class ControlFrames extends ChannelInboundHandlerAdapter {
        private final Http3Session session;

        ControlFrames(Http3Session session) {
            this.session = session;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object frame) {
            session.glitch(frame instanceof Http3SettingsFrame ? Glitches.SETTINGS : Glitches.EMPTY);
            ReferenceCountUtil.release(frame);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            session.connectionBroken(cause);
        }
    }

    /// A stream of a type that nobody knows: RFC 9114 §6.2 lets it be dropped.
    private static final class Unknown extends ChannelInboundHandlerAdapter {
        private final Http3Session session;

        Unknown(Http3Session session) {
            this.session = session;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object bytes) {
            session.glitch(Glitches.EMPTY);
            ReferenceCountUtil.release(bytes);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            session.broken(cause);
        }
    }
}
