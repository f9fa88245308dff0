package dev.culvert.model.config;

import dev.culvert.model.Origin;
import dev.culvert.model.RequestMatch;
import dev.culvert.model.Service;
import dev.culvert.model.ServiceTls;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Which services have a host. Several may share it where path, method or header fields tell their requests apart,
/// but not with a site: what a home declares must not take a part of another's name.
final class HostClaims {
    private final Map<String, List<Claim>> byHost = new HashMap<>();

    private record Claim(Service service, String holder) {}

    boolean isFree(String host, Service service, Claims.Place place) {
        for (Claim claim : byHost.getOrDefault(host, List.of())) {
            String clash = clash(claim.service, service);
            if (clash != null) {
                place.note("is taken by " + claim.holder + clash);
                return false;
            }
        }
        return true;
    }

    void hold(String host, Service service, Claims.Place place) {
        byHost.computeIfAbsent(host, _ -> new ArrayList<>()).add(new Claim(service, place.describe()));
    }

    /// Why both cannot have a host, to be put behind who has it; null if they can.
    private static @Nullable String clash(Service first, Service second) {
        boolean foreign = !first.origin().document().equals(second.origin().document())
                && (first.origin().kind() == Origin.Kind.SITE || second.origin().kind() == Origin.Kind.SITE);
        if (foreign) {
            return "";
        }
        if (!first.tls().protocols().isEmpty() || !second.tls().protocols().isEmpty()) {
            return offers(first.tls(), second.tls());
        }
        RequestMatch mine = second.http().match();
        if (!first.http().match().clashes(mine)) {
            return handshakes(first.tls(), second.tls());
        }
        String path = mine.prefixes().stream()
                .filter(first.http().match().prefixes()::contains)
                .findFirst()
                .orElse("/");
        boolean plain = mine.equals(RequestMatch.ANY) && first.http().match().equals(RequestMatch.ANY);
        return plain ? "" : ": some requests to " + path + " fit both, and neither is the more specific one";
    }

    /// Told apart by what a handshake offers; who names nothing gets the rest.
    private static @Nullable String offers(ServiceTls first, ServiceTls second) {
        return first.protocols().stream()
                .filter(second.protocols()::contains)
                .findFirst()
                .map(both -> ": both want the handshakes that offer " + both)
                .orElse(null);
    }

    /// A handshake knows the host alone: one certificate for all services of it, and one of them that asks for
    /// visitors'.
    private static @Nullable String handshakes(ServiceTls first, ServiceTls second) {
        if (first.passesThrough() != second.passesThrough()) {
            return ": whose TLS ends elsewhere, and a handshake knows the host alone (expected: tls: alpn of who passes"
                    + " it on, or another host)";
        }
        if (first.clientCaFile() != null && second.clientCaFile() != null) {
            return ": only one service of a host can ask for certificates of visitors, and it does so for all";
        }
        ServiceTls asking = first.clientCaFile() != null ? first : second;
        String mine = first.certificateFile();
        String other = second.certificateFile();
        if (asking.clientCaFile() != null && asking.certificateFile() == null && (mine != null || other != null)) {
            return ": the one with client-ca has to name the certificate, too";
        }
        return mine == null || other == null || mine.equals(other)
                ? null
                : ": with another certificate, and visitors are shown only one";
    }
}
