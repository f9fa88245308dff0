package dev.culvert.model;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A private network behind one WireGuard peer, as the gateway sees it.
///
/// @param name unique within the model
/// @param origin where it was declared
/// @param type what runs there
/// @param peer its keys and addresses
/// @param grants what it may publish by its own word
public record Site(String name, Origin origin, PeerType type, WireGuardPeer peer, Grants grants) implements Entry {
    @Override
    public String label() {
        return "site " + name;
    }

    @Override
    public Map<String, List<String>> settings() {
        Map<String, List<String>> settings = new LinkedHashMap<>(peer.settings(type));
        settings.putAll(new Settings()
                .putAll("grant.host", grants.hosts())
                .putAll("grant.port", grants.ports())
                .done());
        return Collections.unmodifiableMap(settings);
    }
}
