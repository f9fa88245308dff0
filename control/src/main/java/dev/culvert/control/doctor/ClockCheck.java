package dev.culvert.control.doctor;

import dev.culvert.control.machine.SaneClock;
import java.time.InstantSource;

/// Whether this machine's clock can be right at all.
final class ClockCheck implements Check {
    private final InstantSource clock;

    ClockCheck(InstantSource clock) {
        this.clock = clock;
    }

    @Override
    public String name() {
        return "clock";
    }

    @Override
    public Finding run() {
        String wrong = SaneClock.wrong(clock.instant());
        return wrong == null
                ? Finding.ok(name(), clock.instant().toString().substring(0, 19) + "Z")
                : Finding.broken(name(), wrong, SaneClock.FIX);
    }
}
