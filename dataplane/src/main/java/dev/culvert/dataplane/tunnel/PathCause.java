package dev.culvert.dataplane.tunnel;

/// The layer of the way to a peer that fails, from the outside in. What it is, is told to operators as a word
/// and a sentence.
public enum PathCause {
    SUSPENDED("suspended", "this machine slept or was held up"),
    LOCAL_NETWORK("local-network", "this machine cannot send: no route, or not permitted"),
    NAME("name", "the name of the endpoint does not resolve"),
    MOVED("moved", "the name of the endpoint leads elsewhere now"),
    NO_HANDSHAKE("no-handshake", "no handshake is answered at the endpoint"),
    NO_ECHO("no-echo", "handshakes are answered, nothing inside the tunnel is"),
    SILENT("silent", "nothing is answered"),
    MTU("mtu", "large packets are lost on the way, small ones are not");

    private final String word;
    private final String sentence;

    PathCause(String word, String sentence) {
        this.word = word;
        this.sentence = sentence;
    }

    /// For machines and tables.
    public String word() {
        return word;
    }

    public String sentence() {
        return sentence;
    }
}
