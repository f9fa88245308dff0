package dev.culvert.app;

import dev.culvert.dataplane.Loops;
import dev.culvert.dataplane.os.AeadProvider;
import dev.culvert.proto.wireguard.PrivateKey;
import java.util.Random;

/// Loads the tunnel's ciphers and the event loops' classes while the main thread opens the store and reads the
/// configuration: the two halves of a start, which need nothing of each other.
final class HeadStart {
    private HeadStart() {}

    static void begin() {
        Thread.ofPlatform().daemon().name("head-start").start(HeadStart::run);
    }

    /// What fails here fails again where it is needed, and is explained there.
    private static void run() {
        try {
            Loops.preload();
            AeadProvider.name();
            // A key of nobody's, never used.
            PrivateKey.generate(new Random(0)).publicKey();
        } catch (RuntimeException | LinkageError e) {
            return;
        }
    }
}
