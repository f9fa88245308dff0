package dev.culvert.control.doctor;

import dev.culvert.control.machine.BoundSocket.Transport;
import dev.culvert.control.machine.PortHolders;
import dev.culvert.model.Listener;
import dev.culvert.model.Model;
import dev.culvert.model.config.Parsed;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Whether the public ports that the configuration wants are ours, and who holds those that are not.
final class ListenersCheck implements Check {
    private final ConfigurationCheck.Reading wanted;
    private final @Nullable Model running;

    /// @param wanted what the configuration says now, which a held port kept from being applied
    /// @param running null where no node runs
    ListenersCheck(ConfigurationCheck.Reading wanted, @Nullable Model running) {
        this.wanted = wanted;
        this.running = running;
    }

    @Override
    public String name() {
        return "ports";
    }

    @Override
    public Finding run() throws IOException {
        PortHolders holders = PortHolders.now();
        List<String> mine = new ArrayList<>();
        for (Listener listener : listeners()) {
            if (listener.scope() == Listener.Scope.TUNNEL) {
                continue;
            }
            boolean bound = running != null && running.listeners().stream().anyMatch(listener::sameSocket);
            Finding held = bound ? null : held(listener, holders);
            if (held != null) {
                return held;
            }
            mine.add(listener.bind() + (listener.isUdp() ? "/udp" : ""));
        }
        if (mine.isEmpty()) {
            return Finding.ok(name(), "no public port is asked for");
        }
        String all = String.join(", ", mine);
        return running == null
                ? Finding.ok(name(), "nobody else holds " + all)
                : Finding.ok(name(), all + " are held by this node");
    }

    private @Nullable Finding held(Listener listener, PortHolders holders) {
        Transport by = listener.isUdp() ? Transport.UDP : Transport.TCP;
        for (int port = listener.bind().port(); port <= listener.bind().last(); port++) {
            String holder = holders.holder(by, port);
            if (holder != null) {
                return Finding.broken(
                        name(),
                        (listener.isUdp() ? "UDP" : "TCP") + " port " + port + " is held by " + holder,
                        "stop it, or give this node another port in its file (http.listen, or the service's listen)");
            }
        }
        return null;
    }

    private List<Listener> listeners() throws IOException {
        if (wanted.load() instanceof Parsed.Ok<Model>(Model model, var _)) {
            return model.listeners();
        }
        return running == null ? List.of() : running.listeners();
    }
}
