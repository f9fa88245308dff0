package dev.culvert.dataplane.http;

import dev.culvert.dataplane.Connection;
import dev.culvert.dataplane.DialException;
import dev.culvert.dataplane.Ended;
import dev.culvert.dataplane.relay.Relay;
import dev.culvert.model.decide.Permit;
import dev.culvert.proto.http.Framing;
import dev.culvert.proto.http.RequestRules;
import dev.culvert.proto.http.ResponseRules;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.FastThreadLocal;
import io.netty.util.concurrent.Future;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// One request and its response, on the visitor's loop from beginning to end.
///
/// Bodies flow as they come: the visitor is read only while the upstream is writable, and the other way round.
final class HttpExchange {
    // RFC 9110, 9.2.2; with no body sent, such a request may go out a second time.
    private static final Set<HttpMethod> IDEMPOTENT =
            Set.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.OPTIONS, HttpMethod.PUT, HttpMethod.DELETE);
    // attacks.md TC-01: a body comes with 240 B/s at least; uploads may take as long as they like otherwise.
    private static final int MIN_BODY_BYTES = 240 * HttpIngress.WATCH_SECONDS;
    // TC-02: five minutes without a byte taken. The kernel reports room only once a third of its buffer is free, so
    // that
    // a slow visitor shows no progress for a long while.
    private static final int MAX_STUCK = 300 / HttpIngress.WATCH_SECONDS;

    private static final FastThreadLocal<ResponseRules> RESPONSE_RULES = new FastThreadLocal<>() {
        @Override
        protected ResponseRules initialValue() {
            return new ResponseRules();
        }
    };

    private final HttpIngress ingress;
    private final Channel visitor;
    private final UpstreamPool pool;
    private final HttpRequest request;
    private final Heads.RequestView view;
    private final RequestRules.Accepted verdict;
    private final Permit permit;
    private final Connection connection;
    private final Deque<HttpContent> early = new ArrayDeque<>();
    private @Nullable Upstream upstream;
    private boolean reused;
    private boolean requestSent;
    private boolean visitorWatched;
    // A read of the upstream is open: never more than one, so that none takes what belongs to whom comes after.
    private boolean asked;
    private boolean bodySeen;
    private boolean responseStarted;
    private boolean delimited = true;
    private boolean keepVisitor;
    private boolean keepUpstream;
    private boolean upgrade;
    private int interim;
    private boolean over;
    private boolean owedBefore;
    private long receivedBefore;
    private long unsentBefore;
    private long sentBefore;
    private int stuckTimes;

    HttpExchange(
            HttpIngress ingress,
            Channel visitor,
            UpstreamPool pool,
            HttpRequest request,
            Heads.RequestView view,
            RequestRules.Accepted verdict,
            Permit permit,
            Connection connection) {
        this.ingress = ingress;
        this.visitor = visitor;
        this.pool = pool;
        this.request = request;
        this.view = view;
        this.verdict = verdict;
        this.permit = permit;
        this.connection = connection;
        this.keepVisitor = verdict.keepAlive();
    }

    void start() {
        acquire(false);
    }

    boolean isUpgrade() {
        return verdict.upgradeWebSocket();
    }

    private void acquire(boolean fresh) {
        pool.acquire(permit, UpstreamPool.visitor(visitor, ingress.client()), visitor.eventLoop(), fresh)
                .addListener(this::acquired);
    }

    private void acquired(Future<? super UpstreamPool.Lease> done) {
        guarded(() -> begin(done));
    }

    private void begin(Future<? super UpstreamPool.Lease> done) {
        if (!done.isSuccess()) {
            if (!over) {
                ingress.dialFailed(permit, done.cause());
                connection.dialFailed(done.cause());
                fail(
                        done.cause() instanceof DialException broken
                                ? broken.broken().status()
                                : 502);
            }
            return;
        }
        UpstreamPool.Lease lease = (UpstreamPool.Lease) done.getNow();
        if (over) {
            lease.upstream().channel().close();
            return;
        }
        upstream = lease.upstream();
        reused = lease.reused();
        Upstream target = lease.upstream();
        Channel channel = target.channel();
        channel.write(Heads.toTarget(request, view, verdict, ingress.forwarded(permit)))
                .addListener(written -> {
                    if (!written.isSuccess()) {
                        later(() -> upstreamClosed(target));
                    }
                });
        lease.upstream().lend(this);
        asked = true;
        HttpContent content;
        while ((content = early.pollFirst()) != null) {
            send(content);
        }
        channel.flush();
        if (!requestSent) {
            visitor.read();
        }
    }

    /// A piece of the visitor's body.
    void requestContent(HttpContent content) {
        bodySeen |= content.content().isReadable();
        if (over) {
            content.release();
        } else if (upstream == null) {
            // Only the first piece: nothing more is read before the upstream is there.
            early.addLast(content);
        } else {
            send(content);
            upstream.channel().flush();
            if (!requestSent && upstream.channel().isWritable()) {
                visitor.read();
            }
        }
    }

    /// The visitor's body does not parse: the target must not take what it got for the whole.
    void requestBroken() {
        Upstream current = upstream;
        boolean started = responseStarted;
        connection.how(Ended.How.VISITOR);
        if (!started) {
            connection.status(400);
        }
        end();
        if (current != null) {
            current.channel().close();
        }
        if (started) {
            visitor.close();
        } else {
            ingress.refuse(400);
        }
    }

    private void send(HttpContent content) {
        Upstream current = upstream;
        if (current == null) {
            throw new IllegalStateException("no upstream to send to");
        }
        connection.received().add(content.content().readableBytes());
        if (content instanceof LastHttpContent) {
            requestSent = true;
            if (!isUpgrade() && !visitorWatched) {
                visitorWatched = true;
                // Notices a visitor that leaves; a pipelined request waits in the ingress.
                visitor.read();
            }
        }
        current.channel().write(Heads.withoutTrailers(content));
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
            from.channel().read();
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
            upstreamBroken(from);
            return;
        }
        if (message instanceof HttpResponse head) {
            responseHead(from, head);
            if (!over) {
                ask(from);
            }
        }
        if (message instanceof HttpContent content && !over) {
            responseContent(from, content);
        }
    }

    private void responseHead(Upstream from, HttpResponse head) {
        Heads.ResponseView answer = new Heads.ResponseView(head);
        String key = isUpgrade() ? request.headers().get(HttpHeaderNames.SEC_WEBSOCKET_KEY) : null;
        boolean toHead = request.method().equals(HttpMethod.HEAD);
        switch (RESPONSE_RULES.get().check(answer, toHead, key, interim)) {
            case ResponseRules.Refused(var reason) -> {
                ingress.badResponse(permit, reason.toString());
                upstreamBroken(from);
            }
            case ResponseRules.Interim _ -> {
                interim++;
                // RFC 9110, 15.2: HTTP/1.0 knows none.
                if (!isHttp10()) {
                    writeHead(Heads.interimToVisitor(head, answer));
                }
            }
            case ResponseRules.Switching _ -> {
                responseStarted = true;
                connection.status(101);
                upgrade = true;
                writeHead(Heads.switchingToVisitor(head, answer));
            }
            case ResponseRules.Final last -> {
                responseStarted = true;
                connection.status(head.status().code());
                keepUpstream = last.keepAlive();
                boolean http10 = isHttp10();
                delimited = last.framing() == Framing.NONE || last.length() >= 0 || !http10;
                keepVisitor = keepVisitor && delimited && requestSent && !ingress.isDraining();
                writeHead(Heads.toVisitor(head, answer, last, http10, keepVisitor));
            }
        }
    }

    private boolean isHttp10() {
        return request.protocolVersion().minorVersion() == 0;
    }

    /// A head that the encoder does not take would leave the visitor waiting for ever.
    private void writeHead(HttpResponse head) {
        visitor.write(head).addListener(ChannelFutureListener.FIRE_EXCEPTION_ON_FAILURE);
    }

    private void responseContent(Upstream from, HttpContent content) {
        boolean last = content instanceof LastHttpContent;
        if (last && !responseStarted) {
            // The end of an interim response, which the encoder must hear of before the next head.
            if (isHttp10()) {
                content.release();
            } else {
                visitor.writeAndFlush(content);
            }
            ask(from);
            return;
        }
        connection.sent().add(content.content().readableBytes());
        if (upgrade) {
            content.release();
            upgraded(from);
            return;
        }
        if (last) {
            visitor.writeAndFlush(Heads.withoutTrailers(content));
            responseEnded(from);
            return;
        }
        visitor.writeAndFlush(content);
        if (visitor.isWritable()) {
            ask(from);
        }
    }

    private void responseEnded(Upstream from) {
        over = true;
        if (keepUpstream && requestSent) {
            pool.release(permit, from);
        } else {
            // An early response leaves a body unread: that connection never serves another request (H1-19).
            from.channel().close();
        }
        connection.ended();
        ingress.exchangeEnded(keepVisitor && requestSent);
    }

    /// The visitor's connection now carries what the upgrade asked for, until one side ends.
    private void upgraded(Upstream from) {
        over = true;
        visitor.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT);
        ingress.exchangeUpgraded();
        Relay.join(visitor, from.channel(), connection);
    }

    void upstreamClosed(Upstream from) {
        if (over || from != upstream) {
            return;
        }
        boolean retry = reused && !responseStarted && !bodySeen && IDEMPOTENT.contains(request.method());
        if (retry && requestSent) {
            // A pooled connection that its target was just closing: no byte of an answer came, nothing was lost.
            upstream = null;
            early.addLast(LastHttpContent.EMPTY_LAST_CONTENT);
            requestSent = false;
            acquire(true);
            return;
        }
        ingress.badResponse(permit, "the connection ended before the response did");
        upstreamBroken(from);
    }

    private void upstreamBroken(Upstream from) {
        connection.how(Ended.How.TARGET);
        from.channel().close();
        if (responseStarted) {
            // A cut transfer must not look complete: no last chunk, the connection goes.
            end();
            if (delimited) {
                visitor.close();
            } else {
                Relay.reset(visitor);
            }
        } else {
            fail(502);
        }
    }

    private void fail(int status) {
        connection.status(status);
        end();
        ingress.refuse(status);
    }

    /// The visitor has left.
    void visitorGone() {
        Upstream current = upstream;
        if (!over) {
            connection.how(Ended.How.VISITOR);
            end();
            if (current != null) {
                current.channel().close();
            }
        }
    }

    /// Is about to be cut, as nothing moves.
    void stalled() {
        connection.how(Ended.How.STALLED);
    }

    private void end() {
        over = true;
        HttpContent content;
        while ((content = early.pollFirst()) != null) {
            content.release();
        }
        connection.ended();
    }

    void onLoop(Runnable task) {
        if (visitor.eventLoop().inEventLoop()) {
            guarded(task);
        } else {
            later(task);
        }
    }

    void later(Runnable task) {
        visitor.eventLoop().execute(() -> guarded(task));
    }

    /// A bug in here ends the visitor's connection; elsewhere nobody would end it.
    private void guarded(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException bug) {
            visitor.pipeline().fireExceptionCaught(bug);
        }
    }

    /// Whether the visitor has neither sent nor taken enough since this was asked last; to be asked every
    /// [HttpIngress#WATCH_SECONDS].
    boolean isStalled() {
        long received = connection.received().sum();
        long unsent = visitor.bytesBeforeWritable();
        long sent = connection.sent().sum();
        Upstream target = upstream;
        boolean owes = target != null && !requestSent && target.channel().isWritable();
        boolean slow = owes && owedBefore && received - receivedBefore < MIN_BODY_BYTES;
        boolean stuck = !visitor.isWritable() && unsent == unsentBefore && sent == sentBefore;
        stuckTimes = stuck ? stuckTimes + 1 : 0;
        owedBefore = owes;
        receivedBefore = received;
        unsentBefore = unsent;
        sentBefore = sent;
        return slow || stuckTimes >= MAX_STUCK;
    }
}
