package dev.culvert.app;

import dev.culvert.dataplane.Loops;
import dev.culvert.dataplane.os.CryptoProvider;

/// Loads the event loops' classes and the tunnel's ciphers while the main thread opens the store and reads the
/// configuration: three parts of a start, which need nothing of each other. Each has its thread, for the first waits
/// for the disk.
final class HeadStart {
    private HeadStart() {}

    static void begin() {
        start("head-start-loops", Loops::preload);
        start("head-start-ciphers", CryptoProvider::functions);
    }

    private static void start(String name, Runnable part) {
        Thread.ofPlatform().daemon().name(name).start(() -> attempt(part));
    }

    /// What fails here fails again where it is needed, and is explained there.
    private static void attempt(Runnable part) {
        try {
            part.run();
        } catch (RuntimeException | LinkageError e) {
            return;
        }
    }
}
