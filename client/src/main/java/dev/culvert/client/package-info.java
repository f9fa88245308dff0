/// Sockets of the JDK through a WireGuard peer: one UDP socket, one thread, no root and no interface.
///
/// Entry type: [dev.culvert.client.Tunnel]. `PacketLoop` is the one thread, and its lock is who owns the device and
/// the stack of [dev.culvert.proto.wireguard] and [dev.culvert.proto.netstack] at a time: the loop while it handles
/// packets, a reader or writer while it copies bytes.
@NullMarked
package dev.culvert.client;

import org.jspecify.annotations.NullMarked;
