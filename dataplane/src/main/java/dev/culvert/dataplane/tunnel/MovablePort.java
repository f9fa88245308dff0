package dev.culvert.dataplane.tunnel;

import io.netty.channel.IoEventLoop;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// A [UdpPort] whose number and mark can be changed while it runs: another socket takes the place of the first.
final class MovablePort implements UdpPort {
    private final WgInterface.Binder binder;
    private UdpPort port;
    private @Nullable IoEventLoop loop;
    private @Nullable ArrivalRules rules;
    private Runnable readable = () -> {};
    private Runnable writable = () -> {};
    private int mark;

    MovablePort(WgInterface.Binder binder) throws IOException {
        this.binder = binder;
        port = binder.bind(0, 0);
    }

    int mark() {
        return mark;
    }

    /// @throws IOException if the port is taken, or marks are not allowed; all stays as it was
    void move(int number, int newMark) throws IOException {
        int now = localAddress().getPort();
        UdpPort next;
        if (number == now) {
            // Two sockets cannot have one number: the old one goes first, and comes back if the new one is refused.
            port.close();
            try {
                next = binder.bind(number, newMark);
            } catch (IOException e) {
                take(binder.bind(number, mark));
                throw e;
            }
        } else {
            next = binder.bind(number, newMark);
            port.close();
        }
        mark = newMark;
        take(next);
    }

    private void take(UdpPort next) throws IOException {
        port = next;
        if (rules != null) {
            port.filter(rules);
        }
        if (loop != null) {
            port.register(loop, readable, writable);
            writable.run();
        }
    }

    @Override
    public void filter(ArrivalRules newRules) {
        rules = newRules;
        port.filter(newRules);
    }

    @Override
    public void register(IoEventLoop onLoop, Runnable whenReadable, Runnable whenWritable) throws IOException {
        loop = onLoop;
        readable = whenReadable;
        writable = whenWritable;
        port.register(onLoop, whenReadable, whenWritable);
    }

    @Override
    public int receive(Receiver receiver, int max) {
        return port.receive(receiver, max);
    }

    @Override
    public boolean send(ByteBuffer datagram, InetSocketAddress to, int trafficClass) {
        return port.send(datagram, to, trafficClass);
    }

    @Override
    public void flush() {
        port.flush();
    }

    @Override
    public InetSocketAddress localAddress() {
        return port.localAddress();
    }

    @Override
    public long kernelDrops() {
        return port.kernelDrops();
    }

    @Override
    public long sendErrors() {
        return port.sendErrors();
    }

    @Override
    public Unsendable unsendable() {
        return port.unsendable();
    }

    @Override
    public void close() {
        port.close();
    }
}
