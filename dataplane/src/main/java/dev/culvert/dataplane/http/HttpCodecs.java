package dev.culvert.dataplane.http;

import dev.culvert.dataplane.relay.Relay;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.CombinedChannelDuplexHandler;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeadersFactory;
import io.netty.handler.codec.http.HttpResponseEncoder;

/// Netty's HTTP/1.1 codecs as strict as they can be; what they still let through is `RequestRules`' business.
final class HttpCodecs {
    /// Request line and status line, bytes.
    static final int MAX_LINE = 8 * 1024;

    /// All header fields together, bytes.
    static final int MAX_HEADER = 32 * 1024;

    /// What one read hands on of a body at most, bytes.
    private static final int MAX_CHUNK = 64 * 1024;

    /// The fields of heads that [dev.culvert.proto.http.RequestRules] and [dev.culvert.proto.http.ResponseRules] judge
    /// char by char before anybody uses them: the codec need not do it as well.
    static final HttpHeadersFactory JUDGED =
            DefaultHttpHeadersFactory.headersFactory().withValidation(false);

    private HttpCodecs() {}

    /// A visitor's side: one message a read, so that nothing is parsed ahead of what is being served.
    static StrictRequestDecoder server(ChannelPipeline pipeline) {
        StrictRequestDecoder decoder = new StrictRequestDecoder(strict().setHeadersFactory(JUDGED));
        pipeline.addLast(Relay.HTTP_CODEC, new CombinedChannelDuplexHandler<>(decoder, new HttpResponseEncoder()));
        pipeline.addLast(Relay.HTTP_FLOW, new MessageGate());
        return decoder;
    }

    /// A target's side.
    static void target(ChannelPipeline pipeline) {
        client(pipeline, strict().setHeadersFactory(JUDGED));
    }

    /// The side of who is asked in the node's own name; no rules see its answers.
    static void client(ChannelPipeline pipeline) {
        client(pipeline, strict());
    }

    private static void client(ChannelPipeline pipeline, HttpDecoderConfig config) {
        // parseHttpAfterConnectRequest and failOnMissingResponse are off: CONNECT is never forwarded, and the exchange
        // itself notices a missing response.
        pipeline.addLast(Relay.HTTP_CODEC, new HttpClientCodec(config, false, false));
        pipeline.addLast(Relay.HTTP_FLOW, new MessageGate());
    }

    private static HttpDecoderConfig strict() {
        return new HttpDecoderConfig()
                .setMaxInitialLineLength(MAX_LINE)
                .setMaxHeaderSize(MAX_HEADER)
                .setMaxChunkSize(MAX_CHUNK)
                .setAllowDuplicateContentLengths(false)
                .setStrictLineParsing(true)
                .setUseRfc9112TransferEncoding(true);
    }
}
