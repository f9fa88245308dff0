package dev.culvert.dataplane.http;

import io.netty.channel.ChannelException;
import io.netty.handler.codec.http3.Http3Exception;
import io.netty.handler.codec.http3.Http3HeadersValidationException;
import io.netty.handler.codec.quic.QuicException;
import java.io.IOException;

/// What a visitor of HTTP/3 did wrong, as the codec tells it.
enum Http3Fault {
    /// A frame where none of its kind may be, or out of form (RFC 9114 §7).
    FRAME,
    /// More than was offered: a head or frame that is too large.
    TOO_MUCH,
    /// A section of fields that QPACK cannot have written (RFC 9204 §2.2), or that uses the table that is not there.
    QPACK,
    /// A malformed message (RFC 9114 §4.1.2).
    MESSAGE,
    /// A stream that must last ended, or one came twice (RFC 9114 §6.2).
    STREAM,
    /// Settings out of form (RFC 9114 §7.2.4).
    SETTINGS,
    /// A transport error (RFC 9000 §20.1).
    TRANSPORT,
    /// It was closed while there was something to write.
    CLOSED,
    /// What the codec itself falls over: numbers that are none, frames that end before their content.
    CODEC;

    /// What came up a pipeline from the codec.
    static Http3Fault of(Throwable cause) {
        return switch (cause) {
            case Http3HeadersValidationException _ -> MESSAGE;
            case Http3Exception broken -> of(broken);
            case QuicException _ -> TRANSPORT;
            case ChannelException _, IOException _ -> CLOSED;
            default -> CODEC;
        };
    }

    private static Http3Fault of(Http3Exception broken) {
        return switch (broken.errorCode()) {
            case H3_FRAME_UNEXPECTED, H3_FRAME_ERROR, H3_ID_ERROR, H3_MISSING_SETTINGS -> FRAME;
            case H3_EXCESSIVE_LOAD -> TOO_MUCH;
            case QPACK_DECOMPRESSION_FAILED, QPACK_ENCODER_STREAM_ERROR, QPACK_DECODER_STREAM_ERROR -> QPACK;
            case H3_STREAM_CREATION_ERROR, H3_CLOSED_CRITICAL_STREAM -> STREAM;
            case H3_SETTINGS_ERROR -> SETTINGS;
            default -> MESSAGE;
        };
    }
}
