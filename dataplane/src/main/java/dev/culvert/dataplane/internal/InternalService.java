package dev.culvert.dataplane.internal;

import dev.culvert.proto.wireguard.PublicKey;
import java.net.InetAddress;

/// Answers requests of the node's own interfaces. Called on a virtual thread, so it may block.
@FunctionalInterface
public interface InternalService {
    /// Who asks. Its transport has proven it: the tunnel its key, the socket's mode its user.
    sealed interface Caller {}

    /// A peer inside the tunnel.
    ///
    /// @param name the site's or gateway's; `guest` of one that has yet to join
    record PeerCaller(String name, PublicKey key) implements Caller {}

    /// Somebody who may open the admin socket.
    record AdminCaller() implements Caller {}

    /// Somebody at a metrics listener, whose address is on the list.
    record ScrapeCaller(InetAddress address) implements Caller {}

    /// @param path without a query
    /// @param body text, empty where there is none
    /// @param host the `Host` field, empty where there is none
    /// @param accept the `Accept` field, empty where there is none
    record Request(Caller caller, String method, String path, String body, String host, String accept) {
        public Request(Caller caller, String method, String path, String body) {
            this(caller, method, path, body, "", "");
        }
    }

    /// @param body JSON, or plain text of an error
    record Response(int status, String contentType, String body) {
        public static Response json(String json) {
            return new Response(200, "application/json", json);
        }

        public static Response error(int status, String text) {
            return new Response(status, "text/plain; charset=utf-8", text + "\n");
        }
    }

    Response handle(Request request);
}
