package dev.culvert.dataplane.ingress;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;

/// What a visitor has said so far, kept for whoever goes on with it. The first piece is kept as it is; what comes in
/// pieces is copied into one buffer that doubles, so that every byte is moved a bounded number of times.
final class FirstBytes {
    private ByteBuf seen = Unpooled.EMPTY_BUFFER;

    /// Takes `bytes` over.
    void add(ByteBufAllocator allocator, ByteBuf bytes) {
        if (seen.readableBytes() == 0) {
            seen.release();
            seen = bytes;
            return;
        }
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

    boolean isEmpty() {
        return !seen.isReadable();
    }

    int length() {
        return seen.readableBytes();
    }

    /// All of it, until the next call of any method.
    ByteBuffer view() {
        return seen.nioBuffer();
    }

    /// What came behind the first `before` bytes.
    ByteBuffer viewFrom(int before) {
        return seen.nioBuffer(seen.readerIndex() + before, seen.readableBytes() - before);
    }

    /// Drops the first `length` bytes.
    void skip(int length) {
        seen.skipBytes(length);
    }

    /// Everything so far, exactly as it came; the caller's from now on.
    ByteBuf take() {
        ByteBuf all = seen;
        seen = Unpooled.EMPTY_BUFFER;
        return all;
    }
}
