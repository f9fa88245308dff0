/// Moving bytes between two connections: backpressure both ways, half-close kept, resets passed on.
///
/// [Relay] joins a visitor's channel and an upstream channel for which a permit exists; each side's [RelayHalf] carries
/// one direction. The channels may live on different event loops.
@NullMarked
package dev.culvert.dataplane.relay;

import org.jspecify.annotations.NullMarked;
