package dev.culvert.control.link;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.culvert.dataplane.Node;
import dev.culvert.dataplane.Ports;
import dev.culvert.dataplane.internal.InternalService.Response;
import dev.culvert.dataplane.internal.TunnelClient;
import dev.culvert.model.GatewayPeer;
import dev.culvert.model.PeerType;
import dev.culvert.model.Service;
import dev.culvert.model.config.ConfigWriter;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The site's side of `expose`: offers all that it publishes to each of its gateways, when something changes, when the
/// way to one opens, and every half minute, so that either end may forget and both agree again.
public final class Publisher {
    private static final Logger LOG = LoggerFactory.getLogger("culvert");
    private static final long EVERY_SECONDS = 30;
    private static final long ANSWER_MILLIS = 5_000;

    private final Node node;
    private final TunnelClient client;
    private final ExecutorService workers;
    private final Map<String, Outcome> outcomes = new ConcurrentHashMap<>();
    private final Map<String, Object> turns = new ConcurrentHashMap<>();

    /// How the last offer to one gateway went.
    ///
    /// @param services what the gateway said of each; those of the last answer if it gave none this time
    /// @param failure why there is no answer; empty if there is one
    public record Outcome(Map<String, Published> services, String failure) {}

    /// @param workers virtual threads: an offer waits for its answer
    public Publisher(Node node, ExecutorService workers) {
        this.node = node;
        this.client = new TunnelClient(node.tunnel());
        this.workers = workers;
    }

    public void start(ScheduledExecutorService scheduler) {
        scheduler.scheduleWithFixedDelay(this::offer, 1, EVERY_SECONDS, TimeUnit.SECONDS);
    }

    /// Offers to every gateway, without waiting.
    public void offer() {
        for (GatewayPeer gateway : gateways()) {
            workers.execute(() -> offer(gateway));
        }
    }

    /// Offers to every gateway and waits for the answers, 5 s at most.
    ///
    /// @return by gateway
    public Map<String, Outcome> offerNow() {
        Map<String, Future<Outcome>> asked = new LinkedHashMap<>();
        for (GatewayPeer gateway : gateways()) {
            asked.put(gateway.name(), workers.submit(() -> offer(gateway)));
        }
        Map<String, Outcome> answers = new TreeMap<>();
        asked.forEach((name, future) -> {
            try {
                answers.put(name, future.get(ANSWER_MILLIS + 2_000, TimeUnit.MILLISECONDS));
            } catch (ExecutionException | TimeoutException e) {
                answers.put(name, new Outcome(Map.of(), "no answer yet"));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        return answers;
    }

    /// How it stands with each gateway.
    public Map<String, Outcome> outcomes() {
        return new TreeMap<>(outcomes);
    }

    private List<GatewayPeer> gateways() {
        List<GatewayPeer> all = new ArrayList<>();
        for (GatewayPeer gateway : node.model().gateways().values()) {
            if (gateway.type() == PeerType.CULVERT
                    && !gateway.peer().addresses().isEmpty()) {
                all.add(gateway);
            }
        }
        return all;
    }

    /// One at a time for each gateway, each with what is true when its turn has come: an old offer cannot overtake a
    /// new one.
    private Outcome offer(GatewayPeer gateway) {
        synchronized (turns.computeIfAbsent(gateway.name(), _ -> new Object())) {
            Outcome before = outcomes.get(gateway.name());
            Outcome now;
            try {
                now = new Outcome(ask(gateway), "");
            } catch (IOException e) {
                now = new Outcome(before == null ? Map.of() : before.services(), String.valueOf(e.getMessage()));
            }
            outcomes.put(gateway.name(), now);
            log(gateway.name(), before, now);
            return now;
        }
    }

    private Map<String, Published> ask(GatewayPeer gateway) throws IOException {
        Map<String, String> documents = new TreeMap<>();
        for (Service service : node.model().published()) {
            // Files of keys are this machine's: a gateway would look for its own under their names.
            Service offered = service.with(service.tls().withoutFiles());
            documents.put(service.name(), ConfigWriter.document("services", service.name(), offered));
        }
        InetSocketAddress to = new InetSocketAddress(gateway.peer().addresses().getFirst(), Ports.CONTROL);
        Response response;
        try {
            response = client.request(to, "PUT", Offer.PATH, new Offer(documents).encode(), ANSWER_MILLIS)
                    .get(ANSWER_MILLIS + 1_000, TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("gateway " + gateway.name() + " does not answer through the tunnel", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
        if (response.status() != 200) {
            throw new IOException(
                    "gateway " + gateway.name() + ": " + response.body().strip());
        }
        Map<String, Published> answers = new TreeMap<>();
        if (JSON.std.mapFrom(response.body()).get("services") instanceof Map<?, ?> services) {
            for (Map.Entry<?, ?> entry : services.entrySet()) {
                answers.put(String.valueOf(entry.getKey()), Published.of(entry.getValue()));
            }
        }
        return answers;
    }

    private static void log(String gateway, @Nullable Outcome before, Outcome now) {
        now.services().forEach((name, answer) -> {
            if (before != null && answer.equals(before.services().get(name))) {
                return;
            }
            if (answer.isRefused()) {
                LOG.warn("service {} is not published by gateway {}: {}", name, gateway, answer.why());
            } else {
                LOG.info("service {} is published by gateway {} at {}", name, gateway, String.join(", ", answer.at()));
            }
        });
    }
}
