package dev.culvert.proto.netstack;

import org.jspecify.annotations.Nullable;

/// The packets that are still in pieces: a few, so at most 1 MiB, and of one source no more than a quarter.
final class FragmentReassembly {
    static final int PACKETS = 16;
    static final int PER_SOURCE = 4;
    /// RFC 8200 §4.5 asks for 60 s; for IPv4, whose identifications come again sooner, half of it (RFC 1122 §3.3.2
    /// says 60 to 120 s, from slower days).
    static final long TIMEOUT_6 = 60_000_000_000L;

    static final long TIMEOUT_4 = 30_000_000_000L;

    private final Fragments[] open = new Fragments[PACKETS];
    private int count;

    /// Takes the piece in hand; returns why it was dropped, or null. If it was the last one missing, the packet in
    /// hand is the whole; if not, `packet.incomplete` is set.
    ///
    /// @param offset of the piece in the whole, in bytes
    /// @param more whether others follow
    @Nullable
    Drop add(Packet packet, int identification, int offset, boolean more, long now) {
        Fragments fragments = find(packet, identification);
        if (fragments == null) {
            fragments = begin(packet, identification, now);
        }
        if (fragments.refused) {
            return Drop.REFUSED_FRAGMENT;
        }
        Drop reason = fragments.add(packet, offset, more);
        if (reason != null) {
            fragments.refused = true;
            return reason;
        }
        packet.incomplete = !fragments.isComplete();
        if (!packet.incomplete) {
            fragments.takeInto(packet);
            remove(fragments);
        }
        return null;
    }

    private @Nullable Fragments find(Packet packet, int identification) {
        for (int i = 0; i < count; i++) {
            if (open[i].matches(packet, identification)) {
                return open[i];
            }
        }
        return null;
    }

    private Fragments begin(Packet packet, int identification, long now) {
        Fragments full = fullest(packet);
        if (full != null) {
            remove(full);
        }
        Fragments fragments = open[count];
        if (fragments == null) {
            fragments = new Fragments();
            open[count] = fragments;
        }
        count++;
        fragments.open(packet, identification, now + (packet.ipv4 ? TIMEOUT_4 : TIMEOUT_6));
        return fragments;
    }

    /// Which one must go for a new one: the oldest of its source if that has enough, else the oldest if all places
    /// are taken.
    private @Nullable Fragments fullest(Packet packet) {
        Fragments oldest = null;
        Fragments oldestOfSource = null;
        int ofSource = 0;
        for (int i = 0; i < count; i++) {
            Fragments one = open[i];
            if (oldest == null || one.deadline < oldest.deadline) {
                oldest = one;
            }
            if (one.sourceHigh == packet.sourceHigh && one.sourceLow == packet.sourceLow) {
                ofSource++;
                if (oldestOfSource == null || one.deadline < oldestOfSource.deadline) {
                    oldestOfSource = one;
                }
            }
        }
        if (ofSource >= PER_SOURCE) {
            return oldestOfSource;
        }
        return count == PACKETS ? oldest : null;
    }

    private void remove(Fragments fragments) {
        for (int i = 0; i < count; i++) {
            if (open[i] == fragments) {
                count--;
                open[i] = open[count];
                open[count] = fragments;
                return;
            }
        }
    }

    /// Gives up on one packet whose time is over; true if its first piece is now the packet in hand, whose sender an
    /// error should tell.
    boolean expire(Packet packet, Counters drops, long now) {
        for (int i = 0; i < count; i++) {
            Fragments one = open[i];
            if (one.deadline <= now) {
                remove(one);
                drops.count(Drop.FRAGMENTS_EXPIRED);
                if (one.firstLength > 0 && !one.refused) {
                    one.quoteInto(packet);
                    return true;
                }
                i--;
            }
        }
        return false;
    }

    long nextDeadline() {
        long next = Timers.NEVER;
        for (int i = 0; i < count; i++) {
            next = Math.min(next, open[i].deadline);
        }
        return next;
    }

    /// Packets in pieces now.
    int size() {
        return count;
    }
}
