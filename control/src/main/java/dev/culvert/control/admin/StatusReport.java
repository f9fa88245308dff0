package dev.culvert.control.admin;

import dev.culvert.dataplane.ConnectionRegistry.ServiceTraffic;
import dev.culvert.dataplane.Events.Event;
import dev.culvert.dataplane.Node;
import dev.culvert.dataplane.os.ForwardTraffic;
import dev.culvert.dataplane.tunnel.Outages.Outage;
import dev.culvert.dataplane.tunnel.PeerStatus;
import dev.culvert.model.GatewayPeer;
import dev.culvert.model.Model;
import dev.culvert.model.Role;
import dev.culvert.model.Service;
import dev.culvert.model.Site;
import dev.culvert.model.WireGuardPeer;
import dev.culvert.model.decide.TargetState;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// What a node is doing, as plain maps and lists: the one source of `status`, `status --json` and `status --watch`.
public final class StatusReport {
    private static final int EVENTS = 20;

    private final Node node;
    private final String publicKey;
    private final String io;
    private final String why;
    private final Instant started = Instant.now();

    /// @param io `epoll` or `nio`, and who does the cryptography
    /// @param why the tunnel's driver is what it is
    public StatusReport(Node node, String publicKey, String io, String why) {
        this.node = node;
        this.publicKey = publicKey;
        this.io = io;
        this.why = why;
    }

    /// How packets are moved and sealed here.
    public String io() {
        return io;
    }

    String publicKey() {
        return publicKey;
    }

    /// @throws IOException if the tunnel's loop does not answer
    public Map<String, Object> map() throws IOException {
        Model model = node.model();
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("name", model.name());
        map.put("role", model.role().toString());
        map.put("uptimeSeconds", Duration.between(started, Instant.now()).toSeconds());
        map.put("tunnel", tunnel(model));
        map.put("peers", peers(model));
        map.put("services", services(model));
        map.put("connections", node.connections().size());
        map.put("events", events());
        map.put("outages", outages());
        map.put("counters", node.events().counters());
        map.put("drops", answer(node.tunnel().drops()));
        return map;
    }

    /// What a peer may know: about this node, and about itself.
    ///
    /// @throws IOException if the tunnel's loop does not answer
    public Map<String, Object> forPeer(String peer) throws IOException {
        Model model = node.model();
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("name", model.name());
        map.put("role", model.role().toString());
        map.put("time", Instant.now().toString());
        map.put("uptimeSeconds", Duration.between(started, Instant.now()).toSeconds());
        map.put("mtu", model.tunnel().mtu());
        peers(model).stream()
                .filter(view -> peer.equals(view.get("name")))
                .findFirst()
                .ifPresent(view -> map.put("you", view));
        map.put(
                "services",
                services(model).stream()
                        .filter(service -> model.role() == Role.SITE || peer.equals(service.get("site")))
                        .toList());
        return map;
    }

    private Map<String, Object> tunnel(Model model) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("type", node.tunnel().type());
        map.put("chosen", why);
        map.put("io", io);
        map.put("listen", node.tunnel().localAddress().getPort());
        map.put(
                "addresses",
                model.tunnel().addresses().stream().map(a -> a.getHostAddress()).toList());
        map.put("mtu", model.tunnel().mtu());
        map.put("publicKey", publicKey);
        return map;
    }

    private List<Map<String, Object>> peers(Model model) throws IOException {
        Map<String, PeerStatus> byKey = new HashMap<>();
        for (PeerStatus peer : answer(node.tunnel().status())) {
            byKey.put(peer.publicKey().toString(), peer);
        }
        List<Map<String, Object>> list = new ArrayList<>();
        for (Site site : model.sites().values()) {
            list.add(peer(site.name(), site.type().toString(), site.peer(), byKey));
        }
        for (GatewayPeer gateway : model.gateways().values()) {
            list.add(peer(gateway.name(), gateway.type().toString(), gateway.peer(), byKey));
        }
        return list;
    }

    private static <T> T answer(Future<T> asked) throws IOException {
        try {
            return asked.get(2, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("the tunnel does not answer", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private static Map<String, Object> peer(
            String name, String type, WireGuardPeer peer, Map<String, PeerStatus> byKey) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("name", name);
        map.put("type", type);
        map.put(
                "address",
                peer.addresses().isEmpty() ? "" : peer.addresses().getFirst().getHostAddress());
        PeerStatus now = byKey.get(String.valueOf(peer.publicKey()));
        if (now != null) {
            map.put("endpoint", text(now));
            long age = now.handshakeAgeNanos();
            map.put("handshakeAgeSeconds", age < 0 ? -1 : TimeUnit.NANOSECONDS.toSeconds(age));
            map.put("receivedBytes", now.rxBytes());
            map.put("sentBytes", now.txBytes());
        }
        return map;
    }

    private static @Nullable String text(PeerStatus peer) {
        var endpoint = peer.endpoint();
        return endpoint == null ? null : endpoint.getAddress().getHostAddress() + ":" + endpoint.getPort();
    }

    private List<Map<String, Object>> services(Model model) {
        Map<String, ForwardTraffic> forwarded = node.forwarded();
        Map<String, ServiceTraffic> traffic = node.traffic(forwarded);
        Map<String, Map<String, Object>> byName = new LinkedHashMap<>();
        for (Service service : model.services().values()) {
            Map<String, Object> map = new LinkedHashMap<>();
            map.put("name", service.name());
            map.put("at", String.join(", ", service.hosts().isEmpty() ? service.listens() : service.hosts()));
            map.put("site", service.site());
            map.put("target", service.leadsTo());
            map.put("targets", node.targets(service).stream().map(this::target).toList());
            byName.put(service.name(), map);
        }
        traffic.forEach((name, sum) -> {
            Map<String, Object> map = byName.computeIfAbsent(name, _ -> new LinkedHashMap<>(Map.of("name", name)));
            ForwardTraffic byKernel = forwarded.get(name);
            if (byKernel == null) {
                map.put("live", sum.live());
            } else {
                map.put("forward", "kernel");
                map.put("refusedPackets", byKernel.refused());
            }
            map.put("connections", sum.connections());
            map.put("receivedBytes", sum.receivedBytes());
            map.put("sentBytes", sum.sentBytes());
        });
        return List.copyOf(byName.values());
    }

    private Map<String, Object> target(TargetState target) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("target", target.destination().target().toString());
        map.put("site", target.destination().site());
        map.put("health", target.health(System.nanoTime()).toString());
        map.put("why", target.why());
        map.put("live", target.active());
        map.put("chosen", target.chosen());
        map.put("failed", target.failed());
        return map;
    }

    private List<Map<String, Object>> outages() {
        List<Map<String, Object>> list = new ArrayList<>();
        for (Outage outage : node.events().outages().all()) {
            Map<String, Object> map = new LinkedHashMap<>();
            Duration duration = outage.duration();
            Duration lasting = Duration.between(outage.since(), Instant.now());
            map.put("at", outage.since().toString());
            map.put("subject", outage.subject());
            map.put("cause", outage.cause().word());
            map.put("text", outage.cause().sentence());
            map.put("repair", outage.repair());
            map.put("over", duration != null);
            map.put("seconds", (duration == null ? lasting : duration).toMillis() / 1000.0);
            list.add(map);
        }
        return list;
    }

    private List<Map<String, Object>> events() {
        List<Event> recent = node.events().recent();
        List<Map<String, Object>> list = new ArrayList<>();
        for (Event event : recent.subList(Math.max(0, recent.size() - EVENTS), recent.size())) {
            Map<String, Object> map = new LinkedHashMap<>();
            map.put("at", event.at().toString());
            map.put("subject", event.subject());
            map.put("kind", event.kind());
            map.put("text", event.text());
            list.add(map);
        }
        return list;
    }
}
