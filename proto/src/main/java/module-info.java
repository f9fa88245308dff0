/// What bytes mean and what protocols do. No I/O, clock, thread, logger or random source of its own.
module dev.culvert.proto {
    requires static transitive org.jspecify;

    exports dev.culvert.proto.http;
    exports dev.culvert.proto.inet;
    exports dev.culvert.proto.netstack;
    exports dev.culvert.proto.offload;
    exports dev.culvert.proto.proxyprotocol;
    exports dev.culvert.proto.quic;
    exports dev.culvert.proto.text;
    exports dev.culvert.proto.tls;
    exports dev.culvert.proto.wireguard;
    exports dev.culvert.proto.wireguard.uapi;
}
