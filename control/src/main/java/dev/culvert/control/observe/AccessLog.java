package dev.culvert.control.observe;

import dev.culvert.dataplane.Ended;
import dev.culvert.model.AccessLogSettings;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The access log: event loops hand in what ended, a thread of its own writes.
///
/// The data path never waits for it: what finds the queue full, and what the disk does not take, is dropped and
/// counted.
/// A line that was torn by a full disk is closed with a line end, so the next one is whole.
final class AccessLog implements Consumer<Ended>, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger("culvert");

    // Some hundred milliseconds of a busy node, and with Ended's bounds at most some 8 MiB.
    private static final int QUEUE = 4096;
    private static final int BUFFER = 64 * 1024;

    // A queue that never runs empty must not keep its lines from the disk, nor from the count.
    private static final int FLUSH_LINES = 256;
    private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long CLOSE_MILLIS = 2_000;

    // Wakes the thread and says nothing.
    private static final Ended NOTHING =
            new Ended(0, 0, InetAddress.getLoopbackAddress(), null, null, 0, 0, Ended.How.DONE, null);

    private final AccessLogSettings.Format format;
    private final String name;
    private final Opener opener;
    private final Tally tally;
    private final BlockingQueue<Ended> queue = new ArrayBlockingQueue<>(QUEUE);
    private final AccessLine line = new AccessLine();
    private final StringBuilder text = new StringBuilder(512);
    private final String idPrefix = HexFormat.of().toHexDigits(new SecureRandom().nextInt());
    private final Thread thread;
    private volatile boolean reopen;
    private volatile boolean closing;
    private @Nullable OutputStream out;
    private long nextTry = System.nanoTime();
    private long lines;
    private long unflushed;
    private boolean torn;
    private boolean failing;

    /// Lines since the start of the process, over all files.
    record Tally(LongAdder written, LongAdder dropped) {
        Tally() {
            this(new LongAdder(), new LongAdder());
        }
    }

    /// Opens the file for appending.
    @FunctionalInterface
    interface Opener {
        OutputStream open() throws IOException;
    }

    AccessLog(AccessLogSettings settings, Tally tally) {
        this(settings, () -> open(settings.file()), tally);
    }

    AccessLog(AccessLogSettings settings, Opener opener, Tally tally) {
        this.format = settings.format();
        this.name = settings.file();
        this.opener = opener;
        this.tally = tally;
        this.thread = Thread.ofPlatform().daemon().name("access-log").start(this::run);
    }

    /// From any event loop; never waits for the disk.
    @Override
    public void accept(Ended ended) {
        if (!queue.offer(ended)) {
            tally.dropped().increment();
        }
    }

    /// Opens the file anew before the next line: the old one was moved away.
    void reopen() {
        reopen = true;
        wake();
    }

    private void wake() {
        // A full queue keeps the thread awake anyway.
        var _ = queue.offer(NOTHING);
    }

    /// Writes what was handed in, but waits no longer than [#CLOSE_MILLIS].
    @Override
    public void close() {
        closing = true;
        wake();
        try {
            thread.join(CLOSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @SuppressWarnings("ReferenceEquality") // the one instance is the sign
    private void run() {
        while (!closing || !queue.isEmpty()) {
            Ended next = unflushed < FLUSH_LINES ? queue.poll() : null;
            if (next == null) {
                flush();
                next = take();
            }
            if (reopen) {
                reopen = false;
                flush();
                release();
                nextTry = System.nanoTime();
            }
            if (next != NOTHING) {
                write(next);
            }
        }
        flush();
        release();
    }

    private Ended take() {
        try {
            return queue.take();
        } catch (InterruptedException e) {
            closing = true;
            return NOTHING;
        }
    }

    private void write(Ended ended) {
        text.setLength(0);
        switch (format) {
            case COMBINED -> line.combined(ended, text);
            case JSON -> line.json(ended, idPrefix + "-" + Long.toString(++lines, Character.MAX_RADIX), text);
        }
        text.append('\n');
        unflushed++;
        try {
            OutputStream to = opened();
            if (to == null) {
                lost();
            } else {
                to.write(text.toString().getBytes(StandardCharsets.UTF_8));
            }
        } catch (IOException e) {
            failed(e);
        }
    }

    private @Nullable OutputStream opened() throws IOException {
        if (out == null && System.nanoTime() - nextTry >= 0) {
            nextTry = System.nanoTime() + RETRY_NANOS;
            out = new BufferedOutputStream(opener.open(), BUFFER);
            if (torn) {
                out.write('\n');
                torn = false;
            }
        }
        return out;
    }

    private void flush() {
        OutputStream current = out;
        if (current == null) {
            return;
        }
        try {
            current.flush();
            tally.written().add(unflushed);
            unflushed = 0;
            if (failing) {
                failing = false;
                LOG.info("the access log {} is written again", name);
            }
        } catch (IOException e) {
            failed(e);
        }
    }

    private void failed(IOException e) {
        torn |= out != null;
        lost();
        release();
        if (!failing) {
            failing = true;
            LOG.error("the access log {} cannot be written, its lines are lost meanwhile: {}", name, e.getMessage());
        }
    }

    private void lost() {
        tally.dropped().add(unflushed);
        unflushed = 0;
    }

    private void release() {
        OutputStream current = out;
        out = null;
        if (current != null && !AccessLogSettings.STDOUT.equals(name)) {
            try {
                current.close();
            } catch (IOException e) {
                // Its lines have been counted as lost, or were flushed before.
            }
        }
    }

    private static OutputStream open(String file) throws IOException {
        if (file.equals(AccessLogSettings.STDOUT)) {
            return new FileOutputStream(FileDescriptor.out);
        }
        return Channels.newOutputStream(Files.newByteChannel(
                Path.of(file),
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.APPEND),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-r-----"))));
    }
}
