package dev.culvert.model;

import java.util.List;
import java.util.Map;

/// A gateway (or stock WireGuard hub), as a site sees it.
///
/// @param name unique within the model
/// @param origin where it was declared
/// @param type what runs there
/// @param peer its keys and addresses
public record GatewayPeer(String name, Origin origin, PeerType type, WireGuardPeer peer) implements Entry {
    @Override
    public String label() {
        return "gateway " + name;
    }

    @Override
    public Map<String, List<String>> settings() {
        return peer.settings(type);
    }
}
