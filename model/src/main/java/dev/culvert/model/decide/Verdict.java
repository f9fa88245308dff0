package dev.culvert.model.decide;

/// The last word on a connection or request.
public sealed interface Verdict permits Permit, Deny {}
