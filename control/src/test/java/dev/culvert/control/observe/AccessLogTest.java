package dev.culvert.control.observe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.dataplane.Ended;
import dev.culvert.dataplane.Ended.How;
import dev.culvert.dataplane.Ended.Http;
import dev.culvert.model.AccessLogSettings;
import dev.culvert.model.AccessLogSettings.Format;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(20)
class AccessLogTest {
    private static final Http PAGE = new Http("GET", "x.test", "/", "HTTP/1.1", 200, "", "");

    private final AccessLog.Tally tally = new AccessLog.Tally();

    @TempDir
    private Path folder;

    @Test
    void close_writesWhatWasHandedIn_intoAFileThatTheGroupMayRead() throws Exception {
        Path file = folder.resolve("access.log");
        AccessLog log = new AccessLog(new AccessLogSettings(file.toString(), Format.COMBINED), tally);

        log.accept(ended(1));
        log.accept(ended(2));
        log.close();

        assertThat(Files.readAllLines(file)).hasSize(2).allMatch(line -> line.contains("\"GET / HTTP/1.1\" 200 "));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-r-----");
        assertThat(tally.written().sum()).isEqualTo(2);
        assertThat(tally.dropped().sum()).isZero();
    }

    @Test
    void reopen_afterTheFileWasMoved_makesANewOne() throws Exception {
        Path file = folder.resolve("access.log");
        AccessLog log = new AccessLog(new AccessLogSettings(file.toString(), Format.JSON), tally);
        log.accept(ended(1));
        while (tally.written().sum() < 1) {
            Thread.onSpinWait();
        }

        Files.move(file, folder.resolve("access.log.1"));
        log.reopen();
        log.accept(ended(2));
        log.close();

        assertThat(Files.readString(folder.resolve("access.log.1"))).contains("\"sent_bytes\":1,");
        assertThat(Files.readString(file)).contains("\"sent_bytes\":2,");
    }

    @Test
    void accept_whileTheDiskStandsStill_dropsAndCountsAndDoesNotWait() throws Exception {
        CountDownLatch stands = new CountDownLatch(1);
        CountDownLatch goesOn = new CountDownLatch(1);
        ByteArrayOutputStream written = new ByteArrayOutputStream();
        OutputStream slow = new OutputStream() {
            @Override
            public void write(int b) {
                throw new UnsupportedOperationException();
            }

            @Override
            public void write(byte[] bytes, int from, int length) throws IOException {
                stands.countDown();
                try {
                    goesOn.await();
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
                written.write(bytes, from, length);
            }
        };
        AccessLog log = new AccessLog(new AccessLogSettings("slow", Format.COMBINED), () -> slow, tally);
        log.accept(ended(0));
        stands.await();

        for (int i = 1; i <= 10_000; i++) {
            log.accept(ended(i));
        }
        goesOn.countDown();
        log.close();

        assertThat(tally.dropped().sum()).isEqualTo(10_000 - 4096);
        assertThat(tally.written().sum()).isEqualTo(4097);
        assertThat(written.toString(StandardCharsets.UTF_8).lines()).hasSize(4097);
    }

    @Test
    void write_onAFullDisk_countsAndGoesOnWithAWholeLine() throws Exception {
        ByteArrayOutputStream disk = new ByteArrayOutputStream();
        CountDownLatch failed = new CountDownLatch(1);
        AccessLog.Opener opener = () -> new OutputStream() {
            @Override
            public void write(int b) {
                disk.write(b);
            }

            @Override
            public void write(byte[] bytes, int from, int length) throws IOException {
                if (failed.getCount() > 0) {
                    disk.write(bytes, from, 10);
                    failed.countDown();
                    throw new IOException("No space left on device");
                }
                disk.write(bytes, from, length);
            }

            @Override
            public void close() {}
        };
        AccessLog log = new AccessLog(new AccessLogSettings("full", Format.JSON), opener, tally);
        log.accept(ended(1));
        failed.await();
        while (tally.dropped().sum() < 1) {
            Thread.onSpinWait();
        }

        // The file is tried again once a second; until then lines are lost.
        while (tally.written().sum() < 1) {
            log.accept(ended(2));
            Thread.onSpinWait();
        }
        log.close();

        assertThat(disk.toString(StandardCharsets.UTF_8).lines().skip(1).filter(line -> !line.isEmpty()))
                .isNotEmpty()
                .allMatch(line -> line.startsWith("{\"time\"") && line.endsWith("}"));
    }

    @Test
    void write_whereNoFileCanBe_countsEveryLine() {
        AccessLog log = new AccessLog(
                new AccessLogSettings(folder.resolve("no/such/folder").toString(), Format.JSON), tally);

        log.accept(ended(1));
        log.accept(ended(2));
        log.close();

        assertThat(tally.dropped().sum()).isEqualTo(2);
    }

    private static Ended ended(long sent) {
        return new Ended(
                1_000_000_000_000L + sent,
                1_000,
                InetAddress.getLoopbackAddress(),
                "web",
                "home",
                0,
                sent,
                How.DONE,
                PAGE);
    }
}
