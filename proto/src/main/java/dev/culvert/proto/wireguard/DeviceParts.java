package dev.culvert.proto.wireguard;

import java.util.random.RandomGenerator;

/// What all roles of one device work with.
final class DeviceParts {
    final RandomGenerator random;
    LocalStatic local;
    final IndexTable indices;
    final AllowedIps allowedIps = new AllowedIps();
    final DeadlineHeap deadlines = new DeadlineHeap();
    final ReadyQueue ready = new ReadyQueue();
    final StagedQueue.Budget stagedBudget = new StagedQueue.Budget();
    final Drops drops = new Drops();

    /// Whether peers' endpoints follow where they are heard from.
    boolean roaming = true;

    /// How often a peer was found somewhere new, or shook hands.
    long peerNews;

    DeviceParts(PrivateKey key, CryptoFunctions crypto, RandomGenerator random) {
        this.random = random;
        local = new LocalStatic(key, crypto, random);
        indices = new IndexTable(random);
    }
}
