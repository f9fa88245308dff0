package dev.culvert.dataplane.http;

import dev.culvert.dataplane.DialException;
import dev.culvert.dataplane.DialException.Broken;
import dev.culvert.dataplane.relay.Relay;
import dev.culvert.model.Target;
import io.netty.channel.Channel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.Promise;

/// A connection to a target that is ready for requests: one at a time, or many at once.
sealed interface TargetConnection {
    record One(Upstream upstream) implements TargetConnection {}

    record Many(Http2Target target) implements TargetConnection {}

    /// Makes a dialled channel ready, on its loop.
    ///
    /// @param http1 whether only HTTP/1.1 will do, as for WebSocket
    static void settle(
            Channel channel, Target target, boolean http1, TargetContexts tls, Promise<TargetConnection> promise) {
        switch (target.scheme()) {
            case H2C -> promise.trySuccess(new Many(Http2Target.on(channel, false)));
            case HTTPS -> shake(channel, target, http1, tls, promise);
            case HTTP, TCP, TLS, UDP -> promise.trySuccess(new One(Upstream.on(channel)));
        }
    }

    private static void shake(
            Channel channel, Target target, boolean http1, TargetContexts tls, Promise<TargetConnection> promise) {
        SslHandler handler = tls.handler(target, http1, channel.alloc());
        if (handler == null) {
            channel.close();
            promise.tryFailure(new DialException(Broken.TARGET_TLS, "the target has just left the configuration"));
            return;
        }
        channel.pipeline().addLast(handler);
        if (channel.pipeline().get(Relay.HANDSHAKE) != null) {
            // What came early is the target's part of the handshake.
            channel.pipeline().remove(Relay.HANDSHAKE);
        }
        handler.handshakeFuture().addListener(done -> {
            if (!done.isSuccess()) {
                channel.close();
                promise.tryFailure(new DialException(
                        Broken.TARGET_TLS, String.valueOf(done.cause().getMessage())));
            } else if ("h2".equals(handler.applicationProtocol())) {
                promise.trySuccess(new Many(Http2Target.on(channel, true)));
            } else {
                promise.trySuccess(new One(Upstream.on(channel)));
            }
        });
        channel.read();
    }
}
