package dev.culvert.dataplane.http;

import dev.culvert.dataplane.RunningModel;
import dev.culvert.dataplane.access.BasicAuth.Outcome;
import dev.culvert.model.BasicAuth;
import dev.culvert.model.ForwardAuth;
import dev.culvert.model.Service;
import dev.culvert.model.decide.Demand;
import dev.culvert.model.decide.Deny;
import dev.culvert.model.decide.DenyReason;
import dev.culvert.model.decide.Evidence;
import dev.culvert.model.decide.Permit;
import dev.culvert.model.decide.Routed;
import dev.culvert.proto.http.RequestRules;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.util.concurrent.Future;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Brings a request what it has to show, one demand after the other, until there is a last word. What cannot be asked
/// is answered no. One per request, on its loop.
final class AccessGate {
    // A login service that takes longer is down.
    private static final int AUTH_MILLIS = 5_000;

    private final HttpIngress ingress;
    private final EventLoop loop;
    private final Request request;
    private final RequestRules.Accepted verdict;
    private final Routed routed;
    private final RunningModel runtime;
    private final String id;
    private final Entry entry;
    private @Nullable HttpHeaders approval;

    /// The request that waits.
    interface Entry {
        void denied(Deny deny);

        /// Has to show something that it does not have.
        void turnedAway(Answer answer);

        /// @param approval the answer of the service that decides, where there is one
        void permitted(Permit permit, @Nullable HttpHeaders approval);

        /// Goes on after a wait, unless the visitor has left.
        void later(Runnable task);
    }

    AccessGate(
            HttpIngress ingress,
            EventLoop loop,
            Request request,
            RequestRules.Accepted verdict,
            Routed routed,
            RunningModel runtime,
            String id,
            Entry entry) {
        this.ingress = ingress;
        this.loop = loop;
        this.request = request;
        this.verdict = verdict;
        this.routed = routed;
        this.runtime = runtime;
        this.id = id;
        this.entry = entry;
    }

    void enter() {
        Evidence evidence = Evidence.of(verdict.length(), verdict.ambiguous());
        // Who is asked to come back later is not asked for a password before.
        boolean paused = routed.service().http().maintenance() != null;
        judge(paused ? evidence.withPassword().withApproval() : evidence);
    }

    private void judge(Evidence evidence) {
        switch (ingress.permit(routed, evidence)) {
            case Deny deny -> entry.denied(deny);
            case Demand.PASSWORD -> askPassword(evidence);
            case Demand.APPROVAL -> askApproval(evidence);
            case Permit permit -> entry.permitted(permit, approval);
        }
    }

    private void askPassword(Evidence evidence) {
        Service service = routed.service();
        BasicAuth basic = Objects.requireNonNull(service.access().basic());
        Future<Outcome> checked = runtime.files()
                .passwords()
                .check(
                        basic.usersFile(),
                        request.first(HttpHeaderNames.AUTHORIZATION),
                        () -> ingress.mayTryPassword(service),
                        loop);
        whenDone(checked, () -> {
            Outcome outcome = checked.isSuccess() ? checked.getNow() : Outcome.BUSY;
            switch (outcome) {
                case RIGHT -> judge(evidence.withPassword());
                case BUSY -> entry.turnedAway(Answer.of(429, id));
                case MISSING, WRONG -> {
                    ingress.count("denied." + DenyReason.CREDENTIALS);
                    Answer answer = Answer.of(401, id);
                    String challenge = "Basic realm=\"" + basic.realm() + "\", charset=\"UTF-8\"";
                    answer.headers().set(HttpHeaderNames.WWW_AUTHENTICATE, challenge);
                    entry.turnedAway(answer);
                }
            }
        });
    }

    private void askApproval(Evidence evidence) {
        Service service = routed.service();
        ForwardAuth auth = Objects.requireNonNull(service.access().forwardAuth());
        HttpRequest asTarget = Heads.toTarget(request, verdict, ingress.forwarded(service, verdict));
        HttpRequest question = ForwardAuthRequest.of(asTarget, auth, request, verdict, ingress.isSecure());
        Future<HttpClient.Reply> asked = ingress.pool()
                .client()
                .ask(auth.destination(), routed.site(auth.destination()), question, AUTH_MILLIS, loop);
        whenDone(asked, () -> {
            if (!asked.isSuccess()) {
                ingress.count("auth.forward.failed");
                ingress.authFailed(service, asked.cause());
                entry.turnedAway(Answer.of(502, id));
                return;
            }
            HttpClient.Reply reply = asked.getNow();
            if (reply.status() >= 200 && reply.status() < 300) {
                approval = reply.headers();
                judge(evidence.withApproval());
            } else {
                ingress.count("denied." + DenyReason.FORWARD_AUTH);
                entry.turnedAway(ForwardAuthRequest.refusal(reply));
            }
        });
    }

    /// At once where it is known already.
    private void whenDone(Future<?> question, Runnable next) {
        if (question.isDone()) {
            next.run();
        } else {
            question.addListener(_ -> entry.later(next));
        }
    }
}
