/// TCP connections of the kernel as channels, told of once and by edge.
///
/// [TcpChannel] is one connection, accepted or dialled; [TcpServerChannel] listens; [TcpInfo] is what the kernel
/// knows of a connection. Linux only: elsewhere Netty's portable ones take their place.
@NullMarked
package dev.culvert.dataplane.tcp;

import org.jspecify.annotations.NullMarked;
