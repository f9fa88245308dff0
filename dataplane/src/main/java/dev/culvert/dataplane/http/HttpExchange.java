package dev.culvert.dataplane.http;

import dev.culvert.dataplane.Connection;
import dev.culvert.dataplane.DialException;
import dev.culvert.dataplane.Ended;
import dev.culvert.model.decide.Permit;
import dev.culvert.proto.http.Framing;
import dev.culvert.proto.http.RequestRules;
import dev.culvert.proto.http.ResponseRules;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.AsciiString;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.FastThreadLocal;
import io.netty.util.concurrent.Future;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.Deque;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/// One request and its response, on the visitor's loop from beginning to end, whatever version of HTTP either side
/// speaks.
///
/// Bodies flow as they come: the visitor is read only while the upstream is writable, and the other way round.
final class HttpExchange {
    private static final AsciiString STRICT_TRANSPORT_SECURITY = AsciiString.cached("strict-transport-security");
    // RFC 9110, 9.2.2; with no body sent, such a request may go out a second time.
    private static final Set<HttpMethod> IDEMPOTENT =
            Set.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.OPTIONS, HttpMethod.PUT, HttpMethod.DELETE);
    // As long as browsers wait. An answer may take its time: servers put uploads together before they say a word.
    private static final int RESPONSE_SECONDS = Integer.getInteger("culvert.http.responseSeconds", 300);

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
    private final Permit permit;
    private final Connection connection;
    private final Deque<HttpContent> early = new ArrayDeque<>(2);
    private final Pace pace = new Pace();
    private @Nullable Upstream upstream;
    private boolean reused;
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
    private boolean over;

    HttpExchange(
            HttpIngress ingress,
            HttpVisitor visitor,
            Request request,
            RequestRules.Accepted verdict,
            Permit permit,
            Connection connection) {
        this.ingress = ingress;
        this.visitor = visitor;
        this.request = request;
        this.verdict = verdict;
        this.permit = permit;
        this.connection = connection;
    }

    void start() {
        if (isUpgrade() && request.first(HttpHeaderNames.SEC_WEBSOCKET_KEY) == null) {
            // RFC 8441 §5 has none; the handshake in HTTP/1.1 needs one.
            request.add(HttpHeaderNames.SEC_WEBSOCKET_KEY, newKey());
        }
        acquire(false);
    }

    private static String newKey() {
        byte[] key = new byte[16];
        ThreadLocalRandom.current().nextBytes(key);
        return Base64.getEncoder().encodeToString(key);
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

    private void acquire(boolean fresh) {
        dialling = true;
        ingress.pool()
                .acquire(permit, ingress.visitor(), visitor.loop(), fresh, isUpgrade())
                .addListener(this::acquired);
    }

    private void acquired(Future<? super UpstreamPool.Lease> done) {
        guarded(() -> begin(done));
    }

    private void begin(Future<? super UpstreamPool.Lease> done) {
        dialling = false;
        if (!done.isSuccess()) {
            if (over) {
                release();
            } else {
                ingress.dialFailed(permit, done.cause());
                connection.dialFailed(done.cause());
                fail(
                        done.cause() instanceof DialException failed
                                ? failed.broken().status()
                                : 502);
            }
            return;
        }
        UpstreamPool.Lease lease = (UpstreamPool.Lease) done.getNow();
        Upstream target = lease.upstream();
        if (over) {
            closeAndRelease(target);
            return;
        }
        upstream = target;
        reused = lease.reused();
        HttpRequest head = Heads.toTarget(request, verdict, ingress.forwarded(permit));
        if (target.isStream()) {
            grpc = isGrpc();
            if (Heads.wantsTrailers(request)) {
                head.headers().set(HttpHeaderNames.TE, HttpHeaderValues.TRAILERS);
            }
        }
        target.head(head, this);
        target.lend(this);
        asked = true;
        HttpContent content;
        while ((content = early.pollFirst()) != null) {
            send(target, content);
        }
        if (requestSent || verdict.framing() != Framing.NONE) {
            target.flush();
        }
        if (!requestSent) {
            // Without a body the end is there already, and leaves with the head.
            visitor.read();
        }
    }

    /// Both sides of such a call may be silent for as long as they like: it has deadlines of its own.
    private boolean isGrpc() {
        CharSequence type = request.first(HttpHeaderNames.CONTENT_TYPE);
        return type != null && AsciiString.indexOfIgnoreCase(type, "application/grpc", 0) == 0;
    }

    /// A piece of the visitor's body.
    void requestContent(HttpContent content) {
        Upstream target = upstream;
        bodySeen |= content.content().isReadable();
        if (over) {
            content.release();
        } else if (target == null) {
            // Only the first piece: nothing more is read before the upstream is there.
            early.addLast(content);
        } else {
            send(target, content);
            target.flush();
            if (!requestSent && target.isWritable()) {
                visitor.read();
            }
        }
    }

    /// The visitor's body does not parse: the target must not take what it got for the whole.
    void requestBroken() {
        connection.how(Ended.How.VISITOR);
        if (responseStarted) {
            endEarly();
            visitor.abort();
        } else {
            fail(400);
        }
    }

    private void send(Upstream target, HttpContent content) {
        connection.received().add(content.content().readableBytes());
        target.content(Heads.withoutTrailers(content));
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
        if (!over && !requestSent && upstream != null) {
            visitor.read();
        }
    }

    void visitorWritable() {
        if (!over && upstream != null) {
            ask(upstream);
        }
    }

    private void ask(Upstream from) {
        if (!asked) {
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
            ingress.badResponse(permit, "it does not parse");
            upstreamBroken();
            return;
        }
        if (message instanceof HttpResponse head) {
            responseHead(head);
            if (!over) {
                ask(from);
            }
        }
        if (message instanceof HttpContent content) {
            if (over) {
                content.release();
            } else {
                responseContent(from, content);
            }
        }
    }

    private void responseHead(HttpResponse head) {
        String hsts = ingress.hsts();
        if (!hsts.isEmpty() && !head.headers().contains(STRICT_TRANSPORT_SECURITY)) {
            head.headers().set(STRICT_TRANSPORT_SECURITY, hsts);
        }
        Heads.ResponseView answer = new Heads.ResponseView(head);
        CharSequence key = isUpgrade() ? request.first(HttpHeaderNames.SEC_WEBSOCKET_KEY) : null;
        boolean toHead = request.verb().equals(HttpMethod.HEAD);
        switch (RESPONSE_RULES.get().check(answer, toHead, key, interim)) {
            case ResponseRules.Refused(var reason) -> {
                ingress.badResponse(permit, reason.toString());
                upstreamBroken();
            }
            case ResponseRules.Interim _ -> {
                interim++;
                visitor.interim(head, answer);
            }
            case ResponseRules.Switching _ -> {
                begun(101);
                relay = visitor.switched(head, answer);
                tunnelBegins = !relay;
            }
            case ResponseRules.Final last -> {
                begun(head.status().code());
                keepUpstream = last.keepAlive();
                visitor.head(head, answer, last);
            }
        }
    }

    private void begun(int status) {
        responseStarted = true;
        pace.responseBegun();
        connection.status(status);
    }

    private void responseContent(Upstream from, HttpContent content) {
        if (!responseStarted) {
            // The end of an interim response.
            content.release();
            ask(from);
            return;
        }
        if (tunnelBegins) {
            content.release();
            tunnel(from);
            return;
        }
        connection.sent().add(content.content().readableBytes());
        if (relay) {
            content.release();
            over = true;
            connection.upgraded();
            visitor.relay(from, connection);
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
        connection.upgraded();
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
        if (keepUpstream && requestSent) {
            ingress.pool().release(permit, from);
            release();
        } else {
            // An early response leaves a body unread: that connection never serves another request (H1-19).
            closeAndRelease(from);
        }
        connection.ended();
        visitor.end(last);
    }

    private void closeAndRelease(Upstream target) {
        target.close().addListener(_ -> onLoop(this::release));
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
        boolean retry = reused && !responseStarted && !bodySeen && IDEMPOTENT.contains(request.verb());
        if (retry && requestSent) {
            // A pooled connection that its target was just closing: no byte of an answer came, nothing was lost.
            upstream = null;
            early.addLast(LastHttpContent.EMPTY_LAST_CONTENT);
            requestSent = false;
            acquire(true);
            return;
        }
        ingress.badResponse(permit, "the connection ended before the response did");
        upstreamBroken();
    }

    private void upstreamBroken() {
        connection.how(Ended.How.TARGET);
        if (responseStarted) {
            // A cut transfer must not look complete.
            endEarly();
            visitor.abort();
        } else {
            fail(502);
        }
    }

    private void fail(int status) {
        connection.status(status);
        endEarly();
        visitor.refuse(status);
    }

    /// The visitor has left.
    void visitorGone() {
        if (!over) {
            connection.how(Ended.How.VISITOR);
            endEarly();
        }
    }

    /// To be called every [Pace#WATCH_SECONDS]: ends what would else last as long as one side likes.
    void watch() {
        Upstream target = upstream;
        if (over) {
            return;
        }
        if (!grpc && pace.isResponseLate(System.nanoTime(), RESPONSE_SECONDS)) {
            ingress.silent(permit, RESPONSE_SECONDS);
            connection.how(Ended.How.TARGET);
            fail(504);
            return;
        }
        boolean owes = target != null && !grpc && !requestSent && !responseStarted && target.isWritable();
        boolean stalled = pace.isStalled(
                owes,
                connection.received().sum(),
                visitor.isWritable(),
                visitor.unsent(),
                connection.sent().sum());
        if (stalled) {
            ingress.count("http.stalled");
            connection.how(Ended.How.STALLED);
            endEarly();
            visitor.abort();
        }
    }

    /// Ends it before the response has; what the target is still doing for it is in vain.
    private void endEarly() {
        over = true;
        HttpContent content;
        while ((content = early.pollFirst()) != null) {
            content.release();
        }
        Upstream target = upstream;
        if (target != null) {
            closeAndRelease(target);
        } else if (!dialling) {
            release();
        }
        connection.ended();
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
