package dev.culvert.dataplane.ingress;

import dev.culvert.proto.tls.ClientHelloParser;
import dev.culvert.proto.tls.HelloVerdict;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/// The first bytes of a visitor, kept for whoever goes on with them while they are read for what they say.
final class Hello {
    private final ClientHelloParser parser = new ClientHelloParser();
    private final FirstBytes first = new FirstBytes();

    /// Takes `bytes` over.
    HelloVerdict add(ByteBufAllocator allocator, ByteBuf bytes) {
        int before = first.length();
        first.add(allocator, bytes);
        return parser.handleBytes(first.viewFrom(before));
    }

    /// Everything so far, exactly as it came; the caller's from now on.
    ByteBuf take() {
        return first.take();
    }
}
