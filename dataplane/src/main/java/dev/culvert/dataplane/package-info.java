/// The data plane: everything that touches a connection, on Netty's event loops.
///
/// [Node] is the program in one class: it holds the running model ([RunningModel]), the listeners and the tunnel, and
/// changes
/// from one model to the next without cutting what lives. A connection's way is: listener → admission → route → access
/// →
/// permit → [Dialer] → relay; [ConnectionRegistry] knows every connection that lives. It never waits for the control
/// plane.
@NullMarked
package dev.culvert.dataplane;

import org.jspecify.annotations.NullMarked;
