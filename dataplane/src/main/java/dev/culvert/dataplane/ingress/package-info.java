/// Where visitors arrive: a listener's connections, from accept to permit.
@NullMarked
package dev.culvert.dataplane.ingress;

import org.jspecify.annotations.NullMarked;
