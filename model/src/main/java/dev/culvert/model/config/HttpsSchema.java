package dev.culvert.model.config;

import dev.culvert.model.HttpsSettings;
import dev.culvert.model.HttpsSettings.UnknownName;
import dev.culvert.model.Listener;
import dev.culvert.model.Listener.Protocol;
import dev.culvert.model.Literals;
import dev.culvert.model.config.NetworkScalars.Entrance;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The section `https:`, nearly the same in both files.
final class HttpsSchema {
    // RFC 6797 §6.1.1 sets no bound; two years are what preload lists ask for, and ten are meant for ever.
    private static final int MAX_HSTS = 10 * 31_536_000;

    static final Field<List<Entrance>> LISTEN = Field.optional(
            "listen",
            new ListOf<>(NetworkScalars.HTTP_LISTEN),
            "443",
            "where HTTPS is served; `tunnel:` inside the tunnel, `lan:` for private addresses only");
    static final Field<List<Entrance>> LISTEN_AT_SITE = Field.optional(
            "listen",
            new ListOf<>(NetworkScalars.HTTP_LISTEN_AT_SITE),
            "nowhere",
            "where this site itself serves its own network, for services with `tls: site`");
    static final Field<Integer> HSTS = Field.optional(
            "hsts",
            Scalar.of("true | off | seconds", HttpsSchema::readHsts),
            "true, a year",
            "tells browsers to come by HTTPS only, for so long");
    static final Field<Boolean> REDIRECT = Field.optional(
            "redirect",
            Scalar.of("true | false", HttpsSchema::readBoolean),
            "true",
            "sends requests by HTTP to HTTPS, but for those of certificate authorities");
    static final Field<Boolean> HTTP3 = Field.optional(
            "http3",
            Scalar.of("true | false", HttpsSchema::readBoolean),
            "true",
            "serves HTTP/3 at the same ports of UDP, and tells browsers so");
    static final Field<Unknown> UNKNOWN_NAME = Field.optional(
            "unknown-name",
            Scalar.of("refuse | close | a host of a service", HttpsSchema::readUnknownName),
            UnknownName.REFUSE,
            "what becomes of a handshake for a name of no service, or none: an alert, nothing, or another certificate");

    static final Field<Section> GATEWAY = Field.optional(
            "https",
            Shape.of(LISTEN, HSTS, REDIRECT, HTTP3, UNKNOWN_NAME, ArrivalSchema.PROXY)
                    .refusing("certificate", "belongs to a service: services.NAME.tls.certificate")
                    .refusing("tls", "belongs to a service: services.NAME.tls"),
            "services by host are served by HTTPS where this section stands; the name in the handshake chooses");
    static final Field<Section> SITE = Field.optional(
            "https",
            Shape.of(LISTEN_AT_SITE, HSTS, HTTP3, ArrivalSchema.PROXY),
            "for services whose TLS ends at this site");

    /// @param name the host with FALLBACK, else null
    record Unknown(UnknownName what, @Nullable String name) {}

    private HttpsSchema() {}

    static Config.HttpsConfig read(@Nullable Section https, boolean site) {
        if (https == null) {
            return new Config.HttpsConfig(null, null, null, null, null, null);
        }
        Unknown unknown = https.get(UNKNOWN_NAME);
        return new Config.HttpsConfig(
                listeners(https.get(site ? LISTEN_AT_SITE : LISTEN), Protocol.HTTPS),
                https.get(HSTS),
                https.get(REDIRECT),
                https.get(HTTP3),
                unknown == null ? null : unknown.what(),
                unknown == null ? null : unknown.name());
    }

    /// Where all services of a protocol are served; null where the document does not say.
    static @Nullable List<Listener> listeners(@Nullable List<Entrance> listen, Protocol protocol) {
        return listen == null
                ? null
                : listen.stream()
                        .map(each -> new Listener(each.scope(), each.bind(), protocol, null))
                        .toList();
    }

    static int readHsts(String text) throws Mismatch {
        return switch (text) {
            case "true", "on" -> HttpsSettings.DEFAULT.hstsSeconds();
            case "false", "off" -> 0;
            default -> {
                int seconds = Literals.number(text, MAX_HSTS);
                if (seconds < 0) {
                    throw Mismatch.plain();
                }
                yield seconds;
            }
        };
    }

    static Boolean readBoolean(String text) throws Mismatch {
        return switch (text) {
            case "true", "on" -> true;
            case "false", "off" -> false;
            default -> throw Mismatch.plain();
        };
    }

    private static Unknown readUnknownName(String text) throws Mismatch {
        return switch (text) {
            case "refuse" -> new Unknown(UnknownName.REFUSE, null);
            case "close" -> new Unknown(UnknownName.CLOSE, null);
            default -> {
                String host = text.indexOf('.') < 0 ? null : Hosts.name(text);
                if (host == null) {
                    throw Mismatch.plain().suggest(Suggestion.nearest(text, List.of("refuse", "close")));
                }
                yield new Unknown(UnknownName.FALLBACK, host);
            }
        };
    }
}
