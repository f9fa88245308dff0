package dev.culvert.proto.wireguard;

import java.security.interfaces.XECPublicKey;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A peer's static key as handshakes need it: as a point, and agreed with ours once for all.
final class RemoteStatic {
    final PublicKey key;
    final XECPublicKey point;

    /// `DH(ours, theirs)`, or null where the peer's key has low order and no handshake can succeed.
    final byte @Nullable [] shared;

    RemoteStatic(PublicKey key, XECPublicKey point, byte @Nullable [] shared) {
        this.key = key;
        this.point = point;
        this.shared = shared;
    }

    void destroy() {
        if (shared != null) {
            Arrays.fill(shared, (byte) 0);
        }
    }
}
