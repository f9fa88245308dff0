package dev.culvert.dataplane.ingress;

import dev.culvert.proto.quic.DatagramHead;
import io.netty.handler.codec.quic.QuicConnectionIdGenerator;
import java.nio.ByteBuffer;
import java.security.SecureRandom;

/// The connection ids that one socket gives out, each with a mark that tells without a table that it is one of them.
/// Nothing rests on the mark but what is counted, and how early strangers' datagrams are dropped.
final class ConnectionIds implements QuicConnectionIdGenerator, DatagramHead.Own {
    private final SecureRandom random = new SecureRandom();
    private final long secret = random.nextLong();

    /// The 64-bit mixer of SplitMix64 (Steele et al. 2014).
    private long mark(long id) {
        long z = id ^ secret;
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }

    @Override
    public boolean is(ByteBuffer datagram, int at) {
        return datagram.getLong(at + Long.BYTES) == mark(datagram.getLong(at));
    }

    @Override
    public ByteBuffer newId(int length) {
        if (length != DatagramHead.ID_LENGTH) {
            throw new IllegalArgumentException("ids of " + length + " bytes");
        }
        long id = random.nextLong();
        return ByteBuffer.allocate(length).putLong(id).putLong(mark(id)).flip();
    }

    @Override
    public ByteBuffer newId(ByteBuffer input, int length) {
        return newId(length);
    }

    @Override
    public int maxConnectionIdLength() {
        return DatagramHead.ID_LENGTH;
    }

    @Override
    public boolean isIdempotent() {
        return false;
    }
}
