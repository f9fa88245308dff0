package dev.culvert.dataplane.http;

import dev.culvert.dataplane.Connection;
import dev.culvert.dataplane.Dialer;
import dev.culvert.dataplane.Doorway;
import dev.culvert.dataplane.tls.Challenges;
import dev.culvert.dataplane.tls.Secured;
import dev.culvert.model.HttpsSettings;
import dev.culvert.model.Listener;
import dev.culvert.model.Service;
import dev.culvert.model.ServiceTls;
import dev.culvert.model.decide.Admitted;
import dev.culvert.model.decide.Deny;
import dev.culvert.model.decide.Permit;
import dev.culvert.model.decide.Routed;
import dev.culvert.proto.http.Authority;
import dev.culvert.proto.http.RequestPolicy;
import dev.culvert.proto.http.RequestRules;
import io.netty.channel.Channel;
import io.netty.util.concurrent.FastThreadLocal;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/// The way of each request of one connection, whatever its version of HTTP: rules, router, permit, exchange. One per
/// connection, on its loop.
public final class HttpIngress {
    private static final FastThreadLocal<RequestRules> RULES = new FastThreadLocal<>() {
        @Override
        protected RequestRules initialValue() {
            return new RequestRules(RequestPolicy.DEFAULT);
        }
    };

    private final Doorway doorway;
    private final Listener listener;
    private final UpstreamPool pool;
    private final Channel channel;
    private @Nullable Arrival arrival;

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
        return switch (doorway.admission().accept(from.getAddress(), System.nanoTime())) {
            case Deny deny -> {
                doorway.events().count("denied." + deny.reason());
                yield false;
            }
            case Admitted ok -> {
                arrival = Arrival.plain(channel, ok);
                channel.closeFuture().addListener(_ -> doorway.admission().release(ok));
                yield true;
            }
        };
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
        return switch (doorway.runtime().get().router().route(listener, verdict.host())) {
            case Deny deny -> deny(visitor, request, deny);
            case Routed routed
            when secured == null && !mayBePlain(routed.service(), verdict) -> sendToHttps(visitor, request, verdict);
            case Routed routed ->
                switch (doorway.admission().permit(who.admitted(), routed, System.nanoTime())) {
                    case Deny deny -> deny(visitor, request, deny);
                    case Permit permit -> {
                        Connection connection = doorway.connections().begin(permit, channel);
                        connection.head(request);
                        visitor.begins(connection);
                        yield new HttpExchange(this, visitor, request, verdict, permit, connection);
                    }
                };
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

    /// What a response tells browsers about HTTPS; empty for nothing.
    String hsts() {
        return arrival().tls() == null ? "" : doorway.runtime().get().hsts();
    }

    private @Nullable HttpExchange deny(HttpVisitor visitor, Request request, Deny deny) {
        count("denied." + deny.reason());
        return switch (deny.reason()) {
            case BANNED -> {
                doorway.connections().refused(client().getAddress(), request, 0);
                channel.close();
                yield null;
            }
            case TOO_MANY, RATE -> turnAway(visitor, request, 503);
            case NO_ROUTE -> turnAway(visitor, request, 404);
            case ACL -> turnAway(visitor, request, 403);
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
        return new Dialer.Visitor(client(), arrival().local());
    }

    ForwardedHeaders forwarded(Permit permit) {
        return new ForwardedHeaders(arrival(), permit.service());
    }

    UpstreamPool pool() {
        return pool;
    }

    /// Counts what strangers can cause at will.
    void count(String kind) {
        doorway.events().count(kind);
    }

    void dialFailed(Permit permit, Throwable cause) {
        doorway.events()
                .report(
                        permit.service().name(),
                        "dial.failed",
                        "no connection to " + permit.service().target() + ": " + cause.getMessage());
    }

    void badResponse(Permit permit, String why) {
        doorway.events()
                .report(
                        permit.service().name(),
                        "response.bad",
                        "the response of " + permit.service().target() + " was refused: " + why);
    }

    void silent(Permit permit, int seconds) {
        doorway.events()
                .report(
                        permit.service().name(),
                        "response.late",
                        permit.service().target() + " took a request and sent no answer for " + seconds + " s");
    }

    void failed(Throwable cause) {
        doorway.events().pipelineFailed(cause);
    }
}
