package dev.culvert.model.decide;

import dev.culvert.model.HeaderMatch;
import dev.culvert.model.RequestMatch;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The routes that a host may lead to, the most specific first.
final class HostRoutes {
    /// Within one host pattern: the longer path, then who asks for a method, then who asks for more header fields.
    /// Two that are equal in all of this cannot match the same request: the merge refuses them.
    private static final Comparator<Routed> MOST_SPECIFIC = Comparator.<Routed>comparingInt(
                    routed -> -routed.prefix().length())
            .thenComparing(routed -> match(routed).methods().isEmpty())
            .thenComparingInt(routed -> -match(routed).headers().size());

    private final Routed[] routes;

    private HostRoutes(Routed[] routes) {
        this.routes = routes;
    }

    /// @param levels the routes of each host pattern that covers the host, the most specific pattern first
    static HostRoutes of(List<List<Routed>> levels) {
        boolean guarded = levels.stream().flatMap(List::stream).anyMatch(HostRoutes::mustNotBeMistaken);
        return new HostRoutes(levels.stream()
                .flatMap(level -> level.stream().sorted(MOST_SPECIFIC))
                .map(routed -> guarded ? routed.guard() : routed)
                .toArray(Routed[]::new));
    }

    @Nullable
    Routed find(RequestFacts request) {
        for (Routed routed : routes) {
            if (takes(routed, request)) {
                return routed;
            }
        }
        return null;
    }

    List<Routed> all() {
        return List.of(routes);
    }

    /// Where paths divide a host, or decide who gets in, a path that two servers read as two must not pass.
    private static boolean mustNotBeMistaken(Routed routed) {
        return routed.prefix().length() > 1
                || routed.service().http().rewritePrefix() != null
                || routed.service().access().isGuarded();
    }

    private static boolean takes(Routed routed, RequestFacts request) {
        RequestMatch match = match(routed);
        if (!RequestMatch.isBelow(routed.prefix(), request.target())) {
            return false;
        }
        if (!match.methods().isEmpty() && !hasMethod(match.methods(), request.method())) {
            return false;
        }
        for (HeaderMatch field : match.headers()) {
            if (!request.has(field)) {
                return false;
            }
        }
        return true;
    }

    private static boolean hasMethod(List<String> methods, CharSequence method) {
        for (String each : methods) {
            if (each.contentEquals(method)) {
                return true;
            }
        }
        return false;
    }

    private static RequestMatch match(Routed routed) {
        return routed.service().http().match();
    }
}
