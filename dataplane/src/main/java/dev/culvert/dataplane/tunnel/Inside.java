package dev.culvert.dataplane.tunnel;

import dev.culvert.dataplane.udp.DatagramPorts;
import dev.culvert.proto.inet.IpPrefix;
import dev.culvert.proto.netstack.StackStatus;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ServerChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What stands at the inner end of a tunnel, where IP packets come from and go to: a stack of this process, or an
/// interface of the kernel's. Owned by the tunnel loop, which calls everything but the factories.
interface Inside {
    /// The name of the driver that it makes.
    String type();

    /// The kernel's interface; null where it is none.
    default @Nullable String interfaceName() {
        return null;
    }

    /// Whether the kernel forwards datagrams into the tunnel: [ForwardedDatagrams].
    default void forwards(boolean wanted) {}

    ChannelFactory<Channel> connections();

    ChannelFactory<ServerChannel> listeners();

    /// Its UDP ports; null where it has none.
    default @Nullable DatagramPorts datagrams() {
        return null;
    }

    /// Begins, or goes on after [#stop]; asks the loop for a pass when it has something to send.
    ///
    /// @throws IOException if it cannot be registered with the loop
    void start(Pump loop) throws IOException;

    /// Takes one IP packet from a peer, from position to limit of a heap buffer with 16 bytes of room before it, which
    /// it may overwrite and must not keep.
    void handlePacket(ByteBuffer packet, long now);

    /// After a batch of packets: hands on what was gathered, and wakes who waited for it.
    void dispatch(long now);

    /// Writes one IP packet from the position of a heap buffer on and sets the limit to its end.
    ///
    /// @return false, and the buffer is untouched, if there is nothing to send now
    boolean pollTransmit(ByteBuffer out, long now);

    /// What [#pollTransmit] wrote last goes to an address that no peer has, or one whose place is not known.
    default void unreachable(ByteBuffer packet, long now) {}

    void handleTimeout(long now);

    /// When [#handleTimeout] has something to do, or `Long.MAX_VALUE`.
    long nextDeadline();

    /// Sends an echo request with that many zero bytes; its reply comes to the owner's [Pings] in `dispatch`.
    void sendEcho(InetAddress to, int identifier, int payloadLength, long now);

    /// Says that a peer has `now` in place of `before`.
    void addresses(List<IpPrefix> before, List<IpPrefix> now);

    /// Says how large packets to these places may be.
    void pathMtu(Collection<IpPrefix> destinations, int bytes);

    /// Whether connections from outside may begin, or their first packets are dropped.
    void acceptNew(boolean accept);

    @Nullable
    StackStatus status(int most, long now);

    /// Adds how many packets were dropped here, by reason.
    void drops(Map<String, Long> into);

    /// Takes back [#start]: what comes waits.
    void stop();

    void close();
}
