package dev.culvert.dataplane.http;

import dev.culvert.dataplane.Connection;
import dev.culvert.dataplane.Dialer;
import dev.culvert.dataplane.Doorway;
import dev.culvert.dataplane.RunningModel;
import dev.culvert.dataplane.tls.Challenges;
import dev.culvert.dataplane.tls.Secured;
import dev.culvert.model.HttpsSettings;
import dev.culvert.model.Listener;
import dev.culvert.model.Service;
import dev.culvert.model.ServiceTls;
import dev.culvert.model.decide.Admitted;
import dev.culvert.model.decide.Deny;
import dev.culvert.model.decide.DenyReason;
import dev.culvert.model.decide.Evidence;
import dev.culvert.model.decide.Permit;
import dev.culvert.model.decide.Routed;
import dev.culvert.model.decide.Verdict;
import dev.culvert.proto.http.Authority;
import dev.culvert.proto.http.RequestPolicy;
import dev.culvert.proto.http.RequestRules;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import io.netty.util.concurrent.FastThreadLocal;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/// The way of each request of one connection, whatever its version of HTTP: rules, router, permit, exchange. One per
/// connection, on its loop.
public final class HttpIngress {
    /// Counts connections without a whole first request in time.
    static final String SLOW_HEAD = "http.slow-head";

    private static final FastThreadLocal<RequestRules> RULES = new FastThreadLocal<>() {
        @Override
        protected RequestRules initialValue() {
            return new RequestRules(RequestPolicy.DEFAULT);
        }
    };

    private static final AsciiString STRICT_TRANSPORT_SECURITY = AsciiString.cached("strict-transport-security");
    private static final AsciiString ALT_SVC = AsciiString.cached("alt-svc");

    private final Doorway doorway;
    private final Listener listener;
    private final UpstreamPool pool;
    private final Channel channel;
    private @Nullable Arrival arrival;
    private @Nullable ForwardedHeaders forwarded;

    /// @param channel the visitor's
    /// @param arrival how it came and was let in, where that is settled; null where it just connected
    public HttpIngress(
            Doorway doorway, Listener listener, UpstreamPool pool, Channel channel, @Nullable Arrival arrival) {
        this.doorway = doorway;
        this.listener = listener;
        this.pool = pool;
        this.channel = channel;
        this.arrival = arrival;
    }

    /// Lets the connection in, once; a second time it is in already. Who is not let in is to be closed.
    public boolean admit() {
        if (arrival != null) {
            return true;
        }
        InetSocketAddress from = (InetSocketAddress) channel.remoteAddress();
        if (!doorway.mayArrive(listener, from.getAddress())) {
            return false;
        }
        Admitted ok = doorway.admit(channel, from.getAddress());
        arrival = ok == null ? null : Arrival.plain(channel, ok);
        return ok != null;
    }

    /// Judges a request and begins its exchange. Null if there is none: the visitor was refused, or its channel closed.
    @Nullable
    HttpExchange begin(HttpVisitor visitor, Request request) {
        return switch (RULES.get().check(request)) {
            case RequestRules.Refused refused -> {
                count("http.refused." + refused.reason());
                yield turnAway(visitor, request, refused.status());
            }
            case RequestRules.Accepted accepted -> route(visitor, request, accepted);
        };
    }

    private @Nullable HttpExchange route(HttpVisitor visitor, Request request, RequestRules.Accepted verdict) {
        Arrival who = arrival();
        Secured secured = who.tls();
        String proof = doorway.tls().challenges().http(verdict.host(), verdict.target());
        if (proof != null) {
            count("acme.http");
            visitor.answer(Answers.text(200, proof));
            return null;
        }
        if (secured != null && !secured.mayAskFor(verdict.host(), doorway.tls().contexts())) {
            // RFC 9110 §15.5.20: what the handshake settled was not meant for this name.
            count("http.misdirected");
            return turnAway(visitor, request, 421);
        }
        RunningModel runtime = doorway.runtime().get();
        return switch (runtime.router().route(listener, new Facts(request, verdict))) {
            case Deny deny -> {
                deny(visitor, request, deny);
                yield null;
            }
            case Routed routed
            when secured == null && !mayBePlain(routed.service(), verdict) -> sendToHttps(visitor, request, verdict);
            // RT-03: by another service's path or pattern nobody gets round the certificates that this one asks for.
            case Routed routed
            when secured != null && !secured.mayReach(routed.service()) -> {
                count("http.misdirected");
                yield turnAway(visitor, request, 421);
            }
            case Routed routed -> new HttpExchange(this, visitor, request, verdict, routed, runtime);
        };
    }

    /// Whether a request by HTTP without TLS is served: also for services with TLS where nobody wants it otherwise, and
    /// where authorities ask for files of the target's own. Never where TLS decides who is let in.
    private boolean mayBePlain(Service service, RequestRules.Accepted verdict) {
        ServiceTls tls = service.tls();
        return !tls.isOn()
                || (tls.ends() == ServiceTls.Ends.GATEWAY
                        && tls.clientCaFile() == null
                        && (!https().redirect() || verdict.target().startsWith(Challenges.HTTP_PATH)));
    }

    private HttpsSettings https() {
        return doorway.runtime().get().model().https();
    }

    private @Nullable HttpExchange sendToHttps(HttpVisitor visitor, Request request, RequestRules.Accepted verdict) {
        if (!https().redirect() || !verdict.target().startsWith("/")) {
            return turnAway(visitor, request, 404);
        }
        int port = 443;
        for (Listener each : doorway.runtime().get().model().listeners()) {
            if (each.protocol() == Listener.Protocol.HTTPS && each.scope() == listener.scope()) {
                port = each.bind().port();
                break;
            }
        }
        String host = new Authority(verdict.host(), port == 443 ? -1 : port).toString();
        doorway.connections().refused(client().getAddress(), request, 308);
        visitor.answer(Answers.redirect(308, "https://" + host + verdict.target()));
        return null;
    }

    /// What a response tells browsers about how to come back: by HTTPS only, and by HTTP/3 where that serves the
    /// service.
    void advertise(HttpHeaders response, Service service, RequestRules.Accepted verdict) {
        Secured secured = arrival().tls();
        if (secured == null) {
            return;
        }
        String hsts = doorway.runtime().get().hsts();
        if (!hsts.isEmpty() && !response.contains(STRICT_TRANSPORT_SECURITY)) {
            response.set(STRICT_TRANSPORT_SECURITY, hsts);
        }
        if (secured.mayComeByQuic(service) && doorway.tls().isQuic(listener)) {
            // RFC 7838 §3.1; the port as the visitor knows it, for what is in front of this machine may change it.
            int port = verdict.port() < 0 ? 443 : verdict.port();
            response.set(ALT_SVC, "h3=\":" + port + "\"; ma=86400");
        } else {
            // A target's own is about sockets to which no visitor gets.
            response.remove(ALT_SVC);
        }
    }

    /// What the exchange may do.
    Verdict permit(Routed routed, Evidence evidence) {
        return doorway.admission().permit(arrival().admitted(), routed, evidence, System.nanoTime());
    }

    /// Whether one more password may be tried; counts the try.
    boolean mayTryPassword(Service service) {
        return doorway.admission().mayTryPassword(client().getAddress(), service, System.nanoTime());
    }

    /// Tells the access log of a request that was answered without a target.
    void refused(Request request, int status) {
        doorway.connections().refused(client().getAddress(), request, status);
    }

    /// Tells the operator of a service that decides about requests and does not answer.
    void authFailed(Service service, Throwable cause) {
        doorway.events()
                .report(
                        service.name(),
                        "forward-auth.failed",
                        "nobody is let in, as forward-auth gave no answer: " + cause.getMessage());
    }

    Connection connect(Permit permit, Request request) {
        Connection connection = doorway.connections().begin(permit, channel);
        connection.head(request);
        return connection;
    }

    void deny(HttpVisitor visitor, Request request, Deny deny) {
        count("denied." + deny.reason());
        int status = status(deny.reason());
        if (status == 0) {
            doorway.connections().refused(client().getAddress(), request, 0);
            channel.close();
        } else {
            turnAway(visitor, request, status);
        }
    }

    /// 0 says nothing, and closes.
    private static int status(DenyReason reason) {
        return switch (reason) {
            case BANNED -> 0;
            case TOO_MANY, SERVICE_RATE -> 503;
            case RATE, VISITOR_FULL -> 429;
            case NO_ROUTE -> 404;
            case ACL, CREDENTIALS, FORWARD_AUTH -> 403;
            case BODY_SIZE -> 413;
            case AMBIGUOUS -> 400;
        };
    }

    /// Refuses a request that does not become an exchange.
    @Nullable
    HttpExchange turnAway(HttpVisitor visitor, Request request, int status) {
        doorway.connections().refused(client().getAddress(), request, status);
        visitor.refuse(status);
        return null;
    }

    /// The visitor's own address.
    InetSocketAddress client() {
        return arrival().client();
    }

    private Arrival arrival() {
        Arrival known = arrival;
        if (known == null) {
            throw new IllegalStateException("a request before admission");
        }
        return known;
    }

    Dialer.Visitor visitor() {
        return new Dialer.Visitor(client(), arrival().local(), arrival().told());
    }

    /// What a target of the service is told about the visitor.
    ForwardedHeaders forwarded(Service service, RequestRules.Accepted verdict) {
        ForwardedHeaders known = forwarded;
        if (known == null || !known.areFor(service, verdict)) {
            known = new ForwardedHeaders(arrival(), service, verdict);
            forwarded = known;
        }
        return known;
    }

    boolean isSecure() {
        return arrival().tls() != null;
    }

    UpstreamPool pool() {
        return pool;
    }

    Reading reading(HttpVisitor visitor) {
        return new Reading(visitor, doorway.admission(), client().getAddress());
    }

    /// Counts what strangers can cause at will.
    void count(String kind) {
        doorway.events().count(kind);
    }

    /// Tells the operator what a target did; the visitor hears of the status alone.
    void report(Permit permit, String kind, String text, String requestId) {
        doorway.events().report(permit.service().name(), kind, text + " (request " + requestId + ")");
    }

    void failed(Throwable cause) {
        doorway.events().pipelineFailed(cause);
    }
}
