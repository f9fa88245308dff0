package dev.culvert.dataplane.tls;

import io.netty.handler.codec.quic.SslSessionTicketKey;
import io.netty.handler.ssl.OpenSslSessionTicketKey;
import java.security.SecureRandom;
import java.util.List;

/// The keys that seal the session tickets of one policy (RFC 5077 §4): the first for new ones, the second for those of
/// the time before. A ticket lives at most two rotations, and no other policy can open it.
final class TicketKeys {
    // Both libraries want a name, a key for the HMAC and one for AES-128, of 16 bytes each.
    private static final int SIZE = 16;

    private final SecureRandom random;
    private Key current;
    private Key before;

    /// Equal to itself only.
    static final class Key {
        private final byte[] name;
        private final byte[] hmac;
        private final byte[] aes;

        Key(byte[] name, byte[] hmac, byte[] aes) {
            this.name = name;
            this.hmac = hmac;
            this.aes = aes;
        }

        OpenSslSessionTicketKey tls() {
            return new OpenSslSessionTicketKey(name, hmac, aes);
        }

        SslSessionTicketKey quic() {
            return new SslSessionTicketKey(name, hmac, aes);
        }
    }

    /// The first seals new tickets, the others open older ones.
    record All(List<Key> keys) {
        OpenSslSessionTicketKey[] tls() {
            return keys.stream().map(Key::tls).toArray(OpenSslSessionTicketKey[]::new);
        }

        SslSessionTicketKey[] quic() {
            return keys.stream().map(Key::quic).toArray(SslSessionTicketKey[]::new);
        }
    }

    TicketKeys(SecureRandom random) {
        this.random = random;
        this.current = fresh();
        this.before = current;
    }

    void rotate() {
        before = current;
        current = fresh();
    }

    All all() {
        return new All(current.equals(before) ? List.of(current) : List.of(current, before));
    }

    private Key fresh() {
        return new Key(bytes(), bytes(), bytes());
    }

    private byte[] bytes() {
        byte[] made = new byte[SIZE];
        random.nextBytes(made);
        return made;
    }
}
