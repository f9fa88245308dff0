package dev.culvert.dataplane;

import dev.culvert.dataplane.site.ThisMachine;
import dev.culvert.model.Surroundings;
import java.net.InetAddress;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/// This machine's own addresses and those of its containers, asked of the kernel every few seconds and not for each
/// connection.
final class OwnAddresses {
    private static final int SECONDS = 10;

    private volatile Surroundings surroundings = ThisMachine.surroundings();

    OwnAddresses(ScheduledExecutorService scheduler) {
        scheduler.scheduleWithFixedDelay(
                () -> surroundings = ThisMachine.surroundings(), SECONDS, SECONDS, TimeUnit.SECONDS);
    }

    Set<InetAddress> now() {
        return surroundings.own();
    }

    Surroundings surroundings() {
        return surroundings;
    }
}
