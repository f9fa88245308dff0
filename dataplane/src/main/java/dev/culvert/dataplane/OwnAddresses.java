package dev.culvert.dataplane;

import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/// This machine's own addresses, asked of the kernel every few seconds and not for each connection.
final class OwnAddresses {
    private static final int SECONDS = 10;

    private volatile Set<InetAddress> addresses = ask();

    OwnAddresses(ScheduledExecutorService scheduler) {
        scheduler.scheduleWithFixedDelay(() -> addresses = ask(), SECONDS, SECONDS, TimeUnit.SECONDS);
    }

    Set<InetAddress> now() {
        return addresses;
    }

    private static Set<InetAddress> ask() {
        try {
            return NetworkInterface.networkInterfaces()
                    .flatMap(NetworkInterface::inetAddresses)
                    .collect(Collectors.toUnmodifiableSet());
        } catch (SocketException e) {
            return Set.of();
        }
    }
}
