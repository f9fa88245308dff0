package dev.culvert.dataplane.tls;

import dev.culvert.model.Bind;
import dev.culvert.model.Listener;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// What all listeners with TLS share.
///
/// @param quic which of them have HTTP/3 beside them; the owner of sockets writes it, all loops read
public record Tls(TlsContexts contexts, Challenges challenges, Set<Bind> quic) {
    /// Whether HTTP/3 is served beside a listener.
    public boolean isQuic(Listener listener) {
        return !listener.equals(Listener.BEHIND_HOP) && quic.contains(listener.bind());
    }

    public static Tls empty() {
        return new Tls(new TlsContexts(), new Challenges(), ConcurrentHashMap.newKeySet());
    }
}
