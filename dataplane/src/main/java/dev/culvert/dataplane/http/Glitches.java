package dev.culvert.dataplane.http;

import java.util.concurrent.TimeUnit;

/// Counts what a visitor may do now and then, but not all the time: resets, pings, settings, frames without content
/// (attacks.md H2-01, H2-02, H2-05). Each has a price; what was paid is forgotten at a steady pace. One per connection.
final class Glitches {
    /// It opened a stream and reset it, or made us reset one: a page that is left with 100 pictures under way is no
    /// attack.
    static final int RESET = 8;

    /// A stream or request out of form.
    static final int MALFORMED = 20;

    /// A field section beyond all limits.
    static final int TOO_LARGE = 60;

    /// A response that was left lying.
    static final int STALLED = 200;

    static final int SETTINGS = 20;
    static final int PING = 4;
    static final int PRIORITY = 2;
    static final int EMPTY = 4;
    static final int WINDOW = 1;

    private static final int MOST = 2000;
    private static final int FORGOTTEN_A_SECOND = 100;
    // 8 MB: what a long way may have under way before the first update comes back.
    private static final int EARNED_AT_MOST = 16_000;
    // Visitors open windows for what they have got, some of the stream and of the connection for each frame: so many
    // bytes earn them the price of one update, half of the smallest frame that is sent by choice.
    private static final int BYTES_FOR_A_WINDOW = 512;

    private long paid;
    private long forgottenAt;
    private long sent;

    /// @return whether it was one too many
    boolean add(int price, long now) {
        long seconds = TimeUnit.NANOSECONDS.toSeconds(now - forgottenAt);
        if (seconds > 0) {
            paid = seconds > MOST ? 0 : Math.max(0, paid - seconds * FORGOTTEN_A_SECOND);
            forgottenAt = now;
        }
        paid += price;
        return paid > MOST;
    }

    /// A window was opened; free for who is sent much.
    ///
    /// @return whether it was one too many
    boolean window(long now) {
        if (sent >= BYTES_FOR_A_WINDOW) {
            sent -= BYTES_FOR_A_WINDOW;
            return false;
        }
        return add(WINDOW, now);
    }

    /// A frame of so many bytes of a response has been written; see [FrameTurns].
    void sent(int bytes) {
        sent = Math.min(sent + bytes, (long) EARNED_AT_MOST * BYTES_FOR_A_WINDOW);
    }
}
