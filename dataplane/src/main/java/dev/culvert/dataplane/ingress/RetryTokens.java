package dev.culvert.dataplane.ingress;

import dev.culvert.dataplane.Events;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.quic.QuicTokenHandler;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/// Lets visitors prove their address before anything is kept for them, where many begin at once (RFC 9000 §8.1.2,
/// attacks.md H3-03). A token is the time, a keyed hash of it with address, port and connection id, and that id. One
/// per socket, on its loop.
final class RetryTokens implements QuicTokenHandler {
    private static final int TIME = Long.BYTES;
    private static final int HASH = 16;
    private static final int MAX_ID = 20;
    private static final long LIFE = TimeUnit.SECONDS.toNanos(10);

    private final HalfOpen halfOpen;
    private final Events events;
    private final Mac mac;

    RetryTokens(HalfOpen halfOpen, Events events) {
        this.halfOpen = halfOpen;
        this.events = events;
        byte[] key = new byte[32];
        new SecureRandom().nextBytes(key);
        try {
            mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("HmacSHA256 is part of every JDK", e);
        }
    }

    @Override
    public boolean writeToken(ByteBuf out, ByteBuf id, InetSocketAddress from) {
        if (!halfOpen.isCrowded(from.getAddress())) {
            return false;
        }
        events.count("quic.retry");
        long now = System.nanoTime();
        byte[] original = bytes(id);
        out.writeLong(now).writeBytes(hash(now, from, original)).writeBytes(original);
        return true;
    }

    @Override
    public int validateToken(ByteBuf token, InetSocketAddress from) {
        byte[] said = bytes(token);
        if (said.length <= TIME + HASH || said.length > maxTokenLength()) {
            return refused("quic.bad-token");
        }
        long made = ByteBuffer.wrap(said).getLong();
        byte[] hash = Arrays.copyOfRange(said, TIME, TIME + HASH);
        byte[] original = Arrays.copyOfRange(said, TIME + HASH, said.length);
        long age = System.nanoTime() - made;
        if (!MessageDigest.isEqual(hash, hash(made, from, original)) || age < 0 || age > LIFE) {
            return refused("quic.bad-token");
        }
        return halfOpen.isFull(from.getAddress()) ? refused("quic.full") : TIME + HASH;
    }

    private int refused(String kind) {
        events.count(kind);
        return -1;
    }

    private byte[] hash(long made, InetSocketAddress from, byte[] original) {
        mac.update(ByteBuffer.allocate(TIME + Integer.BYTES)
                .putLong(made)
                .putInt(from.getPort())
                .flip());
        mac.update(from.getAddress().getAddress());
        return Arrays.copyOf(mac.doFinal(original), HASH);
    }

    private static byte[] bytes(ByteBuf buffer) {
        byte[] copy = new byte[buffer.readableBytes()];
        buffer.getBytes(buffer.readerIndex(), copy);
        return copy;
    }

    @Override
    public int maxTokenLength() {
        return TIME + HASH + MAX_ID;
    }
}
