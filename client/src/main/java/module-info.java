/// WireGuard as a library: TCP and UDP sockets through a peer, in the process, without root or an interface.
module dev.culvert.client {
    requires transitive dev.culvert.proto;
    requires static transitive org.jspecify;

    exports dev.culvert.client;
}
