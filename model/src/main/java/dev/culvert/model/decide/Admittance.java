package dev.culvert.model.decide;

/// The word on an address that has just connected, before anything was read from it.
public sealed interface Admittance permits Admitted, Deny {}
