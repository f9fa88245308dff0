/// The one way in which the control plane serves requests: [InternalService], behind routes of ordinary listeners.
///
/// The admin socket, the control channel inside the tunnel and, later, HTTP-01 and the dashboard end here. Requests run
/// on
/// virtual threads; the control plane never sees a channel.
@NullMarked
package dev.culvert.dataplane.internal;

import org.jspecify.annotations.NullMarked;
