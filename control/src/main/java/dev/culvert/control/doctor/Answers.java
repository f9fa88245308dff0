package dev.culvert.control.doctor;

import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Waits for what the data plane answers; for virtual threads.
final class Answers {
    private Answers() {}

    /// @throws IOException the data plane's own where it has one; with the message `no answer` after the time
    static <T> T of(Future<T> asked, long millis) throws IOException {
        try {
            return asked.get(millis, TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException cause) {
                throw cause;
            }
            throw new IOException(String.valueOf(e.getCause()), e);
        } catch (TimeoutException e) {
            asked.cancel(false);
            throw new IOException("no answer within " + millis + " ms", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    /// Whether it came at all.
    static boolean came(Future<?> asked, long millis) {
        try {
            of(asked, millis);
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
