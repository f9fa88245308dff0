package dev.culvert.dataplane.ingress;

import dev.culvert.dataplane.Doorway;
import dev.culvert.dataplane.http.Arrival;
import dev.culvert.dataplane.http.Http3Session;
import dev.culvert.dataplane.http.HttpIngress;
import dev.culvert.dataplane.http.UpstreamPool;
import dev.culvert.dataplane.tls.QuicNames;
import dev.culvert.dataplane.tls.Secured;
import dev.culvert.model.Listener;
import dev.culvert.model.ProxyTrust;
import dev.culvert.model.decide.Admitted;
import dev.culvert.model.decide.Deny;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicException;
import io.netty.handler.codec.quic.QuicPathEvent;
import io.netty.handler.ssl.SniCompletionEvent;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/// A visitor that came by QUIC, from its first datagram to the end of its handshake; later it watches whether the
/// visitor is still where it was let in from. One per connection, on its loop.
final class QuicArrival extends ChannelInboundHandlerAdapter {
    // attacks.md TL-02, as for TLS over TCP.
    private static final int HANDSHAKE_SECONDS = 10;

    private final Doorway doorway;
    private final Listener listener;
    private final UpstreamPool pool;
    private final QuicNames names;
    private QuicNames.@Nullable Chosen chosen;
    private final HalfOpen halfOpen;
    private @Nullable InetAddress counted;
    private @Nullable InetAddress client;
    private @Nullable Future<?> deadline;

    QuicArrival(Doorway doorway, Listener listener, UpstreamPool pool, QuicNames names, HalfOpen halfOpen) {
        this.doorway = doorway;
        this.listener = listener;
        this.pool = pool;
        this.names = names;
        this.halfOpen = halfOpen;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        if (((QuicChannel) ctx.channel()).remoteSocketAddress() instanceof InetSocketAddress from) {
            counted = from.getAddress();
            halfOpen.begin(from.getAddress());
        }
        deadline = ctx.channel().eventLoop().schedule(() -> tooSlow(ctx), HANDSHAKE_SECONDS, TimeUnit.SECONDS);
    }

    private void tooSlow(ChannelHandlerContext ctx) {
        doorway.events().count("quic.slow");
        ctx.close();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        switch (event) {
            case SniCompletionEvent _ -> chosen = names.take();
            case SslHandshakeCompletionEvent done -> completed(ctx, done);
            case QuicPathEvent.PeerMigrated moved -> moved(ctx, moved.remote());
            default -> {}
        }
        ctx.fireUserEventTriggered(event);
    }

    /// Who has to say for whom a connection is cannot do so by QUIC.
    private boolean owesHeader(InetAddress from) {
        ProxyTrust trust = doorway.runtime().get().model().trust(listener);
        boolean owes = trust.of(from) == ProxyTrust.Expectation.REQUIRE;
        if (owes) {
            doorway.events().count("proxy.malformed.NO_SIGNATURE");
        }
        return owes;
    }

    /// The address is the visitor's own by now: nobody completes a handshake from where he does not hear.
    private void completed(ChannelHandlerContext ctx, SslHandshakeCompletionEvent done) {
        over();
        QuicChannel channel = (QuicChannel) ctx.channel();
        QuicNames.Chosen what = chosen;
        if (!done.isSuccess() || what == null) {
            doorway.events().count("quic.failed");
            ctx.close();
            return;
        }
        if (!(channel.remoteSocketAddress() instanceof InetSocketAddress remote)
                || !(channel.localSocketAddress() instanceof InetSocketAddress local)) {
            ctx.close();
            return;
        }
        InetSocketAddress from = plain(remote);
        client = from.getAddress();
        if (!doorway.mayArrive(listener, from.getAddress()) || owesHeader(from.getAddress())) {
            ctx.close();
            return;
        }
        switch (doorway.admission().accept(from.getAddress(), System.nanoTime())) {
            case Deny deny -> {
                doorway.events().count("denied." + deny.reason());
                ctx.close();
            }
            case Admitted ok -> {
                channel.closeFuture().addListener(_ -> doorway.admission().release(ok));
                Secured secured = new Secured(what.context(), what.name(), null);
                Arrival arrival = new Arrival(from, plain(local), ok, secured, List.of());
                Http3Session.install(channel, new HttpIngress(doorway, listener, pool, channel, arrival));
            }
        }
    }

    /// attacks.md H3-05: what was judged holds for one address. The port may change, as routers forget theirs.
    private void moved(ChannelHandlerContext ctx, InetSocketAddress to) {
        if (!plain(to).getAddress().equals(client)) {
            doorway.events().count("quic.moved");
            ctx.close();
        }
    }

    /// A socket for both families tells IPv4 addresses as those of IPv6 (RFC 4291 §2.5.5.2).
    static InetSocketAddress plain(InetSocketAddress address) {
        try {
            // The factory knows mapped addresses.
            return new InetSocketAddress(
                    InetAddress.getByAddress(address.getAddress().getAddress()), address.getPort());
        } catch (UnknownHostException bug) {
            throw new IllegalStateException(bug);
        }
    }

    /// The handshake is over, however it ended.
    private void over() {
        InetAddress begun = counted;
        counted = null;
        if (begun != null) {
            halfOpen.end(begun);
        }
        Future<?> current = deadline;
        if (current != null) {
            current.cancel(false);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        over();
        ctx.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        switch (cause) {
            case QuicException _, SSLException _, IOException _ ->
                doorway.events().count("quic.broken");
            default -> doorway.events().pipelineFailed(cause);
        }
        ctx.close();
    }
}
