package dev.culvert.dataplane.ingress;

import dev.culvert.dataplane.Connection;
import dev.culvert.dataplane.DatagramDialer;
import dev.culvert.dataplane.DialException;
import dev.culvert.dataplane.DialException.Broken;
import dev.culvert.dataplane.Dialer;
import dev.culvert.dataplane.Doorway;
import dev.culvert.dataplane.Ended;
import dev.culvert.dataplane.udp.DatagramFault;
import dev.culvert.dataplane.udp.DatagramPort;
import dev.culvert.dataplane.udp.Flow;
import dev.culvert.dataplane.udp.FlowTable;
import dev.culvert.dataplane.udp.FlowTable.Room;
import dev.culvert.dataplane.udp.Way;
import dev.culvert.model.Listener;
import dev.culvert.model.PeerType;
import dev.culvert.model.ProxyTrust;
import dev.culvert.model.Site;
import dev.culvert.model.UdpSettings;
import dev.culvert.model.decide.Admitted;
import dev.culvert.model.decide.Allowance;
import dev.culvert.model.decide.Demand;
import dev.culvert.model.decide.Deny;
import dev.culvert.model.decide.Permit;
import dev.culvert.model.decide.Routed;
import dev.culvert.model.decide.TargetGroup;
import dev.culvert.model.decide.TargetState;
import dev.culvert.proto.netstack.UdpEndpoint;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The visitors of one service of datagrams, from the first datagram to the last: admission, route, access, permit, a
/// way to the target. What belongs to a known flow passes without any of them, and without an allocation. Owned by one
/// loop.
public final class UdpIngress {
    // A Culvert site says that it has a flow; until then the gateway cannot know that anybody is there.
    private static final long PATIENCE = 2_000_000_000L;

    // Beside the port that a datagram came to: a visitor that somebody else names is another than one that comes
    // itself.
    private static final int NAMED = 1 << 16;

    private final Doorway doorway;
    private final DatagramDialer dialer;
    private final EventLoop loop;
    private final FlowTable<VisitorFlow> flows;
    private final DatagramHeaders headers;
    private boolean accepting = true;

    /// One of the ports at which visitors arrive; whose they are, a reload may change.
    public static final class Door implements DatagramPort.Receiver {
        private @Nullable DatagramPort port;
        private @Nullable UdpIngress ingress;
        private @Nullable Listener listener;
        private ProxyTrust trust = ProxyTrust.NOBODY;

        /// Whose visitors come here from now on; the flows of others end.
        ///
        /// @param proxies who may say here for whom a datagram is
        public void lead(UdpIngress next, Listener to, ProxyTrust proxies) {
            UdpIngress before = ingress;
            if (before != null && before != next) {
                before.leave(this);
            }
            ingress = next;
            listener = to;
            trust = proxies;
        }

        public void open(DatagramPort socket) {
            port = socket;
        }

        /// Closes the port, and with it its flows.
        public void close() {
            UdpIngress before = ingress;
            ingress = null;
            if (before != null) {
                before.leave(this);
            }
            if (port != null) {
                port.close();
            }
        }

        @Override
        public void datagram(ByteBuffer payload, UdpEndpoint from) {
            UdpIngress current = ingress;
            Listener to = listener;
            DatagramPort socket = port;
            if (current != null && to != null && socket != null) {
                current.arrived(this, socket, to, payload, from);
            }
        }
    }

    public UdpIngress(Doorway doorway, DatagramDialer dialer, EventLoop loop, UdpSettings settings, long seed) {
        this.doorway = doorway;
        this.dialer = dialer;
        this.loop = loop;
        this.flows = new FlowTable<>(bounds(settings), seed);
        this.headers = new DatagramHeaders(doorway);
    }

    /// Other bounds, from the next datagram on.
    public void settings(UdpSettings next) {
        flows.bounds(bounds(next));
    }

    private static FlowTable.Bounds bounds(UdpSettings settings) {
        return new FlowTable.Bounds(
                settings.flows(),
                settings.flowsPerVisitor(),
                TimeUnit.SECONDS.toNanos(settings.idleSeconds()),
                settings.replyLimit(),
                false);
    }

    /// Whether flows may begin.
    public void accept(boolean wanted) {
        accepting = wanted;
    }

    /// Ends what has been silent for too long, and what no site answers for. To be called about once a second.
    public void tick(long now) {
        VisitorFlow silent;
        while ((silent = flows.pollExpired(now)) != null) {
            end(silent);
        }
        flows.forEach(flow -> {
            if (flow.isUnheard(now)) {
                flow.failed(new DialException(Broken.SITE_SILENT, ""));
            }
        });
    }

    /// Ends all flows.
    public void close() {
        flows.forEach(this::end);
    }

    private void leave(Door door) {
        flows.forEach(flow -> {
            if (flow.door == door) {
                end(flow);
            }
        });
    }

    private void arrived(Door door, DatagramPort socket, Listener listener, ByteBuffer payload, UdpEndpoint from) {
        if (!headers.read(listener, door.trust, payload, from)) {
            return;
        }
        long now = System.nanoTime();
        UdpEndpoint visitor = headers.ends();
        VisitorFlow flow = flows.find(visitor, headers.named() == null ? socket.port() : socket.port() | NAMED);
        if (flow == null) {
            flow = begin(door, socket, listener, from, now);
        } else if (headers.named() != null) {
            // Of several load balancers, the one that it comes by now has the answers.
            flow.sender.set(from);
        }
        if (flow == null) {
            return;
        }
        int length = payload.remaining();
        flows.heard(flow, length, now);
        flow.pass(payload, length, now);
    }

    private @Nullable VisitorFlow begin(Door door, DatagramPort socket, Listener listener, UdpEndpoint from, long now) {
        UdpEndpoint visitor = headers.ends();
        DatagramFault fault = objection(from, visitor, now);
        if (fault != null) {
            drop(fault);
            return null;
        }
        if (!doorway.mayArrive(listener, from.remote().getAddress())) {
            return null;
        }
        switch (doorway.admission().accept(visitor.remote().getAddress(), now)) {
            case Deny deny -> {
                return denied(deny);
            }
            case Admitted admitted -> {
                VisitorFlow flow = route(new VisitorFlow(door, socket, from, headers, admitted), listener, now);
                if (flow == null) {
                    doorway.admission().release(admitted);
                }
                return flow;
            }
        }
    }

    private @Nullable DatagramFault objection(UdpEndpoint from, UdpEndpoint visitor, long now) {
        if (!accepting) {
            return DatagramFault.NOT_ACCEPTING;
        }
        if (answersAll(from.remotePort()) || answersAll(visitor.remotePort())) {
            return DatagramFault.SOURCE_PORT;
        }
        Room room = flows.room(visitor, now);
        return switch (room) {
            case FREE -> null;
            case VISITOR_FULL -> DatagramFault.VISITOR_FULL;
            case FULL -> DatagramFault.SERVICE_FULL;
        };
    }

    private static boolean answersAll(int port) {
        return switch (port) {
            case 0, 7, 13, 17, 19 -> true;
            default -> false;
        };
    }

    private @Nullable VisitorFlow denied(Deny deny) {
        doorway.events().count("denied." + deny.reason());
        return null;
    }

    private @Nullable VisitorFlow route(VisitorFlow flow, Listener listener, long now) {
        switch (doorway.runtime().get().router().route(listener)) {
            case Deny deny -> {
                return denied(deny);
            }
            case Routed routed -> {
                switch (doorway.admission().permit(flow.admitted, routed, now)) {
                    case Deny deny -> {
                        return denied(deny);
                    }
                    // No service of datagrams can demand anything; whoever could not show it is not let in.
                    case Demand _ -> {
                        return null;
                    }
                    case Permit permit -> {
                        return enter(flow, permit, listener, now);
                    }
                }
            }
        }
    }

    private @Nullable VisitorFlow enter(VisitorFlow flow, Permit permit, Listener listener, long now) {
        VisitorFlow victim = flows.victim();
        if (victim != null) {
            end(victim);
        }
        Connection connection = doorway.connections().begin(permit, () -> loop.execute(() -> end(flow)));
        flow.connection(connection);
        flows.add(flow, now);
        TargetGroup group = doorway.runtime().get().targets().of(permit.service());
        int index = group.choose(permit.client(), -1, 0, now);
        if (index < 0) {
            drop(DatagramFault.NO_WAY);
            end(flow);
            return null;
        }
        TargetState target = group.targets().get(index);
        connection.through(target);
        flow.began = now;
        flow.target = target;
        open(
                flow,
                permit,
                target,
                Math.max(0, flow.socket.port() - listener.bind().port()));
        return flow.isLive() ? flow : null;
    }

    private void open(VisitorFlow flow, Permit permit, TargetState target, int offset) {
        Site site = permit.site(target.destination());
        flow.awaited = site != null && site.type() == PeerType.CULVERT;
        int ports = target.destination().target().count();
        Dialer.Visitor named = flow.named;
        Dialer.Visitor who = named != null
                ? named
                : new Dialer.Visitor(
                        flow.ends().remote(), new InetSocketAddress(flow.ends().local(), flow.socket.port()));
        try {
            Way way =
                    dialer.dial(permit, site, target.destination().target().at(Math.min(offset, ports - 1)), who, flow);
            if (flow.isLive()) {
                flow.way(way);
            } else {
                way.close();
            }
        } catch (DialException e) {
            flow.failed(e);
        } catch (IOException e) {
            drop(DatagramFault.NO_WAY);
            end(flow);
        }
    }

    private void end(VisitorFlow flow) {
        if (!flow.isLive()) {
            return;
        }
        flows.remove(flow);
        flow.letGo();
        doorway.admission().release(flow.admitted);
    }

    private void drop(DatagramFault fault) {
        doorway.events().count(fault.counter());
    }

    private final class VisitorFlow extends Flow implements Way.Visitor {
        final Door door;
        final DatagramPort socket;
        final Admitted admitted;

        // Where answers go: to the visitor, or to who stands in front of it.
        final UdpEndpoint sender = new UdpEndpoint();

        final Dialer.@Nullable Visitor named;

        @Nullable
        TargetState target;

        long began;
        // Whether somebody on the way will say that it is there.
        boolean awaited;

        VisitorFlow(Door door, DatagramPort socket, UdpEndpoint from, DatagramHeaders told, Admitted admitted) {
            super(told.ends(), told.named() == null ? socket.port() : socket.port() | NAMED);
            this.door = door;
            this.socket = socket;
            this.named = told.named();
            this.admitted = admitted;
            sender.set(from);
        }

        void pass(ByteBuffer payload, int length, long now) {
            Connection current = connection();
            Way through = way();
            Allowance allowance = current == null ? null : current.allowance();
            // Bytes wait where they come from, datagrams cannot: what is ahead of its rate is lost.
            if (allowance != null && allowance.inward(0, now) > 0) {
                drop(DatagramFault.BANDWIDTH);
                return;
            }
            if (allowance != null) {
                allowance.inward(length, now);
            }
            if (current != null && through != null && through.send(payload)) {
                current.received().add(length);
            } else {
                drop(DatagramFault.NOT_SENT);
            }
        }

        boolean isUnheard(long now) {
            return awaited && now - began >= PATIENCE;
        }

        @Override
        public void answer(ByteBuffer payload) {
            int length = payload.remaining();
            Connection current = connection();
            if (!isLive() || current == null) {
                return;
            }
            long now = System.nanoTime();
            Allowance allowance = current.allowance();
            if (!flows.mayAnswer(this, length)) {
                drop(DatagramFault.REPLY_LIMIT);
            } else if (allowance != null && allowance.outward(0, now) > 0) {
                drop(DatagramFault.BANDWIDTH);
            } else if (socket.send(payload, sender)) {
                if (allowance != null) {
                    allowance.outward(length, now);
                }
                flows.answered(this, length, now);
                current.sent().add(length);
            } else {
                drop(DatagramFault.NOT_SENT);
            }
        }

        @Override
        public void connected() {
            awaited = false;
            TargetState current = target;
            if (current != null) {
                current.connected();
            }
        }

        /// The visitor's next datagram begins a new flow, to another target where there is one.
        @Override
        public void failed(DialException why) {
            Connection current = connection();
            TargetState to = target;
            if (!isLive() || current == null || to == null) {
                return;
            }
            to.connectFailed(String.valueOf(why.getMessage()), System.nanoTime());
            current.targetFailed(why);
            current.how(Ended.How.DIAL);
            doorway.events()
                    .report(
                            current.service(),
                            "dial.failed",
                            "no way for datagrams to " + to.destination() + ": " + why.getMessage());
            end(this);
        }

        @Override
        public void dropped(DatagramFault fault) {
            drop(fault);
        }
    }
}
