/// The control channel: what site and gateway ask each other inside the tunnel, where the WireGuard key is the
/// identity.
///
/// A site offers what it publishes ([Publisher]), the gateway takes what it granted ([Declarations]); [PeerCalls]
/// answers at
/// either end. The data path never waits for any of it.
@NullMarked
package dev.culvert.control.link;

import org.jspecify.annotations.NullMarked;
