package dev.culvert.dataplane.tunnel;

import io.netty.channel.IoEventLoop;
import java.io.IOException;

/// A [TunPort] that tells somebody else as well when its interface is removed.
record WatchedTun(TunPort tun, Runnable alsoGone) implements TunPort {
    @Override
    public String name() {
        return tun.name();
    }

    @Override
    public void register(IoEventLoop loop, Runnable readable, Runnable gone) throws IOException {
        tun.register(loop, readable, () -> {
            gone.run();
            alsoGone.run();
        });
    }

    @Override
    public void unregister() {
        tun.unregister();
    }

    @Override
    public int read(byte[] into) {
        return tun.read(into);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
        tun.write(bytes, offset, length);
    }

    @Override
    public long writeErrors() {
        return tun.writeErrors();
    }

    @Override
    public void close() {
        tun.close();
    }
}
