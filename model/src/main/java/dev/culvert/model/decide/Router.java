package dev.culvert.model.decide;

import dev.culvert.model.Listener;
import dev.culvert.model.Model;
import dev.culvert.model.Role;
import dev.culvert.model.Service;
import dev.culvert.model.ServiceTls.Ends;
import dev.culvert.model.Site;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Which service a listener or an HTTP host leads to. Immutable, made once for each [Model].
public final class Router {
    private static final Deny NO_ROUTE = Deny.of(DenyReason.NO_ROUTE);

    private final Map<Listener, Map<String, Routed>> byHost = new HashMap<>();
    private final Map<Listener, Routed> byListener = new HashMap<>();

    public Router(Model model) {
        if (model.role() == Role.SITE) {
            byHost.put(Listener.BEHIND_HOP, hosts(model, Listener.BEHIND_HOP));
        }
        for (Listener listener : model.listeners()) {
            String only = listener.service();
            if (listener.protocol() == Listener.Protocol.METRICS) {
                continue;
            }
            if (only == null) {
                byHost.put(listener, hosts(model, listener));
            } else {
                Service service = model.services().get(only);
                if (service != null) {
                    byListener.put(listener, routed(model, listener, service));
                }
            }
        }
    }

    /// Routes a connection by its listener alone: TCP, and HTTP listeners with a single service behind them.
    public Routing route(Listener listener) {
        Routed routed = byListener.get(listener);
        return routed == null ? NO_ROUTE : routed;
    }

    /// Routes an HTTP request. A listener with a single service takes every host.
    ///
    /// @param host the host of the request without its port, as the client wrote it: case does not matter, one
    ///     trailing dot neither; what is not ASCII has no route (RFC 3986 hosts are A-labels)
    public Routing route(Listener listener, String host) {
        Map<String, Routed> hosts = byHost.get(listener);
        if (hosts == null) {
            return route(listener);
        }
        String key = canonical(host);
        Routed routed = key == null ? null : hosts.get(key);
        return routed == null ? NO_ROUTE : routed;
    }

    private static Map<String, Routed> hosts(Model model, Listener listener) {
        Map<String, Routed> hosts = new HashMap<>();
        for (Service service : model.services().values()) {
            if (!isServed(model.role(), listener, service)) {
                continue;
            }
            for (String host : service.hosts()) {
                hosts.put(host, routed(model, listener, service));
            }
        }
        return hosts;
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

    private static Routed routed(Model model, Listener listener, Service service) {
        Site site = service.site() == null ? null : model.sites().get(service.site());
        return new Routed(listener, service, site);
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
