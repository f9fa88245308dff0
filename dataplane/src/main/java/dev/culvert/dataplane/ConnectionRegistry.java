package dev.culvert.dataplane;

import dev.culvert.dataplane.relay.Splices;
import dev.culvert.model.Service;
import dev.culvert.model.Target;
import dev.culvert.model.decide.Permit;
import dev.culvert.proto.http.RequestHead;
import dev.culvert.proto.inet.IpPrefix;
import io.netty.channel.Channel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Every connection that lives, and what each service has carried so far. Shared by all loops; nothing is held while a
/// channel is closed.
public final class ConnectionRegistry {
    private static final int MAX_TARGETS = 256;
    private static final String OTHER_TARGETS = "other targets";

    private final Set<Connection> live = ConcurrentHashMap.newKeySet();
    private final Map<String, ServiceMeter> meters = new ConcurrentHashMap<>();
    private final Map<Target, ServiceMeter> hops = new ConcurrentHashMap<>();
    private final Consumer<Permit> onEnd;
    private final @Nullable Splices splices;
    private volatile @Nullable Consumer<Ended> listener;

    /// @param onEnd takes back the permit of every connection that ended
    public ConnectionRegistry(Consumer<Permit> onEnd) {
        this(onEnd, null);
    }

    /// @param splices for connections of which both ends are sockets of the kernel; null to copy them as well
    public ConnectionRegistry(Consumer<Permit> onEnd, @Nullable Splices splices) {
        this.onEnd = onEnd;
        this.splices = splices;
    }

    /// What splicing relays share; null where there are none.
    public @Nullable Splices splices() {
        return splices;
    }

    /// What a service has carried since the start of the process.
    ///
    /// @param live connections now
    /// @param connections connections since the start
    /// @param receivedBytes bytes from visitors
    /// @param sentBytes bytes to visitors
    /// @param hop whether it is a target that gateways lead to, and no service
    public record ServiceTraffic(long live, long connections, long receivedBytes, long sentBytes, boolean hop) {
        ServiceTraffic plus(ServiceTraffic more) {
            return new ServiceTraffic(
                    live + more.live,
                    connections + more.connections,
                    receivedBytes + more.receivedBytes,
                    sentBytes + more.sentBytes,
                    hop);
        }
    }

    /// Who is told of every end, on an event loop: it must not block. Null for nobody.
    public void onEnded(@Nullable Consumer<Ended> next) {
        listener = next;
    }

    /// Whether anybody is told of ends.
    boolean isHeard() {
        return listener != null;
    }

    /// Tells of a request that was answered without a connection to anything.
    ///
    /// @param status of the answer, 0 for a close without one
    public void refused(InetAddress client, RequestHead head, int status) {
        Consumer<Ended> told = listener;
        if (told != null) {
            Ended.Http http = Ended.Http.of(head, status);
            told.accept(new Ended(System.currentTimeMillis(), 0, client, null, null, 0, 0, Ended.How.REFUSED, http));
        }
    }

    /// Enters a connection; it leaves by [Connection#ended()].
    public Connection begin(Permit permit, Channel visitor) {
        String site = permit.service().site();
        ServiceMeter meter = meter(permit.service().name());
        return enter(new Connection(this, meter, site, permit.client(), visitor, permit, null));
    }

    /// Enters a flow of datagrams.
    ///
    /// @param cutter ends it, from any thread
    public Connection begin(Permit permit, Runnable cutter) {
        String site = permit.service().site();
        ServiceMeter meter = meter(permit.service().name());
        Connection flow = new Connection(this, meter, site, permit.client(), null, permit, null);
        flow.cutter(cutter);
        return enter(flow);
    }

    /// Enters a flow of datagrams that a gateway brought through the hop.
    ///
    /// @param cutter ends it, from any thread
    public Connection beginHop(Target target, String gateway, InetAddress client, Runnable cutter) {
        ServiceMeter meter = meter(target);
        Connection flow = new Connection(this, meter, gateway, client, null, null, meter.leadsTo(target));
        flow.cutter(cutter);
        return enter(flow);
    }

    /// Enters what a gateway brought through the hop: the home's own rules were its permit.
    ///
    /// @param target what it leads to
    public Connection beginHop(Target target, String gateway, InetAddress client, Channel hop) {
        ServiceMeter meter = meter(target);
        return enter(new Connection(this, meter, gateway, client, hop, null, meter.leadsTo(target)));
    }

    private Connection enter(Connection connection) {
        live.add(connection);
        return connection;
    }

    private ServiceMeter meter(String service) {
        ServiceMeter known = meters.get(service);
        ServiceMeter meter = known == null ? meters.computeIfAbsent(service, ServiceMeter::new) : known;
        meter.connections.increment();
        return meter;
    }

    /// A gateway chooses the targets, and an allow: list of prefixes lets it choose among millions.
    private ServiceMeter meter(Target target) {
        ServiceMeter meter = hops.get(target);
        if (meter == null) {
            meter = hops.size() < MAX_TARGETS
                    ? hops.computeIfAbsent(target, ServiceMeter::new)
                    : meters.computeIfAbsent(OTHER_TARGETS, ServiceMeter::ofOtherTargets);
        }
        meter.connections.increment();
        return meter;
    }

    void ended(Connection connection, long nanos) {
        // In this order: who reads in between finds too little, never too much.
        live.remove(connection);
        connection.settle(nanos);
        Consumer<Ended> told = listener;
        if (told != null) {
            told.accept(connection.summary(nanos));
        }
        Permit permit = connection.permit();
        if (permit != null) {
            onEnd.accept(permit);
        }
    }

    public int size() {
        return live.size();
    }

    /// Cuts every connection of clients within the prefix; returns how many.
    public int closeFrom(IpPrefix prefix) {
        return closeIf(connection -> prefix.contains(connection.client()));
    }

    /// Cuts every connection of a service; returns how many.
    public int closeService(String service) {
        return closeIf(connection -> connection.service().equals(service));
    }

    /// Cuts every connection through a site; returns how many.
    public int closeSite(String site) {
        return closeIf(connection -> site.equals(connection.site()));
    }

    /// Cuts every visitor's connection whose permit does not hold any more; returns how many.
    public int closeUnless(Predicate<Permit> holds) {
        return closeIf(connection -> {
            Permit permit = connection.permit();
            return permit != null && !holds.test(permit);
        });
    }

    /// Cuts every connection of the hop whose target the home no longer agrees to; returns how many.
    public int closeHopsUnless(Predicate<Target> allowed) {
        return closeIf(connection -> {
            Target target = connection.hopTarget();
            return target != null && !allowed.test(target);
        });
    }

    /// What the connection leads to whose target sees `seen` at its other end, if it is one that came through the hop:
    /// whoever has a shell at that target has come this way.
    public @Nullable Target hopTargetSeenFrom(InetSocketAddress seen) {
        for (Connection connection : live) {
            if (seen.equals(connection.dialledFrom())) {
                return connection.hopTarget();
            }
        }
        return null;
    }

    /// How many have something under way: a request, or bytes within the last `nanos`.
    int busy(long nanos) {
        long now = System.nanoTime();
        int busy = 0;
        for (Connection connection : live) {
            boolean quiet = connection.isQuiet(nanos, now);
            if (!quiet || connection.isRequest()) {
                busy++;
            }
        }
        return busy;
    }

    /// Closes, in good order, what gateways brought through the hop and keep for the next request.
    void closeQuietHops(long nanos) {
        long now = System.nanoTime();
        closeIf(connection -> connection.hopTarget() != null && connection.isQuiet(nanos, now));
    }

    /// The channels of those that have a connection.
    Set<Channel> visitors() {
        Set<Channel> visitors = new HashSet<>();
        for (Connection connection : live) {
            Channel visitor = connection.visitor();
            if (visitor != null) {
                visitors.add(visitor);
            }
        }
        return visitors;
    }

    /// Ends everything with a reset; returns how many.
    int resetAll() {
        List<Connection> all = List.copyOf(live);
        all.forEach(Connection::reset);
        return all.size();
    }

    /// Ends what gateways brought through the hop with a reset.
    void resetHops() {
        for (Connection connection : live) {
            if (connection.hopTarget() != null) {
                connection.reset();
            }
        }
    }

    private int closeIf(Predicate<Connection> condition) {
        int closed = 0;
        for (Connection connection : live) {
            if (condition.test(connection)) {
                connection.close();
                closed++;
            }
        }
        return closed;
    }

    /// What is counted of a service beside its traffic; null if nobody has asked for it yet.
    public @Nullable ServiceMeter meter(Service service) {
        return meters.get(service.name());
    }

    /// What every service has carried, those that live included, by name.
    public Map<String, ServiceTraffic> traffic() {
        Map<String, ServiceTraffic> result = new TreeMap<>();
        Stream.concat(meters.values().stream(), hops.values().stream())
                .forEach(sum -> result.put(
                        sum.name,
                        new ServiceTraffic(0, sum.connections.sum(), sum.received.sum(), sum.sent.sum(), sum.hop)));
        for (Connection connection : live) {
            result.computeIfPresent(
                    connection.service(),
                    (_, sum) -> new ServiceTraffic(
                            sum.live() + 1,
                            sum.connections(),
                            sum.receivedBytes() + connection.received().sum(),
                            sum.sentBytes() + connection.sent().sum(),
                            sum.hop()));
        }
        return result;
    }
}
