package dev.culvert.dataplane.site;

import dev.culvert.dataplane.DialException;
import dev.culvert.dataplane.DialException.Broken;
import dev.culvert.dataplane.relay.EarlyBytes;
import dev.culvert.dataplane.relay.Outgoing;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Connects to targets with the kernel's sockets: names are looked up off the loop, every address is judged before it
/// is
/// dialled, and the addresses are tried in turn.
public final class TargetDialer {
    private static final int CONNECT_MILLIS = 5_000;

    private final ChannelFactory<Channel> connections;
    private final Executor lookups;

    /// @param lookups runs blocking name look-ups
    public TargetDialer(ChannelFactory<Channel> connections, Executor lookups) {
        this.connections = connections;
        this.lookups = lookups;
    }

    /// Connects; the channel has auto-read off and may half-close.
    ///
    /// @param may whether a resolved address may be dialled
    /// @param loop where the channel lives
    public Future<Channel> dial(String host, int port, Predicate<InetAddress> may, EventLoop loop) {
        Promise<Channel> promise = loop.newPromise();
        InetAddress literal = literal(host);
        if (literal != null) {
            dialEach(List.of(literal).iterator(), port, may, loop, promise);
            return promise;
        }
        lookups.execute(() -> {
            try {
                List<InetAddress> addresses = List.of(InetAddress.getAllByName(host));
                loop.execute(() -> dialEach(addresses.iterator(), port, may, loop, promise));
            } catch (UnknownHostException | RuntimeException e) {
                promise.tryFailure(
                        new DialException(Broken.TARGET_UNREACHABLE, "the name " + host + " does not resolve"));
            }
        });
        return promise;
    }

    private static @Nullable InetAddress literal(String host) {
        try {
            return InetAddress.ofLiteral(host);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private void dialEach(
            Iterator<InetAddress> addresses,
            int port,
            Predicate<InetAddress> may,
            EventLoop loop,
            Promise<Channel> promise) {
        InetAddress address = addresses.next();
        if (!may.test(address)) {
            next(
                    addresses,
                    port,
                    may,
                    loop,
                    promise,
                    new DialException(Broken.DENIED, address.getHostAddress() + " is not allowed"));
            return;
        }
        InetSocketAddress to = new InetSocketAddress(address, port);
        Outgoing.connect(to, connections, loop, new EarlyBytes(), CONNECT_MILLIS)
                .addListener(done -> {
                    if (done.isSuccess()) {
                        promise.trySuccess((Channel) done.getNow());
                    } else {
                        next(addresses, port, may, loop, promise, failure(done.cause(), address, port));
                    }
                });
    }

    private void next(
            Iterator<InetAddress> addresses,
            int port,
            Predicate<InetAddress> may,
            EventLoop loop,
            Promise<Channel> promise,
            DialException last) {
        if (addresses.hasNext()) {
            dialEach(addresses, port, may, loop, promise);
        } else {
            promise.tryFailure(last);
        }
    }

    private static DialException failure(Throwable cause, InetAddress address, int port) {
        String where = address.getHostAddress() + " port " + port;
        return switch (cause) {
            case ConnectTimeoutException _ -> new DialException(Broken.TARGET_TIMEOUT, where);
            case ConnectException refused
            when String.valueOf(refused.getMessage()).contains("refused") ->
                new DialException(Broken.TARGET_REFUSED, where);
            default -> new DialException(Broken.TARGET_UNREACHABLE, where);
        };
    }
}
