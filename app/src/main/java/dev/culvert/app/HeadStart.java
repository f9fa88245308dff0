package dev.culvert.app;

import dev.culvert.dataplane.Loops;
import dev.culvert.dataplane.os.CryptoProvider;

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
            CryptoProvider.functions();
        } catch (RuntimeException | LinkageError e) {
            return;
        }
    }
}
