/// What this machine says about itself: bound ports and who holds them ([PortHolders]), and its own addresses
/// ([PublicAddresses]).
///
/// Sources: proc_net(5), proc_pid_fd(5), and /sys/class/net of the kernel's ABI documentation.
@NullMarked
package dev.culvert.control.machine;

import org.jspecify.annotations.NullMarked;
