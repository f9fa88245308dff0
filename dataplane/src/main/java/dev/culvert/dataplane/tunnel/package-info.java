/// The tunnel: WireGuard drivers behind one seam, and the channels that run through them.
///
/// [TunnelDriver] is the seam; [WireGuardTunnel] keeps WireGuard inside the process, owned by one event loop
/// ([TunnelLoop]). What packets inside come from and go to is an [Inside]: the process's own TCP/IP, offered as
/// ordinary Netty channels without a file descriptor ([StackChannel], [StackServerChannel]), or an interface of the
/// kernel's ([TunPort], [HostNetwork]), whose sockets are ordinary ones. A relay never knows which.
@NullMarked
package dev.culvert.dataplane.tunnel;

import org.jspecify.annotations.NullMarked;
