package dev.culvert.dataplane.access;

import dev.culvert.dataplane.Events;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/// Checks names and passwords of requests. Hashing happens on threads of its own, few of them and with a short queue;
/// what was right is remembered for a while by a keyed hash, so that only the first request of a visitor waits.
public final class BasicAuth implements AutoCloseable {
    private static final int THREADS = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
    private static final int QUEUE = 64;
    private static final int MAX_REMEMBERED = 10_000;
    private static final long REMEMBERED_NANOS = TimeUnit.MINUTES.toNanos(10);
    private static final long STALE_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final int MAX_FIELD = 1_024;
    private static final String SCHEME = "basic ";

    private final Events events;
    private final SecretKeySpec key;
    private final Map<String, Known> files = new ConcurrentHashMap<>();
    private final Map<Proof, Long> remembered = new ConcurrentHashMap<>();
    private final ExecutorService hashers;

    /// What became of credentials.
    public enum Outcome {
        RIGHT,
        /// There were none.
        MISSING,
        WRONG,
        /// Too many were tried, by this visitor or by all.
        BUSY
    }

    /// @param looked when the file was last asked whether it changed
    private record Known(UsersFile users, long looked) {}

    /// The first 128 bits of a keyed hash of file, its time, name and password.
    private record Proof(long first, long second) {}

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Credentials(String name, byte[] password) {}

    public BasicAuth(Events events) {
        this.events = events;
        byte[] secret = new byte[32];
        new SecureRandom().nextBytes(secret);
        this.key = new SecretKeySpec(secret, "HmacSHA256");
        ThreadPoolExecutor pool = new ThreadPoolExecutor(
                THREADS,
                THREADS,
                10,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(QUEUE),
                Thread.ofPlatform().daemon().name("passwords-", 0).factory());
        pool.allowCoreThreadTimeOut(true);
        this.hashers = pool;
    }

    /// Reads a users file before a model that names it is applied. Blocks.
    ///
    /// @throws IOException with the remedy
    public void load(String file) throws IOException {
        files.put(file, new Known(UsersFile.read(Path.of(file)), System.nanoTime()));
    }

    /// @param field the value of the request's Authorization, or null
    /// @param mayTry counts a try that has to be hashed, and tells whether the visitor may have it
    /// @param loop where the future is notified; where the answer is known, it is there at once
    public Future<Outcome> check(
            String file, @Nullable CharSequence field, BooleanSupplier mayTry, EventExecutor loop) {
        Credentials credentials = field == null ? null : read(field);
        Known known = files.get(file);
        if (field == null || known == null) {
            return loop.newSucceededFuture(Outcome.MISSING);
        }
        if (credentials == null) {
            return loop.newSucceededFuture(Outcome.WRONG);
        }
        long now = System.nanoTime();
        if (now - known.looked < STALE_NANOS && isRemembered(known.users, credentials, now)) {
            return loop.newSucceededFuture(Outcome.RIGHT);
        }
        Promise<Outcome> promise = loop.newPromise();
        try {
            hashers.execute(() -> {
                try {
                    promise.setSuccess(decide(file, credentials, mayTry));
                } catch (RuntimeException | OutOfMemoryError e) {
                    events.count("auth.basic.failed");
                    promise.setFailure(e);
                }
            });
        } catch (RejectedExecutionException full) {
            events.count("auth.basic.overloaded");
            promise.setSuccess(Outcome.BUSY);
        }
        return promise;
    }

    private Outcome decide(String file, Credentials credentials, BooleanSupplier mayTry) {
        UsersFile users = current(file);
        long now = System.nanoTime();
        if (users == null) {
            return Outcome.WRONG;
        }
        if (isRemembered(users, credentials, now)) {
            return Outcome.RIGHT;
        }
        if (!mayTry.getAsBoolean()) {
            events.count("auth.basic.too-often");
            return Outcome.BUSY;
        }
        if (!users.matches(credentials.name, credentials.password)) {
            events.count("auth.basic.wrong");
            return Outcome.WRONG;
        }
        if (remembered.size() >= MAX_REMEMBERED) {
            remembered.clear();
        }
        remembered.put(proof(users, credentials), now);
        return Outcome.RIGHT;
    }

    /// The file as it is now. One that got broken counts as it was, and the operator hears of it.
    private @Nullable UsersFile current(String file) {
        Known known = files.get(file);
        long now = System.nanoTime();
        if (known == null || now - known.looked < STALE_NANOS) {
            return known == null ? null : known.users;
        }
        UsersFile users = known.users;
        try {
            if (!Files.getLastModifiedTime(users.path()).equals(users.modified())) {
                users = UsersFile.read(users.path());
            }
        } catch (IOException e) {
            events.report(file, "users-file.broken", "it counts as it was: " + e.getMessage());
        }
        files.put(file, new Known(users, now));
        return users;
    }

    private boolean isRemembered(UsersFile users, Credentials credentials, long now) {
        Long since = remembered.isEmpty() ? null : remembered.get(proof(users, credentials));
        return since != null && now - since < REMEMBERED_NANOS;
    }

    private Proof proof(UsersFile users, Credentials credentials) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(key);
            // Lengths stand before what has none of its own: no two inputs are one text.
            String head =
                    users.path() + "\n" + users.modified() + "\n" + credentials.name.length() + "\n" + credentials.name;
            mac.update(head.getBytes(StandardCharsets.UTF_8));
            byte[] hash = mac.doFinal(credentials.password);
            ByteBuffer bits = ByteBuffer.wrap(hash);
            return new Proof(bits.getLong(), bits.getLong());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("HmacSHA256 is part of every JDK", e);
        }
    }

    /// RFC 7617: the name ends at the first colon. Null if it is no such field.
    private static @Nullable Credentials read(CharSequence field) {
        String text = field.toString();
        if (text.length() > MAX_FIELD || !text.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
            return null;
        }
        byte[] bytes = decode(text.substring(SCHEME.length()).strip());
        int colon = 0;
        while (bytes != null && colon < bytes.length && bytes[colon] != ':') {
            colon++;
        }
        if (bytes == null || colon == bytes.length) {
            return null;
        }
        String name = new String(bytes, 0, colon, StandardCharsets.UTF_8);
        return new Credentials(name, Arrays.copyOfRange(bytes, colon + 1, bytes.length));
    }

    private static byte @Nullable [] decode(String base64) {
        try {
            return Base64.getDecoder().decode(base64);
        } catch (IllegalArgumentException notBase64) {
            return null;
        }
    }

    @Override
    public void close() {
        hashers.shutdownNow();
    }
}
