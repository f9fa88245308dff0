package dev.culvert.proto.wireguard;

/// A session: the two keys that a handshake led to, its indices, its counters (paper §5.4.5).
///
/// Jobs hold it while they run on other threads; its keys are overwritten when it is retired and the last job is
/// back.
final class Keypair {
    final Peer peer;
    final Aead sending;
    final Aead receiving;
    final int remoteIndex;
    final boolean initiator;
    final long createdAt;
    final ReplayWindow replay = new ReplayWindow();

    /// The next counter to send with, unsigned.
    long sendCounter;

    private final IndexTable.Entry entry;
    private int jobs;
    private boolean retired;

    Keypair(IndexTable.Entry entry, int remoteIndex, Aead sending, Aead receiving, boolean initiator, long now) {
        this.entry = entry;
        this.peer = entry.peer;
        this.remoteIndex = remoteIndex;
        this.sending = sending;
        this.receiving = receiving;
        this.initiator = initiator;
        this.createdAt = now;
        entry.keypair = this;
    }

    boolean expired(long now) {
        return now - createdAt >= Protocol.REJECT_AFTER_TIME;
    }

    boolean canSend(long now) {
        return !expired(now) && Long.compareUnsigned(sendCounter, Protocol.REJECT_AFTER_MESSAGES) < 0;
    }

    /// Whether what was just sent makes a new handshake due: by messages on both sides, by time on the initiator's
    /// only.
    boolean wantsRekeyAfterSending(long now) {
        return Long.compareUnsigned(sendCounter, Protocol.REKEY_AFTER_MESSAGES) > 0
                || (initiator && now - createdAt >= Protocol.REKEY_AFTER_TIME);
    }

    boolean wantsRekeyAfterReceiving(long now) {
        return initiator && now - createdAt >= Protocol.REKEY_ON_RECEIVE_TIME;
    }

    /// A job took hold of the keys.
    void acquire() {
        jobs++;
    }

    /// A job let go of the keys.
    void release() {
        jobs--;
        destroyIfUnused();
    }

    void retire(IndexTable indices) {
        indices.remove(entry);
        retired = true;
        destroyIfUnused();
    }

    private void destroyIfUnused() {
        if (retired && jobs == 0) {
            sending.destroy();
            receiving.destroy();
        }
    }
}
