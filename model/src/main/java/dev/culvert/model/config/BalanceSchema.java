package dev.culvert.model.config;

import dev.culvert.model.Balancing;
import dev.culvert.model.Dialogue;
import dev.culvert.model.HealthCheck;
import dev.culvert.model.Literals;
import dev.culvert.model.Target;
import java.util.List;
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
    static final Field<String> EXPECT = Field.optional(
            "expect",
            Scalar.of("a status such as 200, or 200-399; for tcp a text", BalanceSchema::readText),
            "200-399; for tcp, anything",
            "what counts as well: a status, or what the answer has to contain (tcp only)");
    static final Field<String> SEND = Field.optional(
            "send",
            Scalar.of("a text such as \"PING\\r\\n\"", BalanceSchema::readText),
            "nothing",
            "the first words to a target that does not speak first (tcp only)");
    static final Field<String> TLS = Field.optional(
            "tls",
            Scalar.of("true | false | a name", BalanceSchema::readTls),
            "false",
            "whether TLS is begun first, and for which name; its certificate is not judged (tcp only)");
    static final Field<Section> HEALTH = Field.optional(
            "health",
            Shape.of(PATH, INTERVAL, TLS, SEND, EXPECT),
            "asks each target, visitors or not, whether it is well");

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
        boolean talks = !scheme.isHttp();
        if (talks && path == null && !health.mentions(PATH)) {
            return new HealthCheck(
                    null,
                    health.get(INTERVAL, HealthCheck.DEFAULT_INTERVAL),
                    DEFAULT_EXPECT[0],
                    DEFAULT_EXPECT[1],
                    dialogue(health));
        }
        for (Field<?> field : List.of(TLS, SEND)) {
            if (health.mentions(field) && !talks) {
                health.note(field, "is for tcp:// targets");
            }
        }
        if (path == null && health.mentions(EXPECT) && !health.mentions(PATH)) {
            health.note(EXPECT, "goes with path");
        }
        int[] expect = health.mentions(PATH) ? status(health) : DEFAULT_EXPECT;
        return new HealthCheck(
                path, health.get(INTERVAL, HealthCheck.DEFAULT_INTERVAL), expect[0], expect[1], Dialogue.NONE);
    }

    private static Dialogue dialogue(Section health) {
        String tls = health.get(TLS, "false");
        boolean named = !tls.equals("false") && !tls.equals("true");
        return new Dialogue(!tls.equals("false"), named ? tls : null, health.get(SEND, ""), health.get(EXPECT, ""));
    }

    private static int[] status(Section health) {
        String text = health.get(EXPECT);
        if (text == null) {
            return DEFAULT_EXPECT;
        }
        int[] read = readStatus(text);
        if (read.length == 0) {
            health.note(EXPECT, Echo.quote(text) + " (expected: a status or statuses such as 200 or 200-399)");
            return DEFAULT_EXPECT;
        }
        return read;
    }

    private static String readText(String text) throws Mismatch {
        if (text.isEmpty() || text.length() > 512 || text.chars().anyMatch(c -> c > 0xff)) {
            throw Mismatch.plain();
        }
        return text;
    }

    private static String readTls(String text) throws Mismatch {
        String name = text.equals("true") || text.equals("false") ? text : Hosts.name(text);
        if (name == null) {
            throw Mismatch.plain();
        }
        return name;
    }

    /// Nothing where it is no status.
    private static int[] readStatus(String text) {
        int dash = text.indexOf('-');
        int first = Literals.number(dash < 0 ? text : text.substring(0, dash), 599);
        int last = dash < 0 ? first : Literals.number(text.substring(dash + 1), 599);
        return first < 200 || last < first ? new int[0] : new int[] {first, last};
    }
}
