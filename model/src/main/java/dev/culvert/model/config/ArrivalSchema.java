package dev.culvert.model.config;

import dev.culvert.model.Arrivals;
import dev.culvert.model.Limits;
import dev.culvert.model.Literals;
import dev.culvert.model.ProxyTrust;
import dev.culvert.model.Rate;
import dev.culvert.model.Refusal;
import dev.culvert.proto.inet.IpPrefix;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How visitors arrive: `limits:` of the node, and `proxy-protocol:` of whatever listens.
final class ArrivalSchema {
    private static final Scalar<IpPrefix> TRUSTED =
            Scalar.of("a prefix such as 192.0.2.10 or 10.0.0.0/24", ArrivalSchema::readTrusted);

    static final Field<List<IpPrefix>> REQUIRE = Field.optional(
            "require", new ListOf<>(TRUSTED), "nobody", "whose connections begin with a header, or are closed");
    static final Field<List<IpPrefix>> OPTIONAL = Field.optional(
            "optional", new ListOf<>(TRUSTED), "nobody", "whose connections may begin with a header, or come plain");
    static final Field<List<IpPrefix>> CLIENTS = Field.optional(
            "clients",
            new ListOf<>(NetworkScalars.CLIENT_PREFIX),
            "addresses that come from the internet",
            "further prefixes that these may name as a visitor's address");
    static final Field<Section> PROXY = Field.optional(
            "proxy-protocol",
            Shape.of(REQUIRE, OPTIONAL, CLIENTS),
            "load balancers in front that say by a PROXY header, version 1 or 2, who the visitor is; refused from"
                    + " everybody else");

    static final Field<Refusal> REFUSE = Field.optional(
            "refuse",
            Scalar.word(Map.of("reset", "which of the two?"), Refusal.values()),
            Refusal.CLOSE,
            "what becomes of a connection that is not let in; `drop` leaves it without a word");

    static final Field<Integer> CONNECTIONS = Field.optional(
            "connections", Scalars.CONNECTIONS, Limits.DEFAULT.total(), "most connections of all visitors at once");
    static final Field<Integer> PER_VISITOR = Field.optional(
            "connections-per-visitor",
            Scalars.CONNECTIONS,
            Limits.DEFAULT.perAddress(),
            "most connections of one visitor (an IPv4 address or IPv6 /64) at once");
    static final Field<Integer> RATE = Field.optional(
            "rate",
            Scalar.of("how many in a second, such as 50/s", ArrivalSchema::readPerSecond),
            "as often as they like",
            "how often one visitor may connect");
    static final Field<Integer> BURST =
            Field.optional("burst", Scalars.CONNECTIONS, "the number in rate", "how many at once before rate counts");
    static final Field<Section> LIMITS = Field.optional(
            "limits",
            Shape.of(CONNECTIONS, PER_VISITOR, RATE, BURST, REFUSE),
            "how many connections this node takes; a service has its own under access");

    private ArrivalSchema() {}

    static @Nullable Limits limits(@Nullable Section limits) {
        if (limits == null) {
            return null;
        }
        if (limits.mentions(BURST) && !limits.mentions(RATE)) {
            limits.note(BURST, "goes with rate");
        }
        int rate = limits.get(RATE, 0);
        return new Limits(
                limits.get(CONNECTIONS, Limits.DEFAULT.total()),
                limits.get(PER_VISITOR, Limits.DEFAULT.perAddress()),
                rate,
                limits.get(BURST, Math.max(1, rate)),
                limits.get(REFUSE, Refusal.CLOSE));
    }

    /// @param around the section that may have `proxy-protocol:`
    static @Nullable ProxyTrust trust(@Nullable Section around) {
        Section proxy = around == null ? null : around.get(PROXY);
        if (proxy == null) {
            return null;
        }
        ProxyTrust trust = new ProxyTrust(
                proxy.get(REQUIRE, List.of()), proxy.get(OPTIONAL, List.of()), proxy.get(CLIENTS, List.of()));
        for (IpPrefix prefix : trust.optional()) {
            if (trust.require().contains(prefix)) {
                proxy.note(OPTIONAL, Literals.format(prefix) + " stands under require as well (expected: one of them)");
            }
        }
        if (trust.isNobody() && !proxy.mentions(REQUIRE) && !proxy.mentions(OPTIONAL)) {
            proxy.note("names nobody (expected: require or optional, with who is in front)");
        }
        return trust;
    }

    static Arrivals merge(@Nullable Limits limits, @Nullable ProxyTrust http, @Nullable ProxyTrust https) {
        return new Arrivals(
                limits == null ? Limits.DEFAULT : limits,
                http == null ? ProxyTrust.NOBODY : http,
                https == null ? ProxyTrust.NOBODY : https);
    }

    private static IpPrefix readTrusted(String text) throws Mismatch {
        IpPrefix prefix = NetworkScalars.readPrefix(text);
        if (prefix.length() == 0) {
            throw Mismatch.because("everybody could be anybody then");
        }
        return prefix;
    }

    private static int readPerSecond(String text) throws Mismatch {
        Rate rate = AccessSchema.readRate(text);
        if (rate.per() != Rate.Per.SECOND) {
            throw Mismatch.plain();
        }
        return rate.events();
    }
}
