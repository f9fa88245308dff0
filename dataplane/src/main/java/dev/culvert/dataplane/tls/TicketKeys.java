package dev.culvert.dataplane.tls;

import io.netty.handler.ssl.OpenSslSessionTicketKey;
import java.security.SecureRandom;

/// The keys that seal the session tickets of one policy (RFC 5077 §4): the first for new ones, the second for those of
/// the time before. A ticket lives at most two rotations, and no other policy can open it.
final class TicketKeys {
    private final SecureRandom random;
    private OpenSslSessionTicketKey current;
    private OpenSslSessionTicketKey before;

    TicketKeys(SecureRandom random) {
        this.random = random;
        this.current = fresh();
        this.before = current;
    }

    void rotate() {
        before = current;
        current = fresh();
    }

    OpenSslSessionTicketKey[] all() {
        return current == before
                ? new OpenSslSessionTicketKey[] {current}
                : new OpenSslSessionTicketKey[] {current, before};
    }

    private OpenSslSessionTicketKey fresh() {
        return new OpenSslSessionTicketKey(
                bytes(OpenSslSessionTicketKey.NAME_SIZE),
                bytes(OpenSslSessionTicketKey.HMAC_KEY_SIZE),
                bytes(OpenSslSessionTicketKey.AES_KEY_SIZE));
    }

    private byte[] bytes(int count) {
        byte[] made = new byte[count];
        random.nextBytes(made);
        return made;
    }
}
