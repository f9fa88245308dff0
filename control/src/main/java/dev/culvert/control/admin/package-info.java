/// The node's own interface for its operator: [AdminService] answers, [AdminClient] asks, over a unix socket in the
/// state folder, whose mode decides who may.
@NullMarked
package dev.culvert.control.admin;

import org.jspecify.annotations.NullMarked;
