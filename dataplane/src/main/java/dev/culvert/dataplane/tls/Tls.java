package dev.culvert.dataplane.tls;

/// What all listeners with TLS share.
public record Tls(TlsContexts contexts, Challenges challenges) {
    public static Tls empty() {
        return new Tls(new TlsContexts(), new Challenges());
    }
}
