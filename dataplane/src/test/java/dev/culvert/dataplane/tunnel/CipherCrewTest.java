package dev.culvert.dataplane.tunnel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.dataplane.testing.Stream;
import dev.culvert.dataplane.testing.TunnelPair;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class CipherCrewTest {
    @Test
    void run_batchesOfAllSizes_runsEachJobOnceBeforeItReturns() {
        try (CipherCrew crew = new CipherCrew(2)) {
            Random random = new Random(1);
            int[] runs = new int[300];
            Runnable[] jobs = new Runnable[300];
            Arrays.setAll(jobs, i -> () -> runs[i]++);
            for (int batch = 0; batch < 5_000; batch++) {
                int count = random.nextInt(jobs.length + 1);
                Arrays.fill(runs, 0);
                crew.run(jobs, count);
                for (int i = 0; i < runs.length; i++) {
                    assertThat(runs[i]).isEqualTo(i < count ? 1 : 0);
                }
            }
        }
    }

    @Test
    void run_jobThatFails_isToldWhenTheOthersHaveRun() {
        try (CipherCrew crew = new CipherCrew(1)) {
            AtomicInteger ran = new AtomicInteger();
            Runnable[] jobs = new Runnable[64];
            Arrays.fill(jobs, (Runnable) ran::incrementAndGet);
            jobs[40] = () -> {
                throw new IllegalStateException("a bug");
            };
            assertThatThrownBy(() -> crew.run(jobs, jobs.length)).hasRootCauseMessage("a bug");
            assertThat(ran).hasValue(63);
        }
    }

    @Test
    void run_helperThatGetsNoCoreInTime_restsForAWhile() {
        try (CipherCrew crew = new CipherCrew(1)) {
            Thread owner = Thread.currentThread();
            Runnable[] jobs = new Runnable[64];
            Arrays.fill(jobs, (Runnable)
                    () -> LockSupport.parkNanos(Thread.currentThread().equals(owner) ? 100_000 : 50_000_000));
            while (!crew.rests()) {
                crew.run(jobs, jobs.length);
            }
            Runnable[] further = new Runnable[64];
            Arrays.fill(further, (Runnable) () -> {});
            // It is asked again by itself.
            do {
                crew.run(further, further.length);
            } while (crew.rests());
        }
    }

    @Test
    void tunnelWithHelpers_carriesBothWaysWhole() throws Exception {
        System.setProperty("culvert.cipherHelpers", "2");
        try (TunnelPair pair = TunnelPair.open(TunnelPair.Io.EPOLL)) {
            Stream far = new Stream(16 << 20);
            Stream near = new Stream(16 << 20);
            new ServerBootstrap()
                    .group(pair.site().group())
                    .channelFactory(pair.site().listeners())
                    .childHandler(far)
                    .bind(new InetSocketAddress(TunnelPair.SITE, 7))
                    .sync();
            new Bootstrap()
                    .group(pair.gateway().group())
                    .channelFactory(pair.gateway().connections())
                    .handler(near)
                    .connect(new InetSocketAddress(TunnelPair.SITE, 7))
                    .sync();

            assertThat(near.ended().get(30, TimeUnit.SECONDS)).isEqualTo(Stream.Sum.of(16 << 20));
            assertThat(far.ended().get(30, TimeUnit.SECONDS)).isEqualTo(Stream.Sum.of(16 << 20));
        } finally {
            System.clearProperty("culvert.cipherHelpers");
        }
    }
}
