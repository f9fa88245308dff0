/// Text to configuration to model to difference, and the decisions made on it. No I/O, clock, thread, logger or
/// random source of its own.
module dev.culvert.model {
    requires transitive dev.culvert.proto;
    requires org.snakeyaml.engine;
    requires static transitive org.jspecify;

    exports dev.culvert.model;
    exports dev.culvert.model.config;
    exports dev.culvert.model.decide;
    exports dev.culvert.model.forward;
    exports dev.culvert.model.wgquick;
}
