/// The command line, and [Wiring]: the one place where the parts of a node meet.
@NullMarked
package dev.culvert.app;

import org.jspecify.annotations.NullMarked;
