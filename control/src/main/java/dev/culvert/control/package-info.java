/// The control plane: what a node remembers and who may tell it what, on virtual threads. It never touches a channel,
/// and
/// the data plane never waits for it.
@NullMarked
package dev.culvert.control;

import org.jspecify.annotations.NullMarked;
