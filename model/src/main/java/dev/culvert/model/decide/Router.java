package dev.culvert.model.decide;

import dev.culvert.model.Listener;
import dev.culvert.model.Model;
import dev.culvert.model.Role;
import dev.culvert.model.Service;
import dev.culvert.model.ServiceTls.Ends;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Which service a listener or an HTTP request leads to. Immutable, made once for each [Model].
///
/// The most specific route wins: an exact host before `*.example.com`, a longer pattern before a shorter one; then
/// the longer path; then who names a method; then who asks for more header fields. Where none of a host's own routes
/// takes the request, those of the patterns that cover it are asked. One look-up by hash finds the host's few routes.
public final class Router {
    private static final Deny NO_ROUTE = Deny.of(DenyReason.NO_ROUTE);
    private static final String WILDCARD = "*.";

    private final Map<Listener, Hosts> byHost = new HashMap<>();
    private final Map<Listener, Routed> byListener = new HashMap<>();
    private final Map<Listener, Map<String, List<Routed>>> byOffer = new HashMap<>();
    private final Model model;

    /// @param wildcards by the suffix with its dot: `.example.com`
    private record Hosts(Map<String, HostRoutes> exact, Map<String, HostRoutes> wildcards) {}

    public Router(Model model) {
        this.model = model;
        if (model.role() == Role.SITE) {
            byHost.put(Listener.BEHIND_HOP, hosts(Listener.BEHIND_HOP));
        }
        for (Listener listener : model.listeners()) {
            String only = listener.service();
            if (listener.protocol() == Listener.Protocol.METRICS) {
                continue;
            }
            if (only == null) {
                byHost.put(listener, hosts(listener));
                byOffer.put(listener, offers(listener));
            } else {
                Service service = model.services().get(only);
                if (service != null) {
                    boolean guarded = service.access().isGuarded();
                    byListener.put(listener, new Routed(listener, service, model.sites(), "", "/", guarded));
                }
            }
        }
    }

    /// Routes a connection by its listener alone: TCP, and HTTP listeners with a single service behind them.
    public Routing route(Listener listener) {
        Routed routed = byListener.get(listener);
        return routed == null ? NO_ROUTE : routed;
    }

    /// Routes a request of which only the host is known: GET of the root.
    public Routing route(Listener listener, String host) {
        return route(listener, RequestFacts.ofHost(host));
    }

    /// Routes an HTTP request. A listener with a single service takes every one.
    ///
    /// A host that is not ASCII has no route (RFC 3986 hosts are A-labels).
    public Routing route(Listener listener, RequestFacts request) {
        Hosts hosts = byHost.get(listener);
        if (hosts == null) {
            return route(listener);
        }
        HostRoutes routes = find(hosts, request.host());
        Routed routed = routes == null ? null : routes.find(request);
        return routed == null ? NO_ROUTE : routed;
    }

    /// All routes that requests to a host can take here, in the order in which they are asked.
    public List<Routed> routes(Listener listener, String host) {
        Hosts hosts = byHost.get(listener);
        if (hosts == null) {
            Routed only = byListener.get(listener);
            return only == null ? List.of() : List.of(only);
        }
        HostRoutes routes = find(hosts, host);
        return routes == null ? List.of() : routes.all();
    }

    /// Whom a handshake is led to, unread, by what it offers to speak (ALPN), its own order first.
    ///
    /// @return null where the name alone decides
    public @Nullable Routed routeOffer(Listener listener, String host, List<String> protocols) {
        Map<String, List<Routed>> offers = byOffer.getOrDefault(listener, Map.of());
        String key = offers.isEmpty() ? null : canonical(host);
        if (key == null) {
            return null;
        }
        Routed found = offered(offers.getOrDefault(key, List.of()), protocols);
        for (int dot = key.indexOf('.', 1); found == null && dot >= 0; dot = key.indexOf('.', dot + 1)) {
            found = offered(offers.getOrDefault("*" + key.substring(dot), List.of()), protocols);
        }
        return found;
    }

    private static @Nullable Routed offered(List<Routed> among, List<String> protocols) {
        for (String protocol : protocols) {
            for (Routed routed : among) {
                if (routed.service().tls().protocols().contains(protocol)) {
                    return routed;
                }
            }
        }
        return null;
    }

    private Map<String, List<Routed>> offers(Listener listener) {
        Map<String, List<Routed>> byPattern = new HashMap<>();
        for (Service service : model.services().values()) {
            boolean offered = !service.tls().protocols().isEmpty() && isServed(model.role(), listener, service);
            for (String host : offered ? service.hosts() : List.<String>of()) {
                byPattern
                        .computeIfAbsent(host, _ -> new ArrayList<>())
                        .add(new Routed(listener, service, model.sites(), host, "/", false));
            }
        }
        return byPattern;
    }

    /// Plain HTTP leads to services with TLS, too: to be sent on to HTTPS.
    private static boolean isServed(Role role, Listener listener, Service service) {
        if (listener.equals(Listener.BEHIND_HOP)) {
            return service.tls().ends() == Ends.SITE;
        }
        boolean tls = role == Role.SITE
                ? service.tls().ends() == Ends.SITE
                : service.tls().isOn();
        return service.isVisible(listener.scope()) && (tls || listener.protocol() != Listener.Protocol.HTTPS);
    }

    private static @Nullable HostRoutes find(Hosts hosts, String host) {
        String key = canonical(host);
        if (key == null) {
            return null;
        }
        HostRoutes exact = hosts.exact.get(key);
        return exact == null && !hosts.wildcards.isEmpty() ? covering(hosts.wildcards, key) : exact;
    }

    /// Of the patterns that cover `host`, the longest: `a.b.example.com` is asked as `.b.example.com` first.
    private static @Nullable HostRoutes covering(Map<String, HostRoutes> wildcards, String host) {
        for (int dot = host.indexOf('.', 1); dot >= 0; dot = host.indexOf('.', dot + 1)) {
            HostRoutes routes = wildcards.get(host.substring(dot));
            if (routes != null) {
                return routes;
            }
        }
        return null;
    }

    private Hosts hosts(Listener listener) {
        Map<String, List<Routed>> byPattern = new LinkedHashMap<>();
        for (Service service : model.services().values()) {
            boolean byName = service.tls().protocols().isEmpty() && isServed(model.role(), listener, service);
            for (String host : byName ? service.hosts() : List.<String>of()) {
                for (String prefix : service.http().match().prefixes()) {
                    byPattern
                            .computeIfAbsent(host, _ -> new ArrayList<>())
                            .add(new Routed(listener, service, model.sites(), host, prefix, false));
                }
            }
        }
        Map<String, HostRoutes> exact = new HashMap<>();
        Map<String, HostRoutes> wildcards = new HashMap<>();
        for (String pattern : byPattern.keySet()) {
            HostRoutes routes = HostRoutes.of(levels(byPattern, pattern));
            if (pattern.startsWith(WILDCARD)) {
                wildcards.put(pattern.substring(1), routes);
            } else {
                exact.put(pattern, routes);
            }
        }
        return new Hosts(exact, wildcards);
    }

    /// The routes of `pattern` itself, then those of each wider one around it.
    private static List<List<Routed>> levels(Map<String, List<Routed>> byPattern, String pattern) {
        List<List<Routed>> levels = new ArrayList<>();
        levels.add(byPattern.getOrDefault(pattern, List.of()));
        int from = pattern.startsWith(WILDCARD) ? 2 : 1;
        for (int dot = pattern.indexOf('.', from); dot >= 0; dot = pattern.indexOf('.', dot + 1)) {
            levels.add(byPattern.getOrDefault("*" + pattern.substring(dot), List.of()));
        }
        return levels;
    }

    /// Folds ASCII only: `String.toLowerCase` would turn the Kelvin sign into a `k` and so one host into another.
    private static @Nullable String canonical(String host) {
        int length = host.endsWith(".") ? host.length() - 1 : host.length();
        boolean upper = false;
        for (int i = 0; i < length; i++) {
            char c = host.charAt(i);
            if (c > 0x7e) {
                return null;
            }
            upper |= c >= 'A' && c <= 'Z';
        }
        if (!upper) {
            return length == host.length() ? host : host.substring(0, length);
        }
        StringBuilder lower = new StringBuilder(length);
        for (int i = 0; i < length; i++) {
            char c = host.charAt(i);
            lower.append(c >= 'A' && c <= 'Z' ? (char) (c + 32) : c);
        }
        return lower.toString();
    }
}
