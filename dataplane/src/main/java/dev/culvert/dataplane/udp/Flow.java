package dev.culvert.dataplane.udp;

import dev.culvert.dataplane.Connection;
import dev.culvert.proto.netstack.UdpEndpoint;
import org.jspecify.annotations.Nullable;

/// What one far address and port exchanges with one of our ports: the links and counts that [FlowTable] keeps of it.
public class Flow {
    final UdpEndpoint ends = new UdpEndpoint();
    final int localPort;
    final long unit;
    int hash;

    @Nullable
    Flow nextInBucket;

    // The list of those as proven as this one, the longest silent first.
    @Nullable
    Flow older;

    @Nullable
    Flow younger;

    // All of the same visitor.
    @Nullable
    Flow nextOfVisitor;

    @Nullable
    Flow previousOfVisitor;

    boolean entered;
    boolean proven;
    boolean answered;
    long received;
    long sent;
    long lastHeard;

    private @Nullable Way way;
    private @Nullable Connection connection;

    /// @param from as its first datagram was addressed
    /// @param localPort the port it came to
    protected Flow(UdpEndpoint from, int localPort) {
        this.ends.set(from);
        this.localPort = localPort;
        this.unit = FlowTable.unit(from);
    }

    /// Where an answer goes, and from which of our addresses.
    public final UdpEndpoint ends() {
        return ends;
    }

    /// Whether the far end has answered an answer: who only pretends to be at that address has not seen it.
    public final boolean isProven() {
        return proven;
    }

    /// By which way its datagrams go; null before there is one.
    public final @Nullable Way way() {
        return way;
    }

    public final void way(Way found) {
        way = found;
    }

    /// What its bytes are counted on; null before it has been let in.
    public final @Nullable Connection connection() {
        return connection;
    }

    public final void connection(Connection begun) {
        connection = begun;
    }

    /// Closes its way and ends its connection: it has left its table.
    public final void letGo() {
        if (way != null) {
            way.close();
        }
        if (connection != null) {
            connection.ended();
        }
    }

    /// Whether it is in its table: false from the moment that it has ended.
    public final boolean isLive() {
        return entered;
    }
}
