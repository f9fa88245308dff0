package dev.culvert.dataplane.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.List;

/// Netty's decoder, and before it a look at the bytes of each head and chunked body for what it would repair silently
/// ([HeadScan], [ChunkScan]).
///
/// Behind a request that asks to change the protocol nothing is decoded until [#resume]: those bytes may be of the new
/// protocol, and are passed on as they are when this handler is removed.
final class StrictRequestDecoder extends HttpRequestDecoder {
    private static final DecoderResult MALFORMED =
            DecoderResult.failure(new IllegalArgumentException("a head out of form"));

    private static final DecoderResult MALFORMED_BODY =
            DecoderResult.failure(new IllegalArgumentException("a chunked body out of form"));

    private final HeadScan heads = new HeadScan();
    private final ChunkScan chunks = new ChunkScan();
    private boolean inHead = true;
    private boolean chunked;
    private boolean upgrade;
    private boolean held;
    private boolean refused;
    // Bytes behind the reader index that the scan has seen: the decoder leaves an unfinished line in the buffer.
    private int ahead;

    StrictRequestDecoder(HttpDecoderConfig config) {
        super(config);
    }

    /// The request was answered in HTTP: what came behind it is decoded after all.
    void resume(Channel channel) {
        if (held) {
            held = false;
            channel.pipeline().fireChannelRead(Unpooled.EMPTY_BUFFER);
            channel.pipeline().fireChannelReadComplete();
        }
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws Exception {
        if (held) {
            return;
        }
        if (refused || !scanned(in)) {
            in.skipBytes(in.readableBytes());
            if (!refused) {
                refused = true;
                out.add(malformed());
            }
            return;
        }
        int from = in.readerIndex();
        int before = out.size();
        super.decode(ctx, in, out);
        ahead -= inHead || chunked ? in.readerIndex() - from : 0;
        for (int i = before; i < out.size(); i++) {
            emitted(out.get(i));
        }
    }

    private boolean scanned(ByteBuf in) {
        if (!inHead && !chunked) {
            return true;
        }
        int from = in.readerIndex() + ahead;
        int end = inHead ? heads.take(in, from) : chunks.take(in, from);
        ahead = end - in.readerIndex();
        return end >= 0;
    }

    private HttpObject malformed() {
        HttpObject malformed = inHead
                ? new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "/")
                : new DefaultLastHttpContent();
        malformed.setDecoderResult(inHead ? MALFORMED : MALFORMED_BODY);
        return malformed;
    }

    private void emitted(Object message) {
        if (message instanceof HttpRequest request) {
            inHead = false;
            chunked = HttpUtil.isTransferEncodingChunked(request);
            upgrade = request.headers().contains(HttpHeaderNames.UPGRADE);
        }
        if (message instanceof LastHttpContent) {
            inHead = true;
            chunked = false;
            ahead = 0;
            heads.reset();
            chunks.reset();
            held = upgrade;
        }
    }
}
