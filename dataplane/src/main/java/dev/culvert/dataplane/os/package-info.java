/// What the operating system offers beyond the JDK, by the foreign function interface: the only package that may use
/// it.
///
/// [LinuxTunPort] and [LinuxHostNetwork] are the tunnel's interface and what the kernel is told of it, by [Netlink].
/// [NotifySocket] reaches the service manager; [LinuxUdpPort] is the tunnel's UDP socket with batched system calls and
/// segmentation offload; [Libc] holds the
/// functions and the numbers that it needs, from Linux's headers, the same on x86-64 and aarch64.
@NullMarked
package dev.culvert.dataplane.os;

import org.jspecify.annotations.NullMarked;
