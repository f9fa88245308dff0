package dev.culvert.model.decide;

import dev.culvert.proto.inet.IpPrefix;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A prefix that is kept out for a while.
///
/// @param prefix at least a /24 of IPv4 or a /48 of IPv6 long
/// @param scope where it is kept out
/// @param until monotonic nanoseconds at which it ends, [#FOREVER] for never
/// @param reason for people and logs: who asked for it and why
public record Ban(IpPrefix prefix, BanScope scope, long until, String reason) {
    public static final long FOREVER = Long.MAX_VALUE;

    /// What these bans keep from a site.
    ///
    /// @param site null for targets on the gateway's own side
    public static List<IpPrefix> prefixes(Collection<Ban> bans, @Nullable String site) {
        return bans.stream()
                .filter(ban -> ban.scope().covers(site))
                .map(Ban::prefix)
                .toList();
    }

    /// Whether it holds at `now`. The difference is compared, as a monotonic clock may wrap.
    public boolean holdsAt(long now) {
        return until == FOREVER || until - now > 0;
    }
}
