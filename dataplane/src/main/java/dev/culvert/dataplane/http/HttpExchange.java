package dev.culvert.dataplane.http;

import dev.culvert.dataplane.Connection;
import dev.culvert.dataplane.DialException;
import dev.culvert.dataplane.Ended;
import dev.culvert.dataplane.Failover;
import dev.culvert.dataplane.RunningModel;
import dev.culvert.model.HttpSettings;
import dev.culvert.model.Redirect;
import dev.culvert.model.decide.Deny;
import dev.culvert.model.decide.DenyReason;
import dev.culvert.model.decide.Permit;
import dev.culvert.model.decide.Routed;
import dev.culvert.model.decide.TargetGroup;
import dev.culvert.model.decide.TargetState;
import dev.culvert.proto.http.Framing;
import dev.culvert.proto.http.RequestRules;
import dev.culvert.proto.http.ResponseRules;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.FastThreadLocal;
import io.netty.util.concurrent.Future;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/// One request and its response, on the visitor's loop from beginning to end, whatever version of HTTP either side
/// speaks.
///
/// Bodies flow as they come: the visitor is read only while the upstream is writable, and the other way round.
final class HttpExchange {
    private static final FastThreadLocal<ResponseRules> RESPONSE_RULES = new FastThreadLocal<>() {
        @Override
        protected ResponseRules initialValue() {
            return new ResponseRules();
        }
    };

    private final HttpIngress ingress;
    private final HttpVisitor visitor;
    private final Request request;
    private final RequestRules.Accepted verdict;
    private final Routed routed;
    private final RunningModel runtime;
    private final String id = RequestId.next();
    private final Deque<HttpContent> early = new ArrayDeque<>(2);
    private final Pace pace = new Pace();
    private final Reading reading;
    private @Nullable Served served;
    private @Nullable Toll toll;
    private @Nullable Upstream upstream;
    private @Nullable TargetState target;
    private boolean reused;
    private @Nullable Answer waiting;
    private boolean requestEnded;
    private boolean requestSent;
    private boolean visitorWatched;
    // A read of the upstream is open: never more than one, so that none takes what belongs to whom comes after.
    private boolean asked;
    private boolean bodySeen;
    private boolean responseStarted;
    private boolean keepUpstream;
    private boolean relay;
    private boolean tunnelBegins;
    private boolean dialling;
    private boolean grpc;
    private boolean released;
    private int interim;
    private long received;
    private boolean over;

    /// What only a request that was let through has.
    private record Served(
            Permit permit, Connection connection, @Nullable HttpHeaders approval) {}

    HttpExchange(
            HttpIngress ingress,
            HttpVisitor visitor,
            Request request,
            RequestRules.Accepted verdict,
            Routed routed,
            RunningModel runtime) {
        this.ingress = ingress;
        this.visitor = visitor;
        this.reading = ingress.reading(visitor);
        this.request = request;
        this.verdict = verdict;
        this.routed = routed;
        this.runtime = runtime;
    }

    void start() {
        if (isUpgrade()) {
            request.requireWebSocketKey();
        }
        new AccessGate(ingress, visitor.loop(), request, verdict, routed, runtime, id, new Entry()).enter();
    }

    /// What becomes of it at the gate.
    private final class Entry implements AccessGate.Entry {
        @Override
        public void denied(Deny deny) {
            over = true;
            ingress.deny(visitor, request, deny);
            release();
        }

        @Override
        public void turnedAway(Answer answer) {
            ingress.refused(request, answer.status());
            answer(answer);
        }

        @Override
        public void permitted(Permit permit, @Nullable HttpHeaders approval) {
            Connection connection = ingress.connect(permit, request);
            visitor.begins(connection);
            served = new Served(permit, connection, approval);
            toll = Toll.of(connection, visitor.loop());
            serve(permit);
        }

        @Override
        public void later(Runnable task) {
            guarded(() -> {
                if (!over) {
                    task.run();
                }
            });
        }
    }

    private void serve(Permit permit) {
        Redirect redirect = settings().redirect();
        if (settings().maintenance() != null) {
            answer(Answer.maintenance(runtime.files().page(permit.service())));
        } else if (redirect != null) {
            answer(Answer.redirect(redirect.status(), redirect.location(verdict.target())));
        } else {
            dialling = true;
            TargetGroup group = runtime.targets().of(permit.service());
            int preferred = permit.service().balancing().sticky() ? StickyCookie.read(request, group) : -1;
            whenFound(new Failover<>(group, permit.client(), preferred, visitor.loop(), trial()).connect());
        }
    }

    private ServiceEdits edits() {
        return new ServiceEdits(routed, runtime, request, verdict, served().approval);
    }

    private HttpSettings settings() {
        return routed.service().http();
    }

    private Served served() {
        Served now = served;
        if (now == null) {
            throw new IllegalStateException("a request that was not let through");
        }
        return now;
    }

    Request request() {
        return request;
    }

    RequestRules.Accepted verdict() {
        return verdict;
    }

    boolean isUpgrade() {
        return verdict.upgradeWebSocket();
    }

    private TargetTrial trial() {
        Served now = served();
        return new TargetTrial(ingress, visitor, now.permit, now.connection, id, isUpgrade(), next -> target = next);
    }

    private void whenFound(Future<UpstreamPool.Lease> lease) {
        if (lease.isDone()) {
            guarded(() -> begin(lease));
        } else {
            lease.addListener(_ -> guarded(() -> begin(lease)));
        }
    }

    private void begin(Future<UpstreamPool.Lease> done) {
        dialling = false;
        if (!done.isSuccess()) {
            if (over) {
                release();
            } else {
                served().connection.dialFailed();
                fail(
                        done.cause() instanceof DialException failed
                                ? failed.broken().status()
                                : 502);
            }
            return;
        }
        UpstreamPool.Lease lease = done.getNow();
        Upstream leased = lease.upstream();
        if (over) {
            closeAndRelease(leased);
            return;
        }
        upstream = leased;
        reused = lease.reused();
        HttpRequest head = edits().toTarget(ingress, id);
        if (leased.isStream()) {
            grpc = request.isGrpc();
            if (Heads.wantsTrailers(request)) {
                head.headers().set(HttpHeaderNames.TE, HttpHeaderValues.TRAILERS);
            }
        }
        leased.head(head);
        leased.lend(this);
        asked = true;
        HttpContent content;
        while ((content = early.pollFirst()) != null) {
            send(leased, content);
        }
        if (requestSent || verdict.framing() != Framing.NONE) {
            leased.flush();
        }
        if (!requestSent) {
            // Without a body the end is there already, and leaves with the head.
            visitor.read();
        }
    }

    /// A piece of the visitor's body.
    void requestContent(HttpContent content) {
        Upstream current = upstream;
        Answer answer = waiting;
        requestEnded |= content instanceof LastHttpContent;
        if (answer != null && !over) {
            content.release();
            waiting = null;
            send(answer);
            return;
        }
        bodySeen |= content.content().isReadable();
        received += content.content().readableBytes();
        if (over) {
            content.release();
        } else if (settings().maxBody() > 0 && received > settings().maxBody()) {
            content.release();
            // A body that did not say how long it would be.
            ingress.count("denied." + DenyReason.BODY_SIZE);
            breakOff(413);
        } else if (current == null) {
            // Only the first piece: nothing more is read before the upstream is there.
            early.addLast(content);
        } else {
            send(current, content);
            current.flush();
            if (current.isWritable()) {
                upstreamWritable();
            }
        }
    }

    /// The visitor's body does not parse: the target must not take what it got for the whole.
    void requestBroken() {
        how(Ended.How.VISITOR);
        breakOff(400);
    }

    private void send(Upstream current, HttpContent content) {
        served().connection.received().add(content.content().readableBytes());
        current.content(Heads.withoutTrailers(content));
        if (content instanceof LastHttpContent) {
            requestSent = true;
            pace.responseDue(System.nanoTime());
            if (!isUpgrade() && !visitorWatched) {
                visitorWatched = true;
                // Notices a visitor that leaves; a pipelined request waits in the ingress.
                visitor.read();
            }
        }
    }

    void upstreamWritable() {
        Toll slow = toll;
        boolean reads = !over && !requestSent && upstream != null;
        if (reads && (slow == null || !slow.request.holds(this::upstreamWritable))) {
            visitor.read();
        }
    }

    void visitorWritable() {
        if (upstream != null) {
            ask(upstream);
        }
    }

    private void ask(Upstream from) {
        Toll slow = toll;
        if (!over && !asked && (slow == null || !slow.response.holds(this::visitorWritable))) {
            asked = true;
            from.read();
        }
    }

    void upstreamRead(Upstream from, Object message) {
        if (over || from != upstream) {
            ReferenceCountUtil.release(message);
            return;
        }
        asked = false;
        if (message instanceof HttpObject object && object.decoderResult().isFailure()) {
            ReferenceCountUtil.release(message);
            upstreamBroken("it does not parse");
            return;
        }
        if (message instanceof HttpResponse head && responseHead(head)) {
            ask(from);
        }
        if (message instanceof HttpContent content) {
            responseContent(from, content);
        }
    }

    /// Whether the visitor takes more at once: what it has no room for is not fetched, only to lie here.
    private boolean responseHead(HttpResponse head) {
        ingress.advertise(head.headers(), routed.service(), verdict);
        Heads.ResponseView answer = new Heads.ResponseView(head);
        CharSequence key = isUpgrade() ? request.first(HttpHeaderNames.SEC_WEBSOCKET_KEY) : null;
        return switch (RESPONSE_RULES.get().check(answer, request.isHead(), key, interim)) {
            case ResponseRules.Refused(var reason) -> {
                upstreamBroken(reason.toString());
                yield false;
            }
            case ResponseRules.Interim _ -> {
                interim++;
                visitor.interim(head, answer);
                yield true;
            }
            case ResponseRules.Switching _ -> {
                begun(101);
                relay = visitor.switched(head, answer);
                tunnelBegins = !relay;
                yield true;
            }
            case ResponseRules.Final last -> {
                begun(head.status().code());
                keepUpstream = last.keepAlive();
                visitor.head(head, edits().toVisitor(head, answer, target, ingress.isSecure()), last);
                yield last.framing() == Framing.NONE || last.length() == 0 || visitor.isWritable();
            }
        };
    }

    /// Whether there is more of the response than the visitor takes.
    boolean isHeldBack() {
        return responseStarted && !asked && !over;
    }

    private void begun(int status) {
        responseStarted = true;
        pace.responseBegun();
        served().connection.status(status);
    }

    private String where() {
        return target == null ? "no target" : target.destination().toString();
    }

    /// A response of the gateway's own, in the place of a target's.
    private void answer(Answer answer) {
        Served now = served;
        if (now != null) {
            now.connection.status(answer.status());
            now.connection.sent().add(answer.length());
        }
        if (!requestEnded && verdict.framing() == Framing.NONE) {
            // It has no body: behind its end, which is there already, the connection may serve the next request.
            waiting = answer;
            visitor.read();
        } else {
            send(answer);
        }
    }

    private void send(Answer answer) {
        responseStarted = true;
        endEarly();
        answer.send(visitor, request);
    }

    private void how(Ended.How how) {
        Served now = served;
        if (now != null) {
            now.connection.how(how);
        }
    }

    private void responseContent(Upstream from, HttpContent content) {
        if (over || !responseStarted) {
            // Wanted by nobody, or the end of an interim response.
            content.release();
            ask(from);
            return;
        }
        if (tunnelBegins) {
            content.release();
            tunnel(from);
            return;
        }
        served().connection.sent().add(content.content().readableBytes());
        if (relay) {
            content.release();
            over = true;
            served().connection.upgraded();
            reading.end();
            visitor.relay(from, served().connection);
        } else if (content instanceof LastHttpContent last) {
            responseEnded(from, last);
        } else {
            visitor.content(content);
            if (visitor.isWritable()) {
                ask(from);
            }
        }
    }

    /// From here on both bodies are the bytes of what was switched to, and the visitor's begins anew.
    private void tunnel(Upstream from) {
        tunnelBegins = false;
        requestSent = false;
        served().connection.upgraded();
        from.switchToBytes();
        visitor.read();
        ask(from);
    }

    /// The target has said all that it has to say for now.
    void upstreamPaused() {
        if (!over && responseStarted) {
            visitor.flush();
        }
    }

    private void responseEnded(Upstream from, LastHttpContent last) {
        over = true;
        TargetState here = target;
        if (keepUpstream && requestSent && here != null) {
            ingress.pool().release(served().permit, here.destination(), from);
            release();
        } else {
            // An early response leaves a body unread: that connection never serves another request (H1-19).
            closeAndRelease(from);
        }
        reading.end();
        served().connection.ended();
        visitor.end(last);
    }

    private void closeAndRelease(Upstream leaving) {
        leaving.close().addListener(_ -> onLoop(this::release));
    }

    private void release() {
        if (!released) {
            released = true;
            visitor.released();
        }
    }

    void upstreamClosed(Upstream from) {
        if (over || from != upstream) {
            return;
        }
        TargetState current = target;
        boolean retry = reused && !responseStarted && !bodySeen && request.isIdempotent();
        if (retry && requestSent && current != null) {
            // A pooled connection that its target was just closing: no byte of an answer came, nothing was lost.
            upstream = null;
            early.addLast(LastHttpContent.EMPTY_LAST_CONTENT);
            requestSent = false;
            dialling = true;
            TargetGroup group = runtime.targets().of(routed.service());
            whenFound(Failover.again(group, served().permit.client(), current, visitor.loop(), trial()));
            return;
        }
        upstreamBroken("the connection ended before the response did");
    }

    private void upstreamBroken(String why) {
        ingress.report(served().permit, "response.bad", "the response of " + where() + " was refused: " + why, id);
        how(Ended.How.TARGET);
        breakOff(502);
    }

    /// A cut transfer must not look complete; where none has begun, there is still a status to give.
    private void breakOff(int status) {
        if (responseStarted) {
            endEarly();
            visitor.abort();
        } else {
            fail(status);
        }
    }

    private void fail(int status) {
        answer(Answer.of(status, id));
    }

    /// The visitor has left.
    void visitorGone() {
        if (!over) {
            how(Ended.How.VISITOR);
            endEarly();
        }
    }

    /// To be called every [Pace#WATCH_SECONDS]: ends what would else last as long as one side likes.
    void watch() {
        Upstream current = upstream;
        Served now = served;
        if (over || now == null || waiting != null) {
            return;
        }
        int patience = settings().responseSeconds();
        if (!grpc && pace.isResponseLate(System.nanoTime(), patience)) {
            ingress.report(
                    now.permit,
                    "response.late",
                    where() + " took a request and sent no answer for " + patience + " s",
                    id);
            now.connection.how(Ended.How.TARGET);
            fail(504);
            return;
        }
        boolean owes = current != null && !grpc && !requestSent && !responseStarted && current.isWritable();
        boolean slow = pace.isSlow(owes, now.connection.received().sum());
        if (reading.isStalled(now.connection.sent().sum()) || slow) {
            ingress.count("http.stalled");
            now.connection.how(Ended.How.STALLED);
            endEarly();
            visitor.stalled();
        }
    }

    /// Ends it before the response has; what the target is still doing for it is in vain.
    private void endEarly() {
        over = true;
        HttpContent content;
        while ((content = early.pollFirst()) != null) {
            content.release();
        }
        Upstream current = upstream;
        if (current != null) {
            closeAndRelease(current);
        } else if (!dialling) {
            release();
        }
        Served now = served;
        reading.end();
        if (now != null) {
            now.connection.ended();
        }
    }

    void onLoop(Runnable task) {
        if (visitor.loop().inEventLoop()) {
            guarded(task);
        } else {
            later(task);
        }
    }

    void later(Runnable task) {
        visitor.loop().execute(() -> guarded(task));
    }

    /// A bug in here ends the visitor's connection; elsewhere nobody would end it.
    private void guarded(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException bug) {
            visitor.failed(bug);
        }
    }
}
