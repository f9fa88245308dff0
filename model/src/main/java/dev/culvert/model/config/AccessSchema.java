package dev.culvert.model.config;

import dev.culvert.model.AccessPolicy;
import dev.culvert.model.BasicAuth;
import dev.culvert.model.ByteSize;
import dev.culvert.model.Destination;
import dev.culvert.model.ForwardAuth;
import dev.culvert.model.Literals;
import dev.culvert.model.Rate;
import dev.culvert.model.Refusal;
import dev.culvert.model.ServiceLimits;
import dev.culvert.model.Target;
import dev.culvert.proto.inet.IpPrefix;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The section `access:` of a service.
final class AccessSchema {
    static final Field<List<IpPrefix>> ALLOW =
            Field.optional("allow", new ListOf<>(NetworkScalars.PREFIX), "everyone", "who is let in");
    static final Field<List<IpPrefix>> DENY =
            Field.optional("deny", new ListOf<>(NetworkScalars.PREFIX), "nobody", "who is not, whatever `allow` says");
    static final Field<Rate> RATE = Field.optional(
            "rate",
            Scalar.of("how many in a second, minute or hour: 10/s, 300/m or 1000/h", AccessSchema::readRate),
            "as often as they like",
            "how often one visitor (an IPv4 address or IPv6 /64) may ask; for tcp, connect; for udp, begin a flow");
    static final Field<Integer> BURST =
            Field.optional("burst", Scalars.CONNECTIONS, "the number in rate", "how many at once before rate counts");

    static final Field<Integer> CONNECTIONS = Field.optional(
            "connections",
            Scalars.CONNECTIONS,
            "any number",
            "most connections (http: requests) of one visitor at once");
    static final Field<Rate> TOTAL_RATE = Field.optional(
            "total-rate", RATE.kind(), "as often as they like", "how often all visitors together may connect, or ask");
    static final Field<Integer> TOTAL_BURST = Field.optional(
            "total-burst", Scalars.CONNECTIONS, "the number in total-rate", "how many at once before it counts");
    private static final Scalar<Long> PER_SECOND =
            Scalar.of("bytes in a second such as 500 KiB/s or 10 MiB/s, at least 1 KiB/s", AccessSchema::readPerSecond);
    static final Field<Long> BANDWIDTH = Field.optional(
            "bandwidth", PER_SECOND, "as fast as they can", "how fast one visitor may receive, and how fast send");
    static final Field<Long> TOTAL_BANDWIDTH =
            Field.optional("total-bandwidth", PER_SECOND, "as fast as they can", "the same of all visitors together");

    static final Field<String> USERS_FILE = Field.required(
            "users-file",
            Scalars.KEY_FILE,
            "lines of `name:hash` with bcrypt or argon2id, as `htpasswd -B` writes them");
    static final Field<String> REALM = Field.optional(
            "realm",
            Scalar.of("words of ASCII without quotes", AccessSchema::readRealm),
            BasicAuth.DEFAULT_REALM,
            "what browsers show when they ask");
    static final Field<Boolean> FORWARD =
            Field.optional("forward", Scalars.BOOLEAN, false, "whether the target gets to see name and password");
    static final Field<Section> BASIC =
            Field.optional("basic", Shape.of(USERS_FILE, REALM, FORWARD), "a name and password (http only)");

    static final Field<Url> URL = Field.required(
            "url",
            Scalar.of(
                    "http://host:port/path such as http://127.0.0.1:9091/api/authz/forward-auth",
                    AccessSchema::readUrl),
            "what is asked about every request");
    static final Field<String> AUTH_SITE =
            Field.optional("site", Scalars.NAME, "the gateway itself", "the site behind which that is");
    static final Field<List<String>> COPY_HEADERS = Field.optional(
            "copy-headers",
            new ListOf<>(Scalar.of("the name of a header field", HttpSchema::own)),
            String.join(", ", ForwardAuth.DEFAULT_COPY),
            "fields of its answer that the target gets; a visitor's own are deleted");
    static final Field<Section> FORWARD_AUTH = Field.optional(
            "forward-auth", Shape.of(URL, AUTH_SITE, COPY_HEADERS), "a service that decides (http only)");
    static final Field<Section> FORWARD_AUTH_AT_SITE = Field.optional(
            "forward-auth",
            Shape.of(URL, COPY_HEADERS).refusing("site", "is for gateway.yaml: here it is on this side"),
            FORWARD_AUTH.doc());

    static final Field<Section> GATEWAY =
            Field.optional("access", shape(BASIC, FORWARD_AUTH), "who may reach it, and how much of it");
    static final Field<Section> AT_SITE = Field.optional(
            "access",
            shape(FORWARD_AUTH_AT_SITE).refusing("basic", "is for gateway.yaml: its users file is the gateway's"),
            "who may reach it, and how much of it");

    /// @param target what is dialled
    /// @param path what is asked for there
    record Url(Target target, String path) {}

    private AccessSchema() {}

    private static Shape shape(Field<?>... more) {
        List<Field<?>> fields = new ArrayList<>(List.of(
                ALLOW,
                DENY,
                RATE,
                BURST,
                CONNECTIONS,
                BANDWIDTH,
                TOTAL_RATE,
                TOTAL_BURST,
                TOTAL_BANDWIDTH,
                ArrivalSchema.REFUSE));
        fields.addAll(List.of(more));
        return Shape.of(fields.toArray(Field<?>[]::new));
    }

    static AccessPolicy read(@Nullable Section access, boolean atSite) {
        if (access == null) {
            return AccessPolicy.OPEN;
        }
        Rate rate = access.get(RATE);
        Integer burst = access.get(BURST);
        if (burst != null && !access.mentions(RATE)) {
            access.note(BURST, "goes with rate");
        }
        Section basic = access.get(BASIC);
        Section auth = access.get(atSite ? FORWARD_AUTH_AT_SITE : FORWARD_AUTH);
        return new AccessPolicy(
                access.get(ALLOW, List.of()),
                access.get(DENY, List.of()),
                rate == null || burst == null ? rate : rate.withBurst(burst),
                basic == null ? null : basic(basic),
                auth == null ? null : forwardAuth(auth),
                limits(access));
    }

    private static ServiceLimits limits(Section access) {
        Rate total = access.get(TOTAL_RATE);
        Integer burst = access.get(TOTAL_BURST);
        if (burst != null && !access.mentions(TOTAL_RATE)) {
            access.note(TOTAL_BURST, "goes with total-rate");
        }
        return new ServiceLimits(
                access.get(CONNECTIONS, 0),
                total == null || burst == null ? total : total.withBurst(burst),
                access.get(BANDWIDTH, 0L),
                access.get(TOTAL_BANDWIDTH, 0L),
                access.get(ArrivalSchema.REFUSE, Refusal.CLOSE));
    }

    private static @Nullable BasicAuth basic(Section basic) {
        String file = basic.get(USERS_FILE);
        return file == null
                ? null
                : new BasicAuth(file, basic.get(REALM, BasicAuth.DEFAULT_REALM), basic.get(FORWARD, false));
    }

    private static @Nullable ForwardAuth forwardAuth(Section auth) {
        Url url = auth.get(URL);
        return url == null
                ? null
                : new ForwardAuth(
                        new Destination(auth.get(AUTH_SITE), url.target),
                        url.path,
                        auth.get(COPY_HEADERS, ForwardAuth.DEFAULT_COPY));
    }

    private static Long readPerSecond(String text) throws Mismatch {
        long bytes = text.endsWith("/s")
                ? ByteSize.parse(text.substring(0, text.length() - 2).stripTrailing())
                : -1;
        if (bytes < 1024) {
            throw Mismatch.plain();
        }
        return bytes;
    }

    static Rate readRate(String text) throws Mismatch {
        int slash = text.indexOf('/');
        int events = slash < 0 ? -1 : Literals.number(text.substring(0, slash).strip(), 1_000_000);
        Rate.Per per = Rate.Per.of(text.substring(slash + 1).strip());
        if (events < 1 || per == null) {
            throw Mismatch.plain();
        }
        return new Rate(events, per, events);
    }

    private static String readRealm(String text) throws Mismatch {
        if (!text.matches("[\\x20\\x21\\x23-\\x5b\\x5d-\\x7e]{1,64}")) {
            throw Mismatch.plain();
        }
        return text;
    }

    private static Url readUrl(String text) throws Mismatch {
        int slash = text.startsWith("http://") ? text.indexOf('/', 7) : -1;
        Target target = TargetScalars.readTarget(slash < 0 ? text : text.substring(0, slash));
        if (target.scheme() != Target.Scheme.HTTP) {
            throw Mismatch.plain();
        }
        return new Url(target, slash < 0 ? "/" : path(text.substring(slash)));
    }

    /// A slash at the end is a path of its own here.
    private static String path(String text) throws Mismatch {
        boolean slash = text.length() > 1 && text.endsWith("/");
        HttpSchema.readPath(slash ? text.substring(0, text.length() - 1) : text);
        return text;
    }
}
