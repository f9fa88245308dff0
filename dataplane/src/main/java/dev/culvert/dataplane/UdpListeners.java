package dev.culvert.dataplane;

import dev.culvert.dataplane.ingress.UdpIngress;
import dev.culvert.dataplane.udp.DatagramPort;
import dev.culvert.dataplane.udp.DatagramPorts;
import dev.culvert.model.Bind;
import dev.culvert.model.Listener;
import dev.culvert.model.Model;
import dev.culvert.model.Service;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The UDP ports at which visitors of services of datagrams arrive: one socket for each port of each listener, all on
/// the tunnel's loop. Owned by [Listeners]; what touches a socket runs on the loop.
final class UdpListeners {
    private static final int TICK_SECONDS = 1;

    private final Loops loops;
    private final @Nullable DatagramPorts inside;
    private final Doorway doorway;
    private final DatagramDialer dialer;
    private final EventLoop loop;
    private final SecureRandom random = new SecureRandom();
    // Of the loop.
    private final Map<Socket, Opened> open = new HashMap<>();
    private final Map<String, UdpIngress> ingresses = new HashMap<>();
    private @Nullable Future<?> ticking;
    private boolean accepting = true;

    private record Socket(boolean inside, Bind bind) {}

    /// @param shared whether the next process binds it by itself, while this one still has it
    private record Opened(DatagramPort port, UdpIngress.Door door, boolean shared) {}

    /// @param inside ports inside the tunnel; null where there are none
    /// @param workers may block
    UdpListeners(Loops loops, @Nullable DatagramPorts inside, Executor workers, Doorway doorway) {
        this.loops = loops;
        this.inside = inside;
        this.doorway = doorway;
        this.loop = loops.tunnel();
        this.dialer = new DatagramDialer(loops, inside, workers, loop, doorway.runtime());
    }

    private static List<Socket> sockets(Listener listener) {
        List<Socket> all = new ArrayList<>();
        for (int i = 0; i < listener.bind().count(); i++) {
            all.add(new Socket(
                    listener.scope() == Listener.Scope.TUNNEL, listener.bind().at(i)));
        }
        return all;
    }

    /// Opens what is wanted and not open. All or nothing.
    ///
    /// @throws IOException with the remedy; what this call has opened is closed again
    void acquire(List<Listener> wanted) throws IOException {
        if (wanted.isEmpty()) {
            return;
        }
        onLoop(() -> {
            List<Socket> fresh = new ArrayList<>();
            try {
                for (Listener listener : wanted) {
                    for (Socket socket : sockets(listener)) {
                        if (!open.containsKey(socket)) {
                            open.put(socket, open(socket, listener.bind().count() > 1));
                            fresh.add(socket);
                        }
                    }
                }
            } catch (IOException e) {
                fresh.forEach(this::close);
                throw e;
            }
            return null;
        });
    }

    /// @param shared of several in a row: thousands of descriptors are none to hand over at an upgrade
    private Opened open(Socket socket, boolean shared) throws IOException {
        UdpIngress.Door door = new UdpIngress.Door();
        Bind bind = socket.bind();
        DatagramPort port;
        try {
            if (socket.inside()) {
                if (inside == null) {
                    throw new BindException("this tunnel driver has no ports of UDP");
                }
                port = inside.bind(null, bind.port(), false, door);
            } else {
                int inherited = loops.inheritedService(bind);
                DatagramPorts kernel = loops.datagramPorts();
                port = inherited >= 0
                        ? kernel.adopt(inherited, door)
                        : kernel.bind(bind.address(), bind.port(), shared, door);
            }
        } catch (IOException e) {
            throw failure(bind, e);
        }
        door.open(port);
        return new Opened(port, door, shared);
    }

    private static IOException failure(Bind bind, IOException cause) {
        String text = String.valueOf(cause.getMessage());
        if (text.contains("Permission denied")) {
            return new BindException("UDP port " + bind.port() + " is not allowed for this user. Either run as the"
                    + " service that has the right to it (sudo culvert install gateway), or listen on a port from 1024"
                    + " on");
        }
        if (text.contains("in use")) {
            return new BindException("UDP port " + bind.port() + " (" + bind + "/udp) is already in use by another"
                    + " program: ss -lnup 'sport = :" + bind.port() + "' names it");
        }
        return new BindException(bind + "/udp cannot be opened: " + text);
    }

    /// Leads every port to its service of the new model, and closes those that it has not.
    void release(Model model) {
        List<Listener> wanted =
                model.listeners().stream().filter(Listener::isUdp).toList();
        if (wanted.isEmpty() && ticking == null) {
            return;
        }
        quietly(() -> {
            Map<Socket, Listener> next = new HashMap<>();
            wanted.forEach(listener -> sockets(listener).forEach(socket -> next.put(socket, listener)));
            List.copyOf(open.keySet()).stream()
                    .filter(socket -> !next.containsKey(socket))
                    .forEach(this::close);
            next.forEach((socket, listener) -> lead(model, socket, listener));
            ingresses.entrySet().removeIf(entry -> {
                boolean gone = !model.services().containsKey(entry.getKey());
                if (gone) {
                    entry.getValue().close();
                }
                return gone;
            });
            if (ticking == null) {
                ticking = loop.scheduleWithFixedDelay(this::tick, TICK_SECONDS, TICK_SECONDS, TimeUnit.SECONDS);
            }
            return null;
        });
    }

    private void lead(Model model, Socket socket, Listener listener) {
        Opened opened = open.get(socket);
        Service service = model.services().get(String.valueOf(listener.service()));
        if (opened == null || service == null) {
            return;
        }
        UdpIngress ingress = ingresses.computeIfAbsent(
                service.name(), _ -> new UdpIngress(doorway, dialer, loop, service.udp(), random.nextLong()));
        ingress.settings(service.udp());
        ingress.accept(accepting);
        opened.door.lead(ingress, listener, service.trust());
    }

    private void tick() {
        long now = System.nanoTime();
        ingresses.values().forEach(ingress -> ingress.tick(now));
    }

    /// Whether flows may begin; those that have go on.
    void accept(boolean wanted) {
        quietly(() -> {
            accepting = wanted;
            ingresses.values().forEach(ingress -> ingress.accept(wanted));
            if (wanted) {
                open.values().forEach(opened -> opened.port.read(true));
            }
            return null;
        });
    }

    /// Leaves what arrives to who will have the sockets.
    void silence() {
        quietly(() -> {
            open.values().forEach(opened -> opened.port.read(false));
            return null;
        });
    }

    /// The kernel's sockets, by the names under which another process finds them.
    List<InheritedSockets.Lent> lent() {
        List<InheritedSockets.Lent> all = new ArrayList<>();
        quietly(() -> {
            open.forEach((socket, opened) -> {
                if (opened.port.descriptor() >= 0 && !opened.shared) {
                    all.add(new InheritedSockets.Lent(
                            InheritedSockets.service(socket.bind()), opened.port.descriptor()));
                }
            });
            return null;
        });
        return all;
    }

    /// Where the ports of this machine are bound in truth.
    List<InetSocketAddress> addresses() {
        List<InetSocketAddress> all = new ArrayList<>();
        quietly(() -> {
            open.forEach((socket, opened) -> {
                InetAddress address = socket.bind().address();
                int port = opened.port.port();
                if (!socket.inside()) {
                    all.add(address == null ? new InetSocketAddress(port) : new InetSocketAddress(address, port));
                }
            });
            return null;
        });
        return all;
    }

    void closeAll() {
        quietly(() -> {
            List.copyOf(open.keySet()).forEach(this::close);
            ingresses.values().forEach(UdpIngress::close);
            ingresses.clear();
            Future<?> current = ticking;
            if (current != null) {
                current.cancel(false);
                ticking = null;
            }
            return null;
        });
    }

    private void close(Socket socket) {
        Opened closing = open.remove(socket);
        if (closing != null) {
            closing.door.close();
        }
    }

    private void quietly(Callable<@Nullable Void> task) {
        try {
            onLoop(task);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private void onLoop(Callable<@Nullable Void> task) throws IOException {
        Future<@Nullable Void> done = loop.submit(task).awaitUninterruptibly();
        switch (done.cause()) {
            case null -> {}
            case IOException failed -> throw failed;
            case RuntimeException bug -> throw bug;
            default -> throw new IllegalStateException(done.cause());
        }
    }
}
