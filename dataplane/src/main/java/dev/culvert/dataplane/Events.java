package dev.culvert.dataplane;

import dev.culvert.dataplane.tunnel.Outages;
import io.netty.handler.codec.DecoderException;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/// What the operator should read: few lines, each once, whatever a stranger does how often.
///
/// Counted always; logged at the first time and then at most every [#QUIET] seconds for the same subject and kind, with
/// the number of times it happened in between. May be called from any thread.
public final class Events {
    private static final Logger LOG = LoggerFactory.getLogger("culvert");
    private static final int KEPT = 200;
    private static final int MAX_REPEATED = 1000;
    private static final long QUIET = 30;

    // Kinds are constants: a stranger cannot make this grow.
    private final Map<String, LongAdder> counters = new ConcurrentHashMap<>();
    // Subjects are names from the model or targets that a gateway asked for, of which an allow: list of prefixes may
    // have millions.
    private final Map<String, Repeated> repeated = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Repeated> eldest) {
            return size() > MAX_REPEATED;
        }
    };
    private final Deque<Event> recent = new ArrayDeque<>();
    private final Outages outages = new Outages();
    private @Nullable Instant lastBug;

    /// Something that happened.
    ///
    /// @param subject the service, site or gateway that it concerns
    /// @param kind a constant word
    public record Event(Instant at, String subject, String kind, String text) {}

    private static final class Repeated {
        @Nullable
        Instant logged;

        long suppressed;
    }

    /// Counts only: for what strangers can cause at will.
    public void count(String kind) {
        counters.computeIfAbsent(kind, _ -> new LongAdder()).increment();
    }

    /// Counts, remembers and logs.
    public void report(String subject, String kind, String text) {
        count(kind);
        Instant now = Instant.now();
        long suppressed;
        synchronized (this) {
            Repeated last = repeated.computeIfAbsent(subject + '\n' + kind, _ -> new Repeated());
            Instant logged = last.logged;
            if (logged != null && now.isBefore(logged.plusSeconds(QUIET))) {
                last.suppressed++;
                return;
            }
            suppressed = last.suppressed;
            last.suppressed = 0;
            last.logged = now;
            remember(new Event(now, subject, kind, text));
        }
        LoggingEventBuilder line = LOG.atWarn().addKeyValue("subject", subject).addKeyValue("kind", kind);
        if (suppressed > 0) {
            line.log("{}: {} ({} more times since)", subject, text, suppressed);
        } else {
            line.log("{}: {}", subject, text);
        }
    }

    /// Counts, remembers and logs what is no reason to worry, and rare by itself.
    public void note(String subject, String kind, String text) {
        count(kind);
        synchronized (this) {
            remember(new Event(Instant.now(), subject, kind, text));
        }
        LOG.atInfo().addKeyValue("subject", subject).addKeyValue("kind", kind).log("{}: {}", subject, text);
    }

    private void remember(Event event) {
        recent.addLast(event);
        if (recent.size() > KEPT) {
            recent.removeFirst();
        }
    }

    /// A pipeline's exception: a broken connection is everyday, anything else is our own bug and said with its stack,
    /// once
    /// in a while.
    public void pipelineFailed(Throwable cause) {
        if (cause instanceof DecoderException && cause.getCause() instanceof SSLException) {
            count("tls.broken");
            return;
        }
        if (cause instanceof IOException) {
            count("connection.broken");
            return;
        }
        count("bug");
        synchronized (this) {
            Instant now = Instant.now();
            if (lastBug != null && now.isBefore(lastBug.plusSeconds(QUIET))) {
                return;
            }
            lastBug = now;
        }
        LOG.error("a bug of Culvert's ended a connection", cause);
    }

    /// The latest events, oldest first.
    public synchronized List<Event> recent() {
        return new ArrayList<>(recent);
    }

    /// What was broken on the way to peers.
    public Outages outages() {
        return outages;
    }

    /// Every counter by kind.
    public Map<String, Long> counters() {
        Map<String, Long> result = new TreeMap<>();
        counters.forEach((kind, count) -> result.put(kind, count.sum()));
        return result;
    }
}
