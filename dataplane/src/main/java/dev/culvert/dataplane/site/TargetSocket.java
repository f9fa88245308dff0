package dev.culvert.dataplane.site;

import dev.culvert.dataplane.DialException;
import dev.culvert.dataplane.DialException.Broken;
import dev.culvert.dataplane.udp.DatagramFault;
import dev.culvert.dataplane.udp.DatagramPort;
import dev.culvert.dataplane.udp.DatagramPorts;
import dev.culvert.dataplane.udp.Way;
import dev.culvert.proto.netstack.UdpEndpoint;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// One flow's own socket of the kernel to its target. Where the target is a name, it is looked up off the loop, and the
/// first datagrams wait; every address is judged before it is used.
public final class TargetSocket implements Way, DatagramPort.Receiver {
    private static final int MOST_WAITING = 4;
    // A connected socket knows its far end.
    private static final UdpEndpoint NOWHERE = new UdpEndpoint();

    private final DatagramPorts kernel;
    private final Visitor visitor;
    private final byte[] header;
    private final List<byte[]> waiting = new ArrayList<>(0);
    private ByteBuffer framed = ByteBuffer.allocate(0);
    private @Nullable DatagramPort port;
    private boolean closed;

    /// What is dialled.
    ///
    /// @param host a name or an address literal
    /// @param may whether an address may be dialled that the name resolves to
    /// @param source in whose name; null for this machine's own
    public record Place(
            String host,
            int port,
            Predicate<InetAddress> may,
            @Nullable Source source) {}

    private TargetSocket(DatagramPorts kernel, Visitor visitor, byte[] header) {
        this.kernel = kernel;
        this.visitor = visitor;
        this.header = header;
    }

    /// Opens the socket, at once where the place is an address; on `loop`, which owns it.
    ///
    /// @param lookups may block
    /// @param header what stands in front of each datagram; empty for nothing
    public static TargetSocket open(
            DatagramPorts kernel, Executor lookups, EventLoop loop, Place place, byte[] header, Visitor visitor) {
        TargetSocket socket = new TargetSocket(kernel, visitor, header);
        try {
            socket.connect(List.of(InetAddress.ofLiteral(place.host())), place);
        } catch (IllegalArgumentException name) {
            lookups.execute(() -> {
                List<InetAddress> found = lookUp(place.host());
                loop.execute(() -> socket.connect(found, place));
            });
        }
        return socket;
    }

    private static List<InetAddress> lookUp(String host) {
        try {
            return List.of(InetAddress.getAllByName(host));
        } catch (UnknownHostException | RuntimeException e) {
            return List.of();
        }
    }

    private void connect(List<InetAddress> addresses, Place place) {
        DialException last =
                new DialException(Broken.TARGET_UNREACHABLE, "the name " + place.host() + " does not resolve");
        for (InetAddress address : closed ? List.<InetAddress>of() : addresses) {
            if (!place.may().test(address)) {
                last = new DialException(Broken.DENIED, address.getHostAddress() + " is not allowed");
                continue;
            }
            Source source = place.source();
            DialException unfit = source == null ? null : source.unfit(address);
            if (unfit != null) {
                last = unfit;
                continue;
            }
            try {
                port = open(new InetSocketAddress(address, place.port()), source);
                visitor.connected();
                waiting.forEach(bytes -> send(ByteBuffer.wrap(bytes)));
                waiting.clear();
                return;
            } catch (IOException e) {
                last = new DialException(Broken.TARGET_UNREACHABLE, String.valueOf(e.getMessage()));
            }
        }
        if (!closed) {
            visitor.failed(last);
        }
    }

    private DatagramPort open(InetSocketAddress to, @Nullable Source source) throws IOException {
        if (source == null) {
            return kernel.connect(to, this);
        }
        DatagramPort opened = kernel.connectFrom(source.visitor(), to, this);
        source.used(opened.port());
        return opened;
    }

    @Override
    public boolean send(ByteBuffer payload) {
        DatagramPort open = port;
        if (open != null) {
            return open.send(header.length == 0 ? payload : framed(payload), NOWHERE);
        }
        if (waiting.size() >= MOST_WAITING) {
            visitor.dropped(DatagramFault.WAITING_FULL);
            return true;
        }
        byte[] bytes = new byte[payload.remaining()];
        payload.get(payload.position(), bytes);
        return waiting.add(bytes);
    }

    private ByteBuffer framed(ByteBuffer payload) {
        int length = header.length + payload.remaining();
        if (framed.capacity() < length) {
            framed = ByteBuffer.allocate(Math.max(2048, length));
        }
        return framed.clear().put(header).put(payload.duplicate()).flip();
    }

    @Override
    public void datagram(ByteBuffer payload, UdpEndpoint ends) {
        visitor.answer(payload);
    }

    @Override
    public void refused() {
        visitor.failed(new DialException(Broken.TARGET_REFUSED, ""));
    }

    @Override
    public void close() {
        closed = true;
        waiting.clear();
        DatagramPort open = port;
        if (open != null) {
            open.close();
        }
    }
}
