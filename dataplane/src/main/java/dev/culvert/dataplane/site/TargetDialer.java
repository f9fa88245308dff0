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
    private final ChannelFactory<Channel> transparent;
    private final Executor lookups;

    /// @param transparent makes those that may be bound to visitors' addresses
    /// @param lookups runs blocking name look-ups
    public TargetDialer(ChannelFactory<Channel> connections, ChannelFactory<Channel> transparent, Executor lookups) {
        this.connections = connections;
        this.transparent = transparent;
        this.lookups = lookups;
    }

    /// Connects; the channel has auto-read off and may half-close.
    ///
    /// @param may whether a resolved address may be dialled
    /// @param loop where the channel lives
    public Future<Channel> dial(String host, int port, Predicate<InetAddress> may, EventLoop loop) {
        return dial(host, port, may, null, loop);
    }

    /// The same in the name of a visitor.
    ///
    /// @param source null for this machine's own
    public Future<Channel> dial(
            String host, int port, Predicate<InetAddress> may, @Nullable Source source, EventLoop loop) {
        Promise<Channel> promise = loop.newPromise();
        Attempt attempt = new Attempt(port, may, source, loop, promise);
        InetAddress literal = literal(host);
        if (literal != null) {
            attempt.dialEach(List.of(literal).iterator());
            return promise;
        }
        lookups.execute(() -> {
            try {
                List<InetAddress> addresses = List.of(InetAddress.getAllByName(host));
                loop.execute(() -> attempt.dialEach(addresses.iterator()));
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

    /// One dial, over all addresses of its target.
    private final class Attempt {
        private final int port;
        private final Predicate<InetAddress> may;
        private final @Nullable Source source;
        private final EventLoop loop;
        private final Promise<Channel> promise;
        private @Nullable DialException failed;

        Attempt(
                int port,
                Predicate<InetAddress> may,
                @Nullable Source source,
                EventLoop loop,
                Promise<Channel> promise) {
            this.port = port;
            this.may = may;
            this.source = source;
            this.loop = loop;
            this.promise = promise;
        }

        void dialEach(Iterator<InetAddress> addresses) {
            InetAddress address = addresses.next();
            if (!may.test(address)) {
                next(addresses, new DialException(Broken.DENIED, address.getHostAddress() + " is not allowed"));
                return;
            }
            DialException unfit = source == null ? null : source.unfit(address);
            if (unfit != null) {
                next(addresses, failed == null ? unfit : failed);
                return;
            }
            connect(new InetSocketAddress(address, port)).addListener(done -> {
                if (done.isSuccess()) {
                    promise.trySuccess((Channel) done.getNow());
                } else {
                    failed = failure(done.cause(), address, port);
                    next(addresses, failed);
                }
            });
        }

        private void next(Iterator<InetAddress> addresses, DialException last) {
            if (addresses.hasNext()) {
                dialEach(addresses);
            } else {
                promise.tryFailure(last);
            }
        }

        private Future<Channel> connect(InetSocketAddress to) {
            Source from = source;
            if (from == null) {
                return Outgoing.connect(to, connections, loop, new EarlyBytes(), CONNECT_MILLIS);
            }
            Promise<Channel> connected = loop.newPromise();
            connect(to, from.visitor()).addListener(done -> {
                if (done.isSuccess() || !isTaken(done.cause())) {
                    settle(connected, done);
                    return;
                }
                connect(to, from.anyPort()).addListener(again -> {
                    if (again.isSuccess()) {
                        from.otherPort().run();
                    }
                    settle(connected, again);
                });
            });
            return connected;
        }

        private Future<Channel> connect(InetSocketAddress to, InetSocketAddress from) {
            return Outgoing.connect(to, from, transparent, loop, new EarlyBytes(), CONNECT_MILLIS);
        }

        private static void settle(Promise<Channel> promise, Future<? super Channel> done) {
            if (done.isSuccess()) {
                promise.trySuccess((Channel) done.getNow());
            } else {
                promise.tryFailure(done.cause());
            }
        }
    }

    /// Whether somebody has that port of the visitor already: EADDRINUSE of bind, EADDRNOTAVAIL of connect, or EACCES
    /// of one below 1024.
    private static boolean isTaken(Throwable cause) {
        String text = String.valueOf(cause.getMessage());
        return text.contains("already in use")
                || text.contains("Cannot assign requested address")
                || text.contains("Permission denied");
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
