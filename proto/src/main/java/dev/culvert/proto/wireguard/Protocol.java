package dev.culvert.proto.wireguard;

/// The constants of paper §6, times in nanoseconds.
final class Protocol {
    static final long SECOND = 1_000_000_000L;

    static final long REKEY_AFTER_MESSAGES = 1L << 60;

    /// 2^64 − 2^13 − 1 as an unsigned number, the paper's; the kernel allows 63 more.
    static final long REJECT_AFTER_MESSAGES = -(1L << 13) - 1;

    static final long REKEY_AFTER_TIME = 120 * SECOND;
    static final long REJECT_AFTER_TIME = 180 * SECOND;
    static final long ZERO_KEYS_AFTER_TIME = 3 * REJECT_AFTER_TIME;
    static final long REKEY_TIMEOUT = 5 * SECOND;
    static final long KEEPALIVE_TIMEOUT = 10 * SECOND;

    /// The initiator's last chance to rekey on receiving, while the old session still carries the handshake's time.
    static final long REKEY_ON_RECEIVE_TIME = REJECT_AFTER_TIME - KEEPALIVE_TIMEOUT - REKEY_TIMEOUT;

    /// Data went out and nothing came back: handshake anew.
    static final long NEW_HANDSHAKE_TIME = KEEPALIVE_TIMEOUT + REKEY_TIMEOUT;

    /// REKEY_ATTEMPT_TIME of 90 s in steps of REKEY_TIMEOUT.
    static final int MAX_HANDSHAKE_RETRIES = 18;

    /// Retries are spread over a third of a second, so that two sides that began together fall apart.
    static final int JITTER = 333_000_000;

    static final long MIN_INITIATION_INTERVAL = SECOND / 50;

    static final long COOKIE_SECRET_TIME = 120 * SECOND;

    /// A cookie is used up to here only: 5 s before its maker may have changed the secret.
    static final long COOKIE_USE_TIME = COOKIE_SECRET_TIME - 5 * SECOND;

    static final int MAX_STAGED_PACKETS = 128;
    static final int MAX_STAGED_PACKETS_OF_DEVICE = 1024;
    static final int MAX_COOKIE_REPLIES = 128;

    /// "It never happened" among times.
    static final long NEVER = Long.MIN_VALUE;

    private Protocol() {}

    /// Whether `duration` has passed since `then`; it always has since what never happened.
    static boolean passed(long now, long then, long duration) {
        return then == NEVER || now - then >= duration;
    }
}
