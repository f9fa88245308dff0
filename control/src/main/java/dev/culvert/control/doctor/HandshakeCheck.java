package dev.culvert.control.doctor;

import dev.culvert.control.machine.UdpProbe;
import dev.culvert.dataplane.Node;
import dev.culvert.dataplane.tunnel.PeerStatus;
import dev.culvert.model.Endpoint;
import dev.culvert.model.Literals;
import dev.culvert.model.Role;
import dev.culvert.model.WireGuardPeer;
import dev.culvert.proto.wireguard.Drop;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Whether the tunnel to a peer stands; where it does not, what the drops say about why. A gateway hears what a site
/// does wrong; a site hears nothing from a gateway that does not know it, for WireGuard answers no stranger.
final class HandshakeCheck implements Check {
    private static final long ECHO_MILLIS = 1_600;

    private final Node node;
    private final String peer;
    private final WireGuardPeer settings;
    private final DropHistory drops;

    HandshakeCheck(Node node, String peer, WireGuardPeer settings, DropHistory drops) {
        this.node = node;
        this.peer = peer;
        this.settings = settings;
        this.drops = drops;
    }

    @Override
    public String name() {
        return peer + ": tunnel";
    }

    @Override
    public Finding run() throws IOException {
        if (settings.publicKey() == null) {
            return Finding.broken(
                    name(), "it has not joined yet", "culvert site add " + peer + ", and culvert join at home");
        }
        // An echo first: a tunnel that was idle shakes hands when it is used.
        boolean up =
                Answers.came(node.tunnel().ping(settings.addresses().getFirst(), 56, ECHO_MILLIS), ECHO_MILLIS + 300);
        PeerStatus status = status();
        if (up) {
            return Finding.ok(name(), "answers; " + described(status));
        }
        return node.model().role() == Role.GATEWAY ? deafGateway(status) : deafSite(status);
    }

    private @Nullable PeerStatus status() throws IOException {
        for (PeerStatus status : Answers.of(node.tunnel().status(), 1_000)) {
            if (status.publicKey().toString().equals(String.valueOf(settings.publicKey()))) {
                return status;
            }
        }
        return null;
    }

    private static String described(@Nullable PeerStatus status) {
        if (status == null || status.handshakeAgeNanos() < 0) {
            return "no handshake since the start";
        }
        var endpoint = status.endpoint();
        String from = endpoint == null
                ? ""
                : " with " + Literals.hostPort(Literals.format(endpoint.getAddress()), endpoint.getPort());
        return "last handshake " + TimeUnit.NANOSECONDS.toSeconds(status.handshakeAgeNanos()) + " s ago" + from;
    }

    private Finding deafGateway(@Nullable PeerStatus status) {
        String state = described(status);
        if (lately(Drop.UNKNOWN_PEER)) {
            return Finding.broken(
                    name(),
                    "wrong key: somebody calls with a key that is no site's, and " + peer + " does not (" + state + ")",
                    "compare `culvert keys` there with `culvert site list` here; a site that lost its key joins again:"
                            + " culvert site add " + peer + " --replace");
        }
        if (lately(Drop.BAD_MAC1) || lately(Drop.FORGED_HANDSHAKE)) {
            return Finding.broken(
                    name(),
                    "wrong key: somebody calls with another gateway's key or preshared key than ours, and " + peer
                            + " does not (" + state + ")",
                    "at " + peer + ", gateways: must have this gateway's public-key (culvert status shows it)");
        }
        if (lately(Drop.STALE_TIMESTAMP)) {
            return Finding.broken(
                    name(),
                    "clock: a site's handshakes are older than its last one, so its clock went back (" + state + ")",
                    "set the clock at " + peer + "; then restart this gateway, which forgets the later time");
        }
        int port = node.tunnel().localAddress().getPort();
        return Finding.broken(
                name(),
                "UDP: nothing of " + peer + " arrives at UDP port " + port + " (" + state + ")",
                "is `culvert site` running there, has it internet, and does every firewall in front of this machine"
                        + " (the provider's too) let UDP " + port + " in?");
    }

    private boolean lately(Drop reason) {
        return drops.roseLately("wireguard." + reason, System.nanoTime());
    }

    private Finding deafSite(@Nullable PeerStatus status) {
        Endpoint endpoint = settings.endpoint();
        if (endpoint == null) {
            return Finding.broken(name(), "it has not called, and it has no endpoint to dial", "see the other end");
        }
        return switch (UdpProbe.of(endpoint)) {
            case UNRESOLVED ->
                Finding.broken(
                        name(), endpoint.host() + " has no address in DNS", "mend this machine's DNS, or the name");
            case CLOSED ->
                Finding.broken(
                        name(),
                        "nobody listens at " + endpoint + "/udp: that machine says so (" + described(status) + ")",
                        "start culvert gateway there; is its UDP port the one of the token?");
            case NO_WAY ->
                Finding.broken(
                        name(), "no way to " + endpoint + ": this machine has no route", "is this network online?");
            case SILENT ->
                Finding.broken(
                        name(),
                        "UDP: nothing comes back from " + endpoint + "/udp (" + described(status) + ")",
                        "a firewall drops UDP on the way, or the gateway does not run, or does not know this site's key:"
                                + " `culvert doctor` at the gateway tells which");
        };
    }
}
