package dev.culvert.control.observe;

import dev.culvert.dataplane.ConnectionRegistry.ServiceTraffic;
import dev.culvert.dataplane.Node;
import dev.culvert.dataplane.ServiceMeter;
import dev.culvert.dataplane.os.ForwardTraffic;
import dev.culvert.dataplane.relay.Splices;
import dev.culvert.dataplane.tunnel.PeerStatus;
import dev.culvert.model.GatewayPeer;
import dev.culvert.model.Model;
import dev.culvert.model.Service;
import dev.culvert.model.Site;
import dev.culvert.model.WireGuardPeer;
import dev.culvert.model.decide.DenyReason;
import java.io.IOException;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/// A node's counters as they are at one moment: snapshots that its loops hand out, never a lock that they wait for.
final class NodeMetrics {
    private static final long ANSWER_SECONDS = 2;
    // WireGuard, §6.1: Reject-After-Time.
    private static final long CONNECTED_NANOS = TimeUnit.SECONDS.toNanos(180);
    private static final String DENIED = "denied.";
    private static final String HOP_REFUSED = "hop.refused.";
    private static final String HTTP_REFUSED = "http.refused.";
    private static final String HTTP_MALFORMED = "http.malformed";

    private final Node node;
    // A connection that ends while its service is summed up is missed once; a counter must not fall for that.
    private final Map<String, Long> highest = new HashMap<>();

    NodeMetrics(Node node) {
        this.node = node;
    }

    /// @throws IOException if the tunnel's loop does not answer
    synchronized void collect(Families into) throws IOException {
        Model model = node.model();
        into.add(Metric.CONNECTIONS, node.connections().size());
        splices(into);
        traffic(model, into);
        peers(model, into);
        events(into);
        answer(node.tunnel().drops()).forEach((name, count) -> {
            int dot = name.indexOf('.');
            into.add(Metric.DROPS, count, name.substring(0, dot), word(name.substring(dot + 1)));
        });
    }

    private void splices(Families into) {
        Splices splices = node.connections().splices();
        Splices.Count count = splices == null ? new Splices.Count(0, 0, 0) : splices.count();
        into.add(Metric.SPLICED_CONNECTIONS, count.connections());
        into.add(Metric.SPLICED_BYTES, count.bytes());
        into.add(Metric.SPLICED_COPIED, count.copiedBytes());
    }

    private void traffic(Model model, Families into) {
        Map<String, ForwardTraffic> forwarded = node.forwarded();
        Map<String, ServiceTraffic> traffic = node.traffic(forwarded);
        highest.keySet()
                .retainAll(traffic.keySet().stream()
                        .flatMap(name -> Stream.of(name + " in", name + " out"))
                        .toList());
        ServiceTraffic none = new ServiceTraffic(0, 0, 0, 0, false);
        for (Service service : model.services().values()) {
            String name = service.name();
            String site = Objects.requireNonNullElse(service.site(), "");
            ServiceTraffic sum = traffic.getOrDefault(name, none);
            into.add(Metric.SERVICE_LIVE, sum.live(), name, site);
            into.add(Metric.SERVICE_CONNECTIONS, sum.connections(), name, site);
            into.add(Metric.SERVICE_RECEIVED, rising(name + " in", sum.receivedBytes()), name, site);
            into.add(Metric.SERVICE_SENT, rising(name + " out", sum.sentBytes()), name, site);
            ForwardTraffic byKernel = forwarded.get(name);
            if (byKernel != null) {
                into.add(Metric.FORWARD_REFUSED, byKernel.refused(), name, site);
            }
            ServiceMeter meter = node.connections().meter(service);
            if (meter != null) {
                meter.dialFailures()
                        .forEach((reason, count) -> into.add(Metric.DIAL_FAILURES, count, name, site, reason));
                if (service.scheme().isHttp()) {
                    meter.responses().forEach((digit, count) -> into.add(Metric.RESPONSES, count, name, site, digit));
                    into.add(Metric.DURATION, meter.durations(), name, site);
                }
            }
        }
        traffic.forEach((target, sum) -> {
            if (sum.hop()) {
                into.add(Metric.HOP_LIVE, sum.live(), target);
                into.add(Metric.HOP_CONNECTIONS, sum.connections(), target);
                into.add(Metric.HOP_RECEIVED, rising(target + " in", sum.receivedBytes()), target);
                into.add(Metric.HOP_SENT, rising(target + " out", sum.sentBytes()), target);
            }
        });
    }

    private long rising(String key, long now) {
        return highest.merge(key, now, Math::max);
    }

    private void peers(Model model, Families into) throws IOException {
        Map<String, PeerStatus> byKey = new HashMap<>();
        for (PeerStatus peer : answer(node.tunnel().status())) {
            byKey.put(peer.publicKey().toString(), peer);
        }
        for (Site site : model.sites().values()) {
            peer(site.name(), site.type().toString(), site.peer(), byKey, into);
        }
        for (GatewayPeer gateway : model.gateways().values()) {
            peer(gateway.name(), gateway.type().toString(), gateway.peer(), byKey, into);
        }
    }

    private void peer(String name, String type, WireGuardPeer peer, Map<String, PeerStatus> byKey, Families into) {
        PeerStatus now = byKey.get(String.valueOf(peer.publicKey()));
        if (now == null) {
            return;
        }
        long age = now.handshakeAgeNanos();
        into.add(Metric.PEER_CONNECTED, age >= 0 && age <= CONNECTED_NANOS ? 1 : 0, name, type);
        if (age >= 0) {
            into.add(Metric.PEER_HANDSHAKE_AGE, age / 1e9, name, type);
        }
        into.add(Metric.PEER_RECEIVED, now.rxBytes(), name, type);
        into.add(Metric.PEER_SENT, now.txBytes(), name, type);
        into.add(Metric.PEER_MOVES, now.moves(), name, type);
        long roundTrip = peer.addresses().isEmpty()
                ? -1
                : node.tunnel().roundTrips().of(peer.addresses().getFirst());
        if (roundTrip >= 0) {
            into.add(Metric.PEER_ROUND_TRIP, roundTrip / 1e9, name, type);
        }
    }

    /// Kinds are constants of the program; those that belong together become one metric with a reason.
    private void events(Families into) {
        Map<String, Long> counters = node.events().counters();
        for (DenyReason reason : DenyReason.values()) {
            into.add(Metric.DENIED, counters.getOrDefault(DENIED + reason, 0L), reason.toString());
        }
        into.add(Metric.HTTP_REFUSED, counters.getOrDefault(HTTP_MALFORMED, 0L), "malformed");
        counters.forEach((kind, count) -> {
            if (kind.startsWith(HTTP_REFUSED)) {
                into.add(Metric.HTTP_REFUSED, count, word(kind.substring(HTTP_REFUSED.length())));
            } else if (kind.startsWith(HOP_REFUSED)) {
                into.add(Metric.HOP_REFUSED, count, word(kind.substring(HOP_REFUSED.length())));
            } else if (!kind.startsWith(DENIED) && !kind.equals(HTTP_MALFORMED)) {
                into.add(Metric.EVENTS, count, word(kind));
            }
        });
    }

    private static String word(String constant) {
        return constant.toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static <T> T answer(Future<T> asked) throws IOException {
        try {
            return asked.get(ANSWER_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("the tunnel does not answer", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }
}
