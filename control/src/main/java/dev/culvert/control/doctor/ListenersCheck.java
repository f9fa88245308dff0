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
            String holder =
                    bound ? null : holders.holder(Transport.TCP, listener.bind().port());
            if (holder != null) {
                return Finding.broken(
                        name(),
                        "TCP port " + listener.bind().port() + " is held by " + holder,
                        "stop it, or give this node another port in its file (http.listen, or the service's listen)");
            }
            mine.add(listener.bind().toString());
        }
        if (mine.isEmpty()) {
            return Finding.ok(name(), "no public TCP port is asked for");
        }
        String all = String.join(", ", mine);
        return running == null
                ? Finding.ok(name(), "nobody else holds TCP " + all)
                : Finding.ok(name(), "TCP " + all + " are held by this node");
    }

    private List<Listener> listeners() throws IOException {
        if (wanted.load() instanceof Parsed.Ok<Model>(Model model, var _)) {
            return model.listeners();
        }
        return running == null ? List.of() : running.listeners();
    }
}
