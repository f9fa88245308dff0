@NullMarked
package dev.culvert.control.testing;

import org.jspecify.annotations.NullMarked;
