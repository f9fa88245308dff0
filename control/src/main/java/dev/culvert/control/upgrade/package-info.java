/// How a running node gives its place to a new process of another version, and takes it back if that one fails.
///
/// [Handover] is the old process's side, [Predecessor] the new one's; [HandoverMessage] is what they say to each other.
/// The old one is the parent: so the new one stands in the same control group, sandbox and environment, and writes to
/// the same log. See docs/upgrade.md and docs/decisions/0011.
@NullMarked
package dev.culvert.control.upgrade;

import org.jspecify.annotations.NullMarked;
