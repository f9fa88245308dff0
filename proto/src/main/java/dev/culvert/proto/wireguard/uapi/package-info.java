/// WireGuard's cross-platform configuration protocol, by which `wg` shows and sets an interface, without the socket.
///
/// [UapiParser] makes requests of bytes, [UapiInterface] carries them out on a device and writes the answer. Source:
/// the
/// page "Cross-platform Userspace Implementation" of WireGuard's site.
@NullMarked
package dev.culvert.proto.wireguard.uapi;

import org.jspecify.annotations.NullMarked;
