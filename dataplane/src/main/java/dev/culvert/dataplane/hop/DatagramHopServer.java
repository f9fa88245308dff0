package dev.culvert.dataplane.hop;

import dev.culvert.dataplane.Connection;
import dev.culvert.dataplane.DialException;
import dev.culvert.dataplane.DialException.Broken;
import dev.culvert.dataplane.Ended;
import dev.culvert.dataplane.Loops;
import dev.culvert.dataplane.Ports;
import dev.culvert.dataplane.site.TargetSocket;
import dev.culvert.dataplane.udp.DatagramFault;
import dev.culvert.dataplane.udp.DatagramPort;
import dev.culvert.dataplane.udp.DatagramPorts;
import dev.culvert.dataplane.udp.Flow;
import dev.culvert.dataplane.udp.FlowTable;
import dev.culvert.dataplane.udp.Way;
import dev.culvert.model.ClientVerdict;
import dev.culvert.model.SiteRules;
import dev.culvert.model.Target;
import dev.culvert.model.Transport;
import dev.culvert.model.UdpSettings;
import dev.culvert.proto.netstack.UdpEndpoint;
import dev.culvert.proto.proxyprotocol.HopCode;
import dev.culvert.proto.proxyprotocol.HopReply;
import dev.culvert.proto.proxyprotocol.HopRequest;
import dev.culvert.proto.proxyprotocol.HopRequestParser;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The site's side of the hop for datagrams: requests come to [Ports#HOP], payload to [Ports#FLOWS]. Each flow has a
/// socket of its own to its target. Owned by the tunnel's loop.
///
/// Like [HopServer] it is the wall behind a taken-over gateway.
public final class DatagramHopServer {
    // Each has a descriptor; who has been silent for longest gives way.
    private static final int FLOWS = 4096;
    private static final int TICK_SECONDS = 1;

    private final HopServer.Site site;
    private final Loops loops;
    private final Executor lookups;
    private final EventLoop loop;
    private final FlowTable<SiteFlow> flows;
    // Of those in their visitors' names: a gateway that was started again asks for the same from another port.
    private final Map<HopRequest, SiteFlow> named = new HashMap<>();
    private final ByteBuffer reply = ByteBuffer.allocate(HopReply.LENGTH);
    private final DatagramPort requests;
    private final DatagramPort payloads;

    /// What the flows of a site need beside its rules.
    ///
    /// @param loops makes this machine's sockets, once there is a flow
    /// @param inside makes the ports inside the tunnel
    /// @param lookups may block
    /// @param seed secret random bits
    public record Parts(Loops loops, DatagramPorts inside, Executor lookups, EventLoop loop, long seed) {}

    /// Begins to listen; on the loop.
    ///
    /// @throws IOException if a port inside the tunnel is taken
    public DatagramHopServer(HopServer.Site site, Parts parts) throws IOException {
        this.site = site;
        this.loops = parts.loops();
        this.lookups = parts.lookups();
        this.loop = parts.loop();
        // Longer than any gateway keeps them; what flows there are is the gateway's to bound.
        long idle = TimeUnit.SECONDS.toNanos(UdpSettings.MAX_IDLE + 10);
        this.flows = new FlowTable<>(new FlowTable.Bounds(FLOWS, FLOWS, idle, 0, true), parts.seed());
        this.requests = parts.inside().bind(null, Ports.HOP, false, this::requested);
        this.payloads = parts.inside().bind(null, Ports.FLOWS, false, this::arrived);
        loop.scheduleWithFixedDelay(this::tick, TICK_SECONDS, TICK_SECONDS, TimeUnit.SECONDS);
    }

    private void tick() {
        long now = System.nanoTime();
        SiteFlow silent;
        while ((silent = flows.pollExpired(now)) != null) {
            end(silent);
        }
    }

    private void requested(ByteBuffer datagram, UdpEndpoint from) {
        String gateway = site.gateway(from.remote().getAddress());
        if (gateway == null) {
            site.events().count("hop.stranger");
            return;
        }
        switch (HopRequestParser.parseDatagram(datagram)) {
            case HopRequestParser.NeedMore _ -> refuse(from, HopCode.BAD_HEADER);
            case HopRequestParser.Malformed malformed -> {
                site.events().count("hop.malformed." + malformed.reason());
                refuse(from, HopCode.BAD_HEADER);
            }
            case HopRequestParser.Accepted(HopRequest request, int consumed) -> {
                datagram.position(datagram.position() + consumed);
                SiteFlow flow = flow(request, gateway, from);
                if (flow != null && datagram.hasRemaining()) {
                    flow.pass(datagram);
                }
            }
        }
    }

    /// The flow that a request begins, or had begun before; null where it is refused.
    private @Nullable SiteFlow flow(HopRequest request, String gateway, UdpEndpoint from) {
        SiteFlow known = flows.find(from, 0);
        if (known != null && known.request.equals(request)) {
            if (known.connected) {
                answer(from, HopCode.OK);
            }
            return known;
        }
        if (known != null) {
            end(known);
        }
        InetSocketAddress client = request.client();
        if (client == null || request.target().protocol() != HopRequest.Protocol.UDP) {
            refuse(from, HopCode.BAD_HEADER);
            return null;
        }
        if (!isAllowed(request, client, gateway)) {
            refuse(from, HopCode.DENIED);
            return null;
        }
        return begin(request, client, gateway, from);
    }

    private boolean isAllowed(HopRequest request, InetSocketAddress client, String gateway) {
        HopRequest.Target target = request.target();
        SiteRules rules = site.rules();
        if (!rules.allows(Transport.UDP, target.host(), target.port())) {
            site.events()
                    .report(
                            gateway,
                            "hop.denied.target",
                            "asked for " + HopServer.name(target)
                                    + "/udp, which is not on the allow: list of site.yaml: refused");
            return false;
        }
        ClientVerdict verdict =
                rules.mayClaim(client.getAddress(), site.surroundings().own());
        if (!verdict.isAllowed()) {
            site.events()
                    .report(
                            gateway,
                            "hop.denied.client",
                            "says that a visitor of " + HopServer.name(target) + "/udp comes from "
                                    + client.getAddress().getHostAddress() + " (" + verdict
                                    + "), which cannot be: refused (clients: in site.yaml would allow it)");
        }
        return verdict.isAllowed()
                && (!isTransparent(request)
                        || InVisitorsName.isAllowed(site, gateway, Transport.UDP, target, client.getAddress()));
    }

    private static boolean isTransparent(HopRequest request) {
        return request.announcement() == HopRequest.Announcement.TRANSPARENT;
    }

    private TargetSocket.Place place(HopRequest request, InetSocketAddress client) {
        HopRequest.Target target = request.target();
        SiteRules rules = site.rules();
        return isTransparent(request)
                ? new TargetSocket.Place(
                        target.host(),
                        target.port(),
                        InVisitorsName.may(site, Transport.UDP, target),
                        InVisitorsName.source(site, client))
                : new TargetSocket.Place(
                        target.host(),
                        target.port(),
                        address -> rules.mayDial(Transport.UDP, target.host(), target.port(), address),
                        null);
    }

    private @Nullable SiteFlow begin(HopRequest request, InetSocketAddress client, String gateway, UdpEndpoint from) {
        long now = System.nanoTime();
        flows.room(from, now);
        SiteFlow victim = flows.victim();
        if (victim != null) {
            end(victim);
        }
        SiteFlow before = named.get(request);
        if (before != null) {
            end(before);
        }
        SiteFlow flow = new SiteFlow(from, request);
        flows.add(flow, now);
        if (isTransparent(request)) {
            named.put(request, flow);
        }
        HopRequest.Target target = request.target();
        flow.connection(site.connections()
                .beginHop(
                        new Target(Target.Scheme.UDP, target.host(), target.port()),
                        gateway,
                        client.getAddress(),
                        () -> loop.execute(() -> end(flow))));
        InetSocketAddress local = request.local();
        byte[] header = request.announcement() != HopRequest.Announcement.PROXY_V2 || local == null
                ? new byte[0]
                : ProxyAnnouncement.ofDatagrams(client, local);
        TargetSocket.Place place = place(request, client);
        try {
            TargetSocket socket = TargetSocket.open(loops.datagramPorts(), lookups, loop, place, header, flow);
            if (flow.isLive()) {
                flow.way(socket);
                return flow;
            }
            socket.close();
        } catch (IOException e) {
            flow.failed(new DialException(Broken.TARGET_UNREACHABLE, String.valueOf(e.getMessage())));
        }
        return null;
    }

    private void arrived(ByteBuffer payload, UdpEndpoint from) {
        SiteFlow flow = flows.find(from, 0);
        if (flow != null) {
            flow.pass(payload);
        } else if (site.gateway(from.remote().getAddress()) == null) {
            site.events().count("hop.stranger");
        } else {
            site.events().count(DatagramFault.UNKNOWN_FLOW.counter());
            answer(from, HopCode.UNKNOWN_FLOW);
        }
    }

    private void refuse(UdpEndpoint to, HopCode code) {
        site.events().count("hop.refused." + code);
        answer(to, code);
    }

    private void answer(UdpEndpoint to, HopCode code) {
        reply.clear();
        new HopReply(code).write(reply);
        requests.send(reply.flip(), to);
    }

    private void end(SiteFlow flow) {
        if (!flow.isLive()) {
            return;
        }
        flows.remove(flow);
        named.remove(flow.request, flow);
        flow.letGo();
    }

    private final class SiteFlow extends Flow implements Way.Visitor {
        final HopRequest request;

        boolean connected;

        SiteFlow(UdpEndpoint from, HopRequest request) {
            super(from, 0);
            this.request = request;
        }

        void pass(ByteBuffer payload) {
            Way through = way();
            Connection current = connection();
            int length = payload.remaining();
            flows.heard(this, length, System.nanoTime());
            if (through != null && current != null && through.send(payload)) {
                current.received().add(length);
            } else {
                dropped(DatagramFault.NOT_SENT);
            }
        }

        @Override
        public void answer(ByteBuffer payload) {
            int length = payload.remaining();
            Connection current = connection();
            if (isLive() && current != null && payloads.send(payload, ends())) {
                flows.answered(this, length, System.nanoTime());
                current.sent().add(length);
            } else {
                dropped(DatagramFault.NOT_SENT);
            }
        }

        @Override
        public void connected() {
            connected = true;
            DatagramHopServer.this.answer(ends(), HopCode.OK);
        }

        @Override
        public void failed(DialException why) {
            Connection current = connection();
            if (!isLive() || current == null) {
                return;
            }
            current.how(Ended.How.DIAL);
            site.events()
                    .report(
                            HopServer.name(request.target()) + "/udp",
                            "target.failed",
                            "no way for datagrams to the target: " + why.getMessage());
            refuse(ends(), HopServer.code(why.broken()));
            end(this);
        }

        @Override
        public void dropped(DatagramFault fault) {
            site.events().count(fault.counter());
        }
    }
}
