package dev.culvert.model.decide;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Where a ban counts.
public sealed interface BanScope {
    /// Everywhere: [Admission#accept] asks for it before a byte is read.
    record All() implements BanScope {}

    /// For services of these sites only: a site's own reports reach no further.
    record Sites(Set<String> names) implements BanScope {
        public Sites {
            names = Set.copyOf(names);
        }
    }

    /// Whether it counts for a service of `site`; null asks about the node as a whole.
    default boolean covers(@Nullable String site) {
        return switch (this) {
            case All() -> true;
            case Sites(Set<String> names) -> site != null && names.contains(site);
        };
    }
}
