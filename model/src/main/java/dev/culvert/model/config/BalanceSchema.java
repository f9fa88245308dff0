package dev.culvert.model.config;

import dev.culvert.model.Balancing;
import dev.culvert.model.HealthCheck;
import dev.culvert.model.Literals;
import dev.culvert.model.Target;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The keys of a service that choose among its targets.
final class BalanceSchema {
    static final Field<Balancing.Method> BALANCE = Field.optional(
            "balance",
            Scalar.word(Map.of("random", "random is not in this version"), Balancing.Method.values()),
            Balancing.Method.ROUND_ROBIN,
            "with several targets: which is next; `source` goes by the visitor's address");
    static final Field<Boolean> STICKY = Field.optional(
            "sticky", Scalars.BOOLEAN, false, "with several http targets: a cookie keeps a visitor at one of them");

    static final Field<String> PATH =
            Field.optional("path", HttpSchema.PATH_TEXT, "connects only", "what is asked for with GET (http only)");
    static final Field<Integer> INTERVAL =
            Field.optional("interval", Scalars.INTERVAL, HealthCheck.DEFAULT_INTERVAL, "seconds between two questions");
    static final Field<int[]> EXPECT = Field.optional(
            "expect",
            Scalar.of("a status or statuses such as 200 or 200-399", BalanceSchema::readStatus),
            "200-399",
            "what counts as well");
    static final Field<Section> HEALTH = Field.optional(
            "health", Shape.of(PATH, INTERVAL, EXPECT), "asks each target, visitors or not, whether it is well");

    private static final int[] DEFAULT_EXPECT = {200, 399};

    private BalanceSchema() {}

    static Balancing read(Section section, Target.Scheme scheme) {
        boolean opaque = scheme == Target.Scheme.TCP || scheme == Target.Scheme.UDP;
        if (opaque && section.mentions(STICKY)) {
            section.note(STICKY, "is for http:// targets; for " + scheme + ":// there is balance: source");
        }
        if (scheme == Target.Scheme.UDP && section.mentions(HEALTH)) {
            section.note(HEALTH, "is not for udp:// targets, of which no connection can be tried");
        }
        return new Balancing(
                section.get(BALANCE, Balancing.Method.ROUND_ROBIN),
                section.get(STICKY, false),
                check(section.get(HEALTH), scheme));
    }

    private static @Nullable HealthCheck check(@Nullable Section health, Target.Scheme scheme) {
        if (health == null) {
            return null;
        }
        String path = health.get(PATH);
        if (path != null && scheme != Target.Scheme.HTTP) {
            health.note(PATH, "is for http:// targets; of others the connection is tried");
        }
        if (path == null && health.mentions(EXPECT) && !health.mentions(PATH)) {
            health.note(EXPECT, "goes with path");
        }
        int[] expect = health.get(EXPECT, DEFAULT_EXPECT);
        return new HealthCheck(
                path,
                health.get(INTERVAL, HealthCheck.DEFAULT_INTERVAL),
                path == null ? DEFAULT_EXPECT[0] : expect[0],
                path == null ? DEFAULT_EXPECT[1] : expect[1]);
    }

    private static int[] readStatus(String text) throws Mismatch {
        int dash = text.indexOf('-');
        int first = Literals.number(dash < 0 ? text : text.substring(0, dash), 599);
        int last = dash < 0 ? first : Literals.number(text.substring(dash + 1), 599);
        if (first < 200 || last < first) {
            throw Mismatch.plain();
        }
        return new int[] {first, last};
    }
}
