package dev.culvert.model.decide;

import dev.culvert.proto.inet.IpPrefix;
import dev.culvert.proto.inet.PrefixMap;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Which prefixes are kept out, until when and for which sites.
///
/// Readers are all visitor loops: they take one volatile snapshot, look up one longest prefix and walk the few bans
/// that cover it. The writer is one owner (the ban keeper), who hands changes over in batches, as every change builds a
/// new snapshot. Bounded by [#MAX_BANS].
public final class BanTable {
    public static final int MAX_BANS = 500_000;

    /// The widest prefixes that may be banned: a mistyped or hostile report must not lock out a country.
    public static final int FLOOR_IPV4 = 24;

    public static final int FLOOR_IPV6 = 48;

    private volatile Snapshot snapshot = new Snapshot(Map.of(), new PrefixMap<>(), List.of());

    /// What became of a wish to ban.
    public enum Outcome {
        BANNED,
        /// Wider than the floor.
        TOO_WIDE,
        /// Within the never-ban list.
        NEVER,
        /// [#MAX_BANS] hold already.
        FULL
    }

    /// One ban is kept for each prefix and scope.
    private record Key(IpPrefix prefix, BanScope scope) {}

    /// A ban that covers a prefix, and the next wider one that does.
    private record Link(Ban ban, @Nullable Link wider) {}

    /// No part of it is written after it has been published.
    private record Snapshot(Map<Key, Ban> bans, PrefixMap<Link> byPrefix, List<IpPrefix> never) {}

    public BanTable() {}

    /// Whether `address` is kept out of the node as a whole.
    public boolean isBanned(InetAddress address, long now) {
        return isBanned(address, null, now);
    }

    /// Whether `address` is kept out of the services of `site` (or of everything, which includes them).
    public boolean isBanned(InetAddress address, @Nullable String site, long now) {
        return ban(address, site, now) != null;
    }

    /// The ban that keeps `address` out, the narrowest if there are several; null if none does.
    public @Nullable Ban ban(InetAddress address, @Nullable String site, long now) {
        Snapshot current = snapshot;
        if (current.bans.isEmpty()) {
            return null;
        }
        for (Link link = current.byPrefix.lookup(address); link != null; link = link.wider) {
            if (link.ban.holdsAt(now) && link.ban.scope().covers(site)) {
                return isSpared(current.never, address) ? null : link.ban;
            }
        }
        return null;
    }

    /// Adds or prolongs bans; bans that are over at `now` go. A ban that would end sooner than the one in place
    /// leaves that one as it is.
    ///
    /// @return one outcome for each wish, in order
    public List<Outcome> ban(Collection<Ban> wishes, long now) {
        Map<Key, Ban> bans = holding(now);
        List<Outcome> outcomes = new ArrayList<>(wishes.size());
        for (Ban wish : wishes) {
            outcomes.add(add(bans, wish));
        }
        publish(bans, snapshot.never);
        return outcomes;
    }

    /// Lifts every ban whose prefix is exactly `prefix`, whatever its scope.
    ///
    /// @return whether there was one
    public boolean unban(IpPrefix prefix, long now) {
        Map<Key, Ban> bans = holding(now);
        boolean lifted = bans.keySet().removeIf(key -> key.prefix.equals(prefix));
        publish(bans, snapshot.never);
        return lifted;
    }

    /// Replaces the never-ban list: the tunnel, trusted proxies, the admin's own address. Bans within it go; a wider
    /// ban stays and spares these addresses.
    public void neverBan(Collection<IpPrefix> prefixes, long now) {
        List<IpPrefix> never = List.copyOf(prefixes);
        Map<Key, Ban> bans = holding(now);
        bans.keySet().removeIf(key -> covers(never, key.prefix));
        publish(bans, never);
    }

    /// Forgets bans that are over. Lookups do not need it; memory does.
    public void handleTimeout(long now) {
        Map<Key, Ban> bans = holding(now);
        if (bans.size() != snapshot.bans.size()) {
            publish(bans, snapshot.never);
        }
    }

    /// The bans that hold at `now`, oldest first.
    public List<Ban> bans(long now) {
        return List.copyOf(holding(now).values());
    }

    private Map<Key, Ban> holding(long now) {
        Map<Key, Ban> bans = new LinkedHashMap<>(snapshot.bans);
        bans.values().removeIf(ban -> !ban.holdsAt(now));
        return bans;
    }

    private Outcome add(Map<Key, Ban> bans, Ban wish) {
        IpPrefix prefix = wish.prefix();
        if (prefix.length() < (prefix.isIpv4() ? FLOOR_IPV4 : FLOOR_IPV6)) {
            return Outcome.TOO_WIDE;
        }
        if (covers(snapshot.never, prefix)) {
            return Outcome.NEVER;
        }
        Key key = new Key(prefix, wish.scope());
        Ban present = bans.get(key);
        if (present == null && bans.size() >= MAX_BANS) {
            return Outcome.FULL;
        }
        if (present == null || endsLater(wish, present)) {
            bans.put(key, wish);
        }
        return Outcome.BANNED;
    }

    private static boolean endsLater(Ban wish, Ban present) {
        return present.until() != Ban.FOREVER && (wish.until() == Ban.FOREVER || wish.until() - present.until() > 0);
    }

    private static boolean covers(List<IpPrefix> never, IpPrefix prefix) {
        for (IpPrefix spared : never) {
            if (spared.contains(prefix)) {
                return true;
            }
        }
        return false;
    }

    /// Asked only for an address that a ban covers, and the list is short.
    private static boolean isSpared(List<IpPrefix> never, InetAddress address) {
        return covers(never, IpPrefix.host(address));
    }

    /// Shorter prefixes first, so that each finds the chain of those that cover it.
    private void publish(Map<Key, Ban> bans, List<IpPrefix> never) {
        List<Ban> sorted = new ArrayList<>(bans.values());
        sorted.sort(Comparator.comparingInt(ban -> ban.prefix().length()));
        PrefixMap<Link> byPrefix = new PrefixMap<>();
        for (Ban ban : sorted) {
            byPrefix.put(
                    ban.prefix(), new Link(ban, byPrefix.lookup(ban.prefix().address())));
        }
        snapshot = new Snapshot(bans, byPrefix, never);
    }
}
