package dev.culvert.model.decide;

import dev.culvert.model.Bind;
import dev.culvert.model.ClientVerdict;
import dev.culvert.model.Listener;
import dev.culvert.model.Literals;
import dev.culvert.model.Model;
import dev.culvert.model.PeerType;
import dev.culvert.model.Role;
import dev.culvert.model.Service;
import dev.culvert.model.Site;
import dev.culvert.model.decide.Explanation.Stage;
import dev.culvert.model.decide.Explanation.Step;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Walks the stages of a connection for somebody who only asks: the same [Router] and [Admission] decide that decide
/// on visitors, and nothing is counted.
public final class Explainer {
    private final Model model;
    private final Router router;
    private final Admission admission;
    private final Set<InetAddress> own;

    /// @param router of this model
    /// @param own this machine's own addresses, which no visitor can have; empty where nobody knows them
    public Explainer(Model model, Router router, Admission admission, Set<InetAddress> own) {
        this.model = model;
        this.router = router;
        this.admission = admission;
        this.own = Set.copyOf(own);
    }

    /// One walk, its steps as they come.
    private record Walk(Approach approach, InetAddress from, long now, List<Step> steps) {
        void passed(Stage stage, String text) {
            steps.add(new Step(stage, true, text));
        }

        Explanation refused(Stage stage, String text) {
            steps.add(new Step(stage, false, text));
            return done();
        }

        Explanation done() {
            return new Explanation(steps);
        }
    }

    /// @param from the visitor's address; at a site, the one that a gateway would name
    /// @param now monotonic nanoseconds
    public Explanation explain(Approach approach, InetAddress from, long now) {
        Walk walk = new Walk(approach, from, now, new ArrayList<>());
        Listener listener = listener(approach);
        if (listener != null) {
            return arrived(walk, listener);
        }
        String host = approach.host();
        if (model.role() == Role.SITE && host != null && approach.port() > 0) {
            return hop(walk, host, approach.port());
        }
        return walk.refused(
                Stage.LISTENER,
                (approach.port() == 0 ? "no listener takes requests by host" : "nothing listens on " + approach.port())
                        + "; listeners: " + listeners());
    }

    private @Nullable Listener listener(Approach approach) {
        String host = approach.host();
        InetAddress literal = host == null ? null : Literals.address(host);
        for (Listener listener : model.listeners()) {
            boolean chosen = approach.port() == 0
                    ? listener.service() == null
                    : approach.port() == listener.bind().port();
            if (chosen && (literal == null || listener.bind().overlaps(bind(literal, listener)))) {
                return listener;
            }
        }
        return null;
    }

    private static Bind bind(InetAddress address, Listener listener) {
        return new Bind(address, listener.bind().port());
    }

    private String listeners() {
        String all = model.listeners().stream()
                .map(listener -> listener.scope() + " " + listener.bind())
                .collect(Collectors.joining(", "));
        return all.isEmpty() ? "none" : all;
    }

    private Explanation arrived(Walk walk, Listener listener) {
        String where = listener.scope() + " " + listener.bind() + ", " + listener.protocol();
        if (walk.approach.scheme().equals("https") && listener.protocol() == Listener.Protocol.HTTP) {
            return walk.refused(Stage.LISTENER, where + " without TLS: a browser that asks for https gets no answer");
        }
        walk.passed(Stage.LISTENER, where);
        Deny refusal = admission.refusal(walk.from, walk.now);
        if (refusal != null) {
            return walk.refused(Stage.ADMISSION, reason(walk, refusal, null));
        }
        walk.passed(Stage.ADMISSION, Literals.format(walk.from) + " is neither banned nor over a limit");
        String host = walk.approach.host();
        return switch (host == null ? router.route(listener) : router.route(listener, host)) {
            case Deny _ ->
                walk.refused(
                        Stage.ROUTER,
                        host == null
                                ? "the Host of the request chooses the service here: ask with a URL"
                                : "no service has the host " + host + "; hosts: " + hosts());
            case Routed routed -> routed(walk, routed);
        };
    }

    private String hosts() {
        String all = model.services().values().stream()
                .flatMap(service -> service.hosts().stream())
                .collect(Collectors.joining(", "));
        return all.isEmpty() ? "none" : all;
    }

    private Explanation routed(Walk walk, Routed routed) {
        Service service = routed.service();
        boolean byHost = routed.listener().service() == null;
        walk.passed(
                Stage.ROUTER,
                (byHost ? "host " + walk.approach.host() : "the listener") + " leads to " + service.name());
        Deny refusal = admission.refusal(walk.from, routed, walk.now);
        if (refusal != null) {
            return walk.refused(Stage.ACCESS, reason(walk, refusal, service));
        }
        boolean open =
                service.access().allow().isEmpty() && service.access().deny().isEmpty();
        walk.passed(Stage.ACCESS, open ? "open to everyone" : "access lets " + Literals.format(walk.from) + " in");
        walk.passed(
                Stage.SERVICE,
                service.name() + ", declared in " + service.origin() + ", client-address " + service.clientAddress());
        Site site = routed.site();
        if (site == null) {
            walk.passed(Stage.SITE, "this machine itself");
        } else if (site.peer().publicKey() == null) {
            return walk.refused(
                    Stage.SITE,
                    site.name() + " has not joined: type culvert join there with the token of its site add");
        } else {
            walk.passed(Stage.SITE, site.name() + ", " + site.type());
        }
        return target(walk, service, site);
    }

    private static Explanation target(Walk walk, Service service, @Nullable Site site) {
        InetAddress literal = Literals.address(service.target().host());
        if (site != null
                && site.type() == PeerType.PLAIN
                && (literal == null || !site.peer().reaches(literal))) {
            return walk.refused(Stage.TARGET, service.target() + " is no address of this plain peer, nor behind it");
        }
        boolean judged = site != null && site.type() == PeerType.CULVERT;
        walk.passed(Stage.TARGET, service.target() + (judged ? ", if the site's own allow: list has it" : ""));
        return walk.done();
    }

    /// At a site: what the home would say to its gateway.
    private Explanation hop(Walk walk, String host, int port) {
        boolean open = model.gateways().values().stream().anyMatch(gateway -> gateway.type() == PeerType.CULVERT);
        if (!open) {
            return walk.refused(
                    Stage.LISTENER,
                    "no Culvert gateway reaches this site; listeners inside the tunnel: " + listeners());
        }
        walk.passed(
                Stage.LISTENER,
                "the hop of the gateways " + String.join(", ", model.gateways().keySet()));
        ClientVerdict verdict = model.rules().mayClaim(walk.from, own);
        if (verdict != ClientVerdict.ALLOWED) {
            return walk.refused(
                    Stage.ADMISSION,
                    Literals.format(walk.from) + " cannot be a visitor's address (" + verdict
                            + "): list its prefix under clients: in site.yaml if it is one");
        }
        walk.passed(Stage.ADMISSION, Literals.format(walk.from) + " can be a visitor's address");
        String target = Literals.hostPort(host, port);
        if (!model.rules().allows(host, port)) {
            return walk.refused(Stage.ACCESS, target + " is not on the allow: list of site.yaml: " + allowed());
        }
        walk.passed(Stage.ACCESS, target + " is on the allow: list of site.yaml");
        walk.passed(Stage.TARGET, target + ", dialled from this machine");
        return walk.done();
    }

    private String allowed() {
        List<String> all = model.rules().allow().stream().map(Object::toString).toList();
        return all.isEmpty() ? "it is empty" : String.join(", ", all);
    }

    private String reason(Walk walk, Deny deny, @Nullable Service service) {
        String who = Literals.format(walk.from);
        return switch (deny.reason()) {
            case BANNED -> {
                Ban ban = admission.ban(walk.from, service == null ? null : service.site(), walk.now);
                yield who + " is banned"
                        + (ban == null ? "" : " by " + Literals.format(ban.prefix()) + ": " + ban.reason());
            }
            case ACL -> who + " is kept out by access: of " + (service == null ? "the service" : access(service));
            case RATE -> who + " connects too often now";
            case TOO_MANY -> "too many connections now, of " + who + ", of the service or in all";
            case NO_ROUTE -> "no service";
        };
    }

    private static String access(Service service) {
        String allow = service.access().allow().stream().map(Literals::format).collect(Collectors.joining(", "));
        String deny = service.access().deny().stream().map(Literals::format).collect(Collectors.joining(", "));
        return service.name() + " (" + (allow.isEmpty() ? "" : "allow " + allow)
                + (allow.isEmpty() || deny.isEmpty() ? "" : "; ") + (deny.isEmpty() ? "" : "deny " + deny) + ")";
    }
}
