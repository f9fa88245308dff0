package dev.culvert.dataplane.tunnel;

import dev.culvert.dataplane.udp.DatagramPorts;
import dev.culvert.proto.netstack.StackStatus;
import dev.culvert.proto.wireguard.PeerConfig;
import dev.culvert.proto.wireguard.PublicKey;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How the WireGuard end is realised; the rest of the data plane sees Netty channels only.
///
/// Methods may be called from any thread; what changes state happens on the driver's loop, and the future tells when.
public interface TunnelDriver extends AutoCloseable {
    /// `embedded`, `tun` or `kernel`.
    String type();

    /// The kernel's interface at its inner end; null where it has none.
    default @Nullable String interfaceName() {
        return null;
    }

    /// Whether the kernel forwards datagrams into the tunnel from now on: then the answers to them are its own.
    Future<?> forwards(boolean wanted);

    /// Whether listeners inside the tunnel are sockets of this machine, which share their ports with those outside.
    boolean sharesPorts();

    /// Where connections through the tunnel live.
    EventLoopGroup group();

    /// Makes channels that connect to an address inside the tunnel.
    ChannelFactory<Channel> connections();

    /// Makes channels that listen inside the tunnel, on the node's own addresses.
    ChannelFactory<ServerChannel> listeners();

    /// UDP ports inside the tunnel, of the loop that [#group] has; null where this driver has none.
    default @Nullable DatagramPorts datagrams() {
        return null;
    }

    /// Adds a peer, or changes it in place: its session and connections live on.
    Future<?> put(PeerConfig peer);

    Future<?> remove(PublicKey peer);

    /// A new place to reach the peer at, and a handshake at once if `initiate`.
    Future<?> redirect(PublicKey peer, InetSocketAddress endpoint, boolean initiate);

    /// Begins a handshake with the peer where it is believed to be, if that is known.
    Future<?> initiate(PublicKey peer);

    /// Hands back what an earlier run knew of a peer, best before it is put: from then on no older initiation of the
    /// peer is believed, and none is sent to it. Holds also for a peer that is put later, or removed and put again.
    Future<?> restore(PublicKey peer, HandshakeTimestamps timestamps);

    /// What to run, on the driver's loop and briefly, when a peer has shaken hands, begun to, or moved. One at a time.
    void onPeerNews(Runnable task);

    /// What is known of every peer now.
    Future<List<PeerStatus>> status();

    /// What is known of the way to a peer, or null if there is no such peer.
    Future<@Nullable PathEvidence> evidence(PublicKey peer);

    /// How large IP packets to a peer may be from now on, live connections included; the tunnel's MTU and more
    /// takes the limit away.
    Future<?> limitPackets(PublicKey peer, int bytes);

    /// How many packets were dropped, by layer and reason; reasons that have not occurred are left out.
    Future<Map<String, Long>> drops();

    /// What the TCP/IP stack inside the tunnel holds, with at most `most` connections one by one; null where the
    /// kernel's is in use.
    Future<@Nullable StackStatus> stackStatus(int most);

    /// The largest IP packet inside the tunnel, in bytes.
    int mtu();

    /// Sends one ICMP echo to an address inside the tunnel; the future fails if no reply of the same length
    /// came within `timeoutMillis`.
    ///
    /// @return the round trip in nanoseconds
    Future<Long> ping(InetAddress address, int payloadLength, long timeoutMillis);

    /// How long the way to addresses inside the tunnel takes, as last measured.
    RoundTrips roundTrips();

    /// Lets connections from inside begin, as from the start, or drops their first packets without an answer, so that
    /// whoever dials tries again: the next process will answer. Connections that stand are not touched.
    Future<?> acceptNew(boolean accept);

    /// Sends what is ready and falls silent: nothing is read from the UDP socket any more, and sessions and connections
    /// stay as they are until [#resume].
    Future<?> suspend();

    /// Goes on after [#suspend], and greets every peer: another process may have spoken to them meanwhile.
    Future<?> resume();

    /// The UDP socket's descriptor, which another process can be given; -1 where there is none to give.
    int descriptor();

    /// The UDP address that peers send to.
    InetSocketAddress localAddress();

    @Override
    void close();
}
