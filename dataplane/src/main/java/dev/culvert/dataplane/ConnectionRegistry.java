package dev.culvert.dataplane;

import dev.culvert.dataplane.relay.Relay;
import dev.culvert.model.Target;
import dev.culvert.model.decide.Permit;
import dev.culvert.proto.inet.IpPrefix;
import io.netty.channel.Channel;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/// Every connection that lives, and what each service has carried so far. Shared by all loops; nothing is held while a
/// channel is closed.
public final class ConnectionRegistry {
    private final Set<Connection> live = ConcurrentHashMap.newKeySet();
    private final Map<String, Totals> totals = new ConcurrentHashMap<>();
    private final Consumer<Permit> onEnd;

    /// @param onEnd takes back the permit of every connection that ended
    public ConnectionRegistry(Consumer<Permit> onEnd) {
        this.onEnd = onEnd;
    }

    /// What a service has carried since the start of the process.
    ///
    /// @param live connections now
    /// @param connections connections since the start
    /// @param receivedBytes bytes from visitors
    /// @param sentBytes bytes to visitors
    public record ServiceTraffic(long live, long connections, long receivedBytes, long sentBytes) {}

    private static final class Totals {
        final LongAdder connections = new LongAdder();
        final LongAdder received = new LongAdder();
        final LongAdder sent = new LongAdder();
    }

    /// Enters a connection; it leaves by [Connection#ended()].
    public Connection begin(Permit permit, Channel visitor) {
        String service = permit.service().name();
        String site = permit.service().site();
        return enter(new Connection(this, service, site, permit.client(), visitor, permit, null));
    }

    /// Enters what a gateway brought through the hop: the home's own rules were its permit.
    ///
    /// @param target what it leads to
    public Connection beginHop(Target target, String gateway, InetAddress client, Channel hop) {
        return enter(new Connection(this, target.toString(), gateway, client, hop, null, target));
    }

    private Connection enter(Connection connection) {
        totals.computeIfAbsent(connection.service(), _ -> new Totals())
                .connections
                .increment();
        live.add(connection);
        return connection;
    }

    void ended(Connection connection) {
        live.remove(connection);
        Totals service = totals.computeIfAbsent(connection.service(), _ -> new Totals());
        service.received.add(connection.received().sum());
        service.sent.add(connection.sent().sum());
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

    /// How many have something under way: a request, or bytes within the last `nanos`.
    int busy(long nanos) {
        long now = System.nanoTime();
        int busy = 0;
        for (Connection connection : live) {
            boolean quiet = connection.isQuiet(nanos, now);
            if (!quiet || connection.visitor().pipeline().get(Relay.HTTP) != null) {
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
        return live.stream().map(Connection::visitor).collect(Collectors.toSet());
    }

    /// Ends everything with a reset; returns how many.
    int resetAll() {
        List<Connection> all = List.copyOf(live);
        all.forEach(connection -> Relay.reset(connection.visitor()));
        return all.size();
    }

    /// Ends what gateways brought through the hop with a reset.
    void resetHops() {
        for (Connection connection : live) {
            if (connection.hopTarget() != null) {
                Relay.reset(connection.visitor());
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

    /// What every service has carried, those that live included, by name.
    public Map<String, ServiceTraffic> traffic() {
        Map<String, ServiceTraffic> result = new TreeMap<>();
        totals.forEach((name, sum) ->
                result.put(name, new ServiceTraffic(0, sum.connections.sum(), sum.received.sum(), sum.sent.sum())));
        for (Connection connection : live) {
            result.computeIfPresent(
                    connection.service(),
                    (_, sum) -> new ServiceTraffic(
                            sum.live() + 1,
                            sum.connections(),
                            sum.receivedBytes() + connection.received().sum(),
                            sum.sentBytes() + connection.sent().sum()));
        }
        return result;
    }
}
