package dev.culvert.dataplane;

import dev.culvert.dataplane.DialException.Broken;
import dev.culvert.dataplane.hop.DatagramHop;
import dev.culvert.dataplane.hop.ProxyAnnouncement;
import dev.culvert.dataplane.site.TargetSocket;
import dev.culvert.dataplane.udp.DatagramPorts;
import dev.culvert.dataplane.udp.DirectWay;
import dev.culvert.dataplane.udp.Way;
import dev.culvert.model.ClientAddress;
import dev.culvert.model.PeerType;
import dev.culvert.model.Site;
import dev.culvert.model.Target;
import dev.culvert.model.decide.Permit;
import dev.culvert.proto.proxyprotocol.HopRequest;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// From a permit to the way of a flow of datagrams: through the hop to a Culvert site, straight into the tunnel to a
/// plain peer, or by a socket of this machine. Of the loop that owns all of them.
public final class DatagramDialer {
    private static final byte[] NO_HEADER = {};

    private final Loops loops;
    private final @Nullable DatagramPorts inside;
    private final Executor lookups;
    private final EventLoop loop;
    private final Supplier<RunningModel> runtime;

    /// @param loops makes this machine's sockets
    /// @param inside those inside the tunnel; null where there are none
    /// @param lookups may block
    public DatagramDialer(
            Loops loops,
            @Nullable DatagramPorts inside,
            Executor lookups,
            EventLoop loop,
            Supplier<RunningModel> runtime) {
        this.loops = loops;
        this.inside = inside;
        this.lookups = lookups;
        this.loop = loop;
        this.runtime = runtime;
    }

    /// @param site null where the target is on this node's own side
    /// @param target one port
    /// @throws IOException as a [DialException] where nothing leads there
    public Way dial(Permit permit, @Nullable Site site, Target target, Dialer.Visitor who, Way.Visitor flow)
            throws IOException {
        ClientAddress how = permit.service().clientAddress();
        if (site == null) {
            TargetSocket.Place place = new TargetSocket.Place(target.host(), target.port(), _ -> true, null);
            return TargetSocket.open(loops.datagramPorts(), lookups, loop, place, header(how, who), flow);
        }
        DatagramPorts through = inside;
        if (through == null) {
            throw new DialException(Broken.SITE_SILENT, "this tunnel driver carries no datagrams of services");
        }
        if (site.type() == PeerType.PLAIN) {
            InetAddress address = InetAddress.ofLiteral(target.host());
            InetSocketAddress there = new InetSocketAddress(address, target.port());
            return DirectWay.open(through, own(address, site), there, header(how, who), flow);
        }
        InetAddress address = site.peer().addresses().getFirst();
        HopRequest.Announcement announcement = Dialer.announcement(how);
        HopRequest.Target wanted = new HopRequest.Target(HopRequest.Protocol.UDP, target.host(), target.port());
        HopRequest request = HopRequest.visitor(Dialer.NETWORK, wanted, announcement, who.client(), who.local());
        int mtu = runtime.get().model().tunnel().mtu();
        return DatagramHop.open(through, own(address, site), address, mtu, request, flow);
    }

    private static byte[] header(ClientAddress how, Dialer.Visitor who) {
        return how == ClientAddress.PROXY_V2 ? ProxyAnnouncement.ofDatagrams(who.client(), who.local()) : NO_HEADER;
    }

    /// This node's address inside the tunnel from which another one is reached.
    private InetAddress own(InetAddress remote, Site site) throws DialException {
        List<InetAddress> all = runtime.get().model().tunnel().addresses();
        for (InetAddress own : all) {
            if (own.getAddress().length == remote.getAddress().length) {
                return own;
            }
        }
        throw new DialException(
                Broken.SITE_SILENT, "site " + site.name() + ": the tunnel has no address of the family of its own");
    }
}
