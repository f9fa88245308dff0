/// The tunnel: WireGuard drivers behind one seam, and the channels that run through them.
///
/// [TunnelDriver] is the seam; [WireGuardTunnel] keeps WireGuard and TCP/IP inside the process, owned by one event loop
/// ([TunnelLoop]), and offers them as ordinary Netty channels ([StackChannel], [StackServerChannel]) without a file
/// descriptor, so that a relay never knows which driver it runs on.
@NullMarked
package dev.culvert.dataplane.tunnel;

import org.jspecify.annotations.NullMarked;
