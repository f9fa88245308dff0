package dev.culvert.model.decide;

import dev.culvert.model.AccessPolicy;
import dev.culvert.model.BasicAuth;
import dev.culvert.model.Bind;
import dev.culvert.model.ByteSize;
import dev.culvert.model.ClientVerdict;
import dev.culvert.model.Destination;
import dev.culvert.model.ForwardAuth;
import dev.culvert.model.Listener;
import dev.culvert.model.Literals;
import dev.culvert.model.Model;
import dev.culvert.model.PeerType;
import dev.culvert.model.Rate;
import dev.culvert.model.RequestMatch;
import dev.culvert.model.Role;
import dev.culvert.model.Service;
import dev.culvert.model.Site;
import dev.culvert.model.Target;
import dev.culvert.model.Transport;
import dev.culvert.model.decide.Explanation.Stage;
import dev.culvert.model.decide.Explanation.Step;
import dev.culvert.model.forward.Forward;
import dev.culvert.model.forward.ForwardPlan;
import dev.culvert.proto.http.NormalTarget;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
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
        Forward forward = forward(approach, from);
        if (forward != null) {
            return forwarded(walk, forward);
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
        Listener ofDatagrams = null;
        for (Listener listener : model.listeners()) {
            boolean chosen = approach.port() == 0
                    ? listener.service() == null
                    : listener.bind().hasPort(approach.port());
            int port = approach.port() == 0 ? listener.bind().port() : approach.port();
            if (chosen && (literal == null || listener.bind().overlaps(new Bind(literal, port)))) {
                if (listener.isUdp() == approach.isUdp()) {
                    return listener;
                }
                ofDatagrams = listener.isUdp() ? listener : ofDatagrams;
            }
        }
        // A port alone means whatever is there.
        return approach.scheme().isEmpty() ? ofDatagrams : null;
    }

    private String listeners() {
        String all = Stream.concat(
                        model.listeners().stream().map(listener -> listener.scope() + " " + listener.bind()),
                        forwards().stream().map(forward -> "kernel " + forward.from() + "/" + forward.transport()))
                .distinct()
                .collect(Collectors.joining(", "));
        return all.isEmpty() ? "none" : all;
    }

    private List<Forward> forwards() {
        return ForwardPlan.of(model, _ -> List.of()).forwards();
    }

    /// The way through the kernel that a visitor of that address takes; one of the other IP version where no other has
    /// the port, null where none has it.
    private @Nullable Forward forward(Approach approach, InetAddress from) {
        String host = approach.host();
        InetAddress literal = host == null ? null : Literals.address(host);
        Forward found = null;
        for (Forward forward : forwards()) {
            boolean chosen = forward.from().hasPort(approach.port())
                    && (literal == null || forward.from().overlaps(new Bind(literal, approach.port())))
                    && (forward.transport() == Transport.UDP) == approach.isUdp();
            boolean sameVersion = forward.isIpv4() == (from.getAddress().length == 4);
            if (chosen && (found == null || sameVersion)) {
                found = forward;
            }
        }
        return found;
    }

    /// The kernel has the rules of a [ForwardPlan]; what it counts by visitors, it tells nobody.
    private Explanation forwarded(Walk walk, Forward forward) {
        Service service = Objects.requireNonNull(model.services().get(forward.service()));
        walk.passed(Stage.LISTENER, "kernel " + forward.from() + "/" + forward.transport());
        for (Destination destination : service.targets()) {
            if (admission.ban(walk.from, destination.site(), walk.now) != null) {
                return walk.refused(Stage.ADMISSION, reason(walk, Deny.of(DenyReason.BANNED), service));
            }
        }
        walk.passed(
                Stage.ADMISSION,
                Literals.format(walk.from) + " is not banned; how often it comes, only the kernel counts");
        walk.passed(Stage.ROUTER, "the port leads to " + service.name());
        if (!service.access().allows(walk.from)) {
            return walk.refused(Stage.ACCESS, reason(walk, Deny.of(DenyReason.ACL), service));
        }
        walk.passed(Stage.ACCESS, conditions(walk, service));
        walk.passed(
                Stage.SERVICE,
                service.name() + ", declared in " + service.origin() + ", forward: kernel, which "
                        + (forward.keepsSource() ? "keeps the visitor's address" : "shows the gateway's address"));
        if (forward.isIpv4() != (walk.from.getAddress().length == 4)) {
            return walk.refused(Stage.TARGET, "no target has the visitor's IP version: " + service.leadsTo());
        }
        for (Destination destination : service.targets()) {
            if (forward.target().equals(Literals.address(destination.target().host()))) {
                walk.passed(Stage.SITE, site(model.sites().get(String.valueOf(destination.site()))));
                walk.passed(Stage.TARGET, destination.target().toString());
            }
        }
        return walk.done();
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
        if (host == null) {
            return switch (router.route(listener)) {
                case Deny _ ->
                    walk.refused(Stage.ROUTER, "the Host of the request chooses the service here: ask with a URL");
                case Routed routed -> routed(walk, routed);
            };
        }
        NormalTarget target = NormalTarget.of(walk.approach.path());
        if (target == null) {
            return walk.refused(Stage.ROUTER, "no server may be asked for " + walk.approach.path() + ": status 400");
        }
        return switch (router.route(listener, RequestFacts.of(host, target.text()))) {
            case Deny _ -> walk.refused(Stage.ROUTER, noRoute(listener, host, target.text()));
            case Routed routed
            when target.ambiguous() && routed.isGuarded() ->
                walk.refused(
                        Stage.ROUTER,
                        "servers read " + target.text() + " as different paths, and paths decide here: status 400");
            case Routed routed -> routed(walk, routed);
        };
    }

    private String noRoute(Listener listener, String host, String target) {
        List<Routed> routes = router.routes(listener, host);
        for (Service service : model.services().values()) {
            if (routes.isEmpty()
                    && service.hosts().contains(host)
                    && !service.tls().protocols().isEmpty()) {
                return service.name() + " takes only handshakes that offer "
                        + String.join(", ", service.tls().protocols()) + " (ALPN), and nobody else has the host "
                        + host;
            }
        }
        return routes.isEmpty()
                ? "no service has the host " + host + "; hosts: " + hosts()
                : "no service takes GET " + target + " of " + host + "; in this order: "
                        + routes.stream().map(Explainer::route).collect(Collectors.joining(", "));
    }

    /// `photos (photos.example.com/api, method POST)`.
    private static String route(Routed routed) {
        RequestMatch match = routed.service().http().match();
        StringBuilder text = new StringBuilder(routed.service().name())
                .append(" (")
                .append(routed.host())
                .append(routed.prefix().length() == 1 ? "" : routed.prefix());
        if (!match.methods().isEmpty()) {
            text.append(", method ").append(String.join(" ", match.methods()));
        }
        match.headers().forEach(field -> text.append(", header ").append(field));
        return text.append(')').toString();
    }

    private String hosts() {
        String all = model.services().values().stream()
                .flatMap(service -> service.hosts().stream())
                .collect(Collectors.joining(", "));
        return all.isEmpty() ? "none" : all;
    }

    private Explanation routed(Walk walk, Routed routed) {
        Service service = routed.service();
        walk.passed(Stage.ROUTER, why(walk, routed));
        Deny refusal = admission.refusal(walk.from, routed, walk.now);
        if (refusal != null) {
            return walk.refused(Stage.ACCESS, reason(walk, refusal, service));
        }
        walk.passed(Stage.ACCESS, conditions(walk, service));
        walk.passed(
                Stage.SERVICE,
                service.name() + ", declared in " + service.origin() + ", client-address " + service.clientAddress());
        if (service.http().maintenance() != null) {
            return walk.refused(Stage.SERVICE, "in maintenance: every visitor gets the page, with status 503");
        }
        if (service.http().redirect() != null) {
            walk.passed(Stage.TARGET, service.leadsTo());
            return walk.done();
        }
        return targets(walk, routed);
    }

    private String why(Walk walk, Routed routed) {
        String name = routed.service().name();
        if (routed.listener().service() != null) {
            return "the listener leads to " + name;
        }
        List<Routed> routes = router.routes(routed.listener(), String.valueOf(walk.approach.host()));
        String host = "host " + walk.approach.host();
        String order = routes.size() == 1
                ? ""
                : "; asked in this order: "
                        + routes.stream().map(Explainer::route).collect(Collectors.joining(", "));
        String path = routed.prefix().length() == 1 ? "" : ", path " + routed.prefix();
        return host + path + " leads to " + name + order;
    }

    /// What was asked of the visitor so far, and what is asked next, in the order of [Admission#permit].
    private static String conditions(Walk walk, Service service) {
        AccessPolicy access = service.access();
        boolean open = access.allow().isEmpty() && access.deny().isEmpty();
        List<String> all = new ArrayList<>();
        all.add(open ? "open to everyone" : "access lets " + Literals.format(walk.from) + " in");
        Rate rate = access.rate();
        if (rate != null) {
            all.add("up to " + rate + " (" + rate.burst() + " at once)");
        }
        if (service.http().maxBody() > 0) {
            all.add("bodies up to " + ByteSize.format(service.http().maxBody()));
        }
        BasicAuth basic = access.basic();
        if (basic != null) {
            all.add("with a password of " + basic.usersFile());
        }
        ForwardAuth auth = access.forwardAuth();
        if (auth != null) {
            all.add("if " + auth.url() + " says yes");
        }
        return String.join("; ", all);
    }

    /// One that can be reached is enough.
    private static Explanation targets(Walk walk, Routed routed) {
        List<Destination> targets = routed.service().targets();
        for (Destination destination : targets) {
            Site site = routed.site(destination);
            if (site != null && site.peer().publicKey() == null && targets.size() == 1) {
                return walk.refused(
                        Stage.SITE,
                        site.name() + " has not joined: type culvert join there with the token of its site add");
            }
        }
        walk.passed(
                Stage.SITE,
                targets.stream()
                        .map(destination -> site(routed.site(destination)))
                        .distinct()
                        .collect(Collectors.joining("; ")));
        if (targets.size() == 1) {
            return target(walk, targets.getFirst().target(), routed.site(targets.getFirst()));
        }
        walk.passed(
                Stage.TARGET,
                routed.service().balancing().method() + " of "
                        + routed.service().leadsTo());
        return walk.done();
    }

    private static String site(@Nullable Site site) {
        return site == null ? "this machine itself" : site.name() + ", " + site.type();
    }

    private static Explanation target(Walk walk, Target target, @Nullable Site site) {
        InetAddress literal = Literals.address(target.host());
        if (site != null
                && site.type() == PeerType.PLAIN
                && (literal == null || !site.peer().reaches(literal))) {
            return walk.refused(Stage.TARGET, target + " is no address of this plain peer, nor behind it");
        }
        boolean judged = site != null && site.type() == PeerType.CULVERT;
        walk.passed(Stage.TARGET, target + (judged ? ", if the site's own allow: list has it" : ""));
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
        Transport by = walk.approach.isUdp() ? Transport.UDP : Transport.TCP;
        String target = Literals.hostPort(host, port) + (by == Transport.UDP ? "/udp" : "");
        if (!model.rules().allows(by, host, port)) {
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
            case RATE -> who + (service == null ? " connects" : " asks") + " too often now";
            case VISITOR_FULL -> who + " has as many connections with the service as one visitor may";
            case SERVICE_RATE -> "the service is asked too often now, by all visitors together";
            case TOO_MANY -> "too many connections now, of " + who + ", of the service or in all";
            case NO_ROUTE, BODY_SIZE, AMBIGUOUS, CREDENTIALS, FORWARD_AUTH ->
                deny.reason().toString();
        };
    }

    private static String access(Service service) {
        String allow = service.access().allow().stream().map(Literals::format).collect(Collectors.joining(", "));
        String deny = service.access().deny().stream().map(Literals::format).collect(Collectors.joining(", "));
        return service.name() + " (" + (allow.isEmpty() ? "" : "allow " + allow)
                + (allow.isEmpty() || deny.isEmpty() ? "" : "; ") + (deny.isEmpty() ? "" : "deny " + deny) + ")";
    }
}
