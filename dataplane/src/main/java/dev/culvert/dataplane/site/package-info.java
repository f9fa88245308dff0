/// What runs at home: the far end of the hop, and the way to targets on the home's own network.
@NullMarked
package dev.culvert.dataplane.site;

import org.jspecify.annotations.NullMarked;
