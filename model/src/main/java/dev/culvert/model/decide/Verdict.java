package dev.culvert.model.decide;

/// The word on a connection or request: the last one, or what it has to show first.
public sealed interface Verdict permits Permit, Deny, Demand {}
