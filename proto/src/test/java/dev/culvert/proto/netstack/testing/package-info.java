/// What the tests of the stack share: a simulated network with virtual time, and segments that read like traces.
@NullMarked
package dev.culvert.proto.netstack.testing;

import org.jspecify.annotations.NullMarked;
