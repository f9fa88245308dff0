/// What the tests of metrics are read with.
@NullMarked
package dev.culvert.control.observe.testing;

import org.jspecify.annotations.NullMarked;
