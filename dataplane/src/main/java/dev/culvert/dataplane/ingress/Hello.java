package dev.culvert.dataplane.ingress;

import dev.culvert.proto.tls.ClientHelloParser;
import dev.culvert.proto.tls.HelloVerdict;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;

/// The first bytes of a visitor, kept for whoever goes on with them while they are read for what they say.
final class Hello {
    private final ClientHelloParser parser = new ClientHelloParser();
    private ByteBuf seen = Unpooled.EMPTY_BUFFER;

    /// Takes `bytes` over.
    HelloVerdict add(ByteBufAllocator allocator, ByteBuf bytes) {
        int before = seen.readableBytes();
        if (before == 0) {
            seen.release();
            seen = bytes;
        } else {
            append(allocator, bytes);
        }
        return parser.handleBytes(seen.nioBuffer(seen.readerIndex() + before, seen.readableBytes() - before));
    }

    /// In one buffer that doubles: every byte is moved a bounded number of times.
    private void append(ByteBufAllocator allocator, ByteBuf bytes) {
        try {
            if (seen.writableBytes() < bytes.readableBytes()) {
                ByteBuf larger = allocator.buffer(2 * (seen.readableBytes() + bytes.readableBytes()));
                larger.writeBytes(seen);
                seen.release();
                seen = larger;
            }
            seen.writeBytes(bytes);
        } finally {
            bytes.release();
        }
    }

    /// Everything so far, exactly as it came; the caller's from now on.
    ByteBuf take() {
        ByteBuf all = seen;
        seen = Unpooled.EMPTY_BUFFER;
        return all;
    }
}
