package dev.culvert.model.decide;

/// The word on where a connection or request leads.
public sealed interface Routing permits Routed, Deny {}
