package dev.culvert.proto.wireguard;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A peer's static key as handshakes need it: agreed with ours once for all.
final class RemoteStatic {
    final PublicKey key;

    /// `DH(ours, theirs)`, or null where the peer's key has low order and no handshake can succeed.
    final byte @Nullable [] shared;

    RemoteStatic(PublicKey key, byte @Nullable [] shared) {
        this.key = key;
        this.shared = shared;
    }

    void destroy() {
        if (shared != null) {
            Arrays.fill(shared, (byte) 0);
        }
    }
}
