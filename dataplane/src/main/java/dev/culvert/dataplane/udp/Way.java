package dev.culvert.dataplane.udp;

import dev.culvert.dataplane.DialException;
import java.nio.ByteBuffer;

/// The way of one flow to its target: straight, or through a site. Owned by its loop.
public interface Way {
    /// Sends a visitor's datagram on.
    ///
    /// @return false if it was lost here
    boolean send(ByteBuffer payload);

    /// Nothing is heard of it after this.
    void close();

    /// Whose flow it is.
    interface Visitor {
        /// The target has answered.
        void answer(ByteBuffer payload);

        /// The target can be reached; never called where nobody says so.
        void connected();

        /// There is no way: the flow ends.
        void failed(DialException why);

        /// A datagram of the way was dropped.
        void dropped(DatagramFault fault);
    }
}
