/// Targets for a fuzzer: all of this module that takes bytes from strangers. Entry: [FuzzTarget].
@NullMarked
package dev.culvert.proto.fuzz;

import org.jspecify.annotations.NullMarked;
