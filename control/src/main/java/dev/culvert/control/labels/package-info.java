/// Services that the containers of this machine declare by their labels.
@NullMarked
package dev.culvert.control.labels;

import org.jspecify.annotations.NullMarked;
