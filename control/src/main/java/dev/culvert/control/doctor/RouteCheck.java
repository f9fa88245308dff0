package dev.culvert.control.doctor;

import dev.culvert.model.Literals;
import dev.culvert.model.RequestMatch;
import dev.culvert.model.Service;
import dev.culvert.model.decide.Approach;
import dev.culvert.model.decide.Explanation;
import dev.culvert.model.decide.Explanation.Step;
import java.net.InetAddress;
import java.util.Objects;
import java.util.function.BiFunction;

/// Whether the listener, the limits, the router and the access rules lead a visitor to the service.
final class RouteCheck implements Check {
    /// An address of documentation (RFC 5737) stands for any visitor.
    static final InetAddress ANYBODY = Objects.requireNonNull(Literals.address("192.0.2.1"));

    private final Service service;
    private final BiFunction<Approach, InetAddress, Explanation> explain;

    RouteCheck(Service service, BiFunction<Approach, InetAddress, Explanation> explain) {
        this.service = service;
        this.explain = explain;
    }

    /// Whether a plain GET leads to the service.
    static boolean canAsk(Service service) {
        RequestMatch match = service.http().match();
        return match.headers().isEmpty()
                && (match.methods().isEmpty() || match.methods().contains("GET"));
    }

    @Override
    public String name() {
        return service.name() + ": route";
    }

    @Override
    public Finding run() {
        Approach approach = service.hosts().isEmpty()
                ? new Approach("", null, service.listen().getFirst().port())
                : new Approach(
                        "",
                        service.hosts().getFirst().replaceFirst("^\\*", "any"),
                        0,
                        service.http().match().prefixes().getFirst());
        // Somebody whom the service means to let in.
        InetAddress from = service.access().allow().isEmpty()
                ? ANYBODY
                : service.access().allow().getFirst().address();
        Explanation explanation = explain.apply(approach, from);
        Step last = explanation.steps().getLast();
        return explanation.permitted()
                ? Finding.ok(name(), "a visitor from " + Literals.format(from) + " gets to " + service.leadsTo())
                : Finding.broken(
                        name(),
                        "a visitor from " + Literals.format(from) + " ends at " + last.stage() + ": " + last.text(),
                        "culvert explain shows every stage");
    }
}
