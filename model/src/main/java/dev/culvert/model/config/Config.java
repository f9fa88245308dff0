package dev.culvert.model.config;

import dev.culvert.model.AccessLogSettings;
import dev.culvert.model.AcmeSettings;
import dev.culvert.model.AllowRule;
import dev.culvert.model.Bind;
import dev.culvert.model.Endpoint;
import dev.culvert.model.GatewayPeer;
import dev.culvert.model.HttpsSettings.UnknownName;
import dev.culvert.model.Limits;
import dev.culvert.model.Listener;
import dev.culvert.model.LogFormat;
import dev.culvert.model.LogLevel;
import dev.culvert.model.Origin;
import dev.culvert.model.ProxyTrust;
import dev.culvert.model.Role;
import dev.culvert.model.Service;
import dev.culvert.model.Site;
import dev.culvert.model.Transparency;
import dev.culvert.model.TunnelType;
import dev.culvert.proto.inet.IpPrefix;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What one document says, each value right by itself; how the values fit together is [ModelMerge]'s business.
///
/// Any part may be absent: a document of the store often holds a single site or service.
///
/// @param origin the document
/// @param role the role whose schema it was read with
/// @param node name and endpoint
/// @param tunnel this node's end of the tunnel
/// @param httpListen where HTTP is served by Host; null if the document does not say
/// @param https the `https:` section
/// @param sites by name, in the order of the text
/// @param gateways by name, in the order of the text
/// @param services by name, in the order of the text
/// @param rules what a site agrees to
/// @param observation metrics, log and access log
/// @param acme how certificates are got
/// @param arrivals how many visitors may come, and who may name them
/// @param places where each path stands in the text
public record Config(
        Origin origin,
        Role role,
        NodeConfig node,
        TunnelConfig tunnel,
        @Nullable List<Listener> httpListen,
        HttpsConfig https,
        Map<String, Site> sites,
        Map<String, GatewayPeer> gateways,
        Map<String, Service> services,
        RulesConfig rules,
        ObservationConfig observation,
        @Nullable AcmeSettings acme,
        ArrivalsConfig arrivals,
        Places places) {

    /// The `gateway:` or `site:` section.
    public record NodeConfig(
            @Nullable String name, @Nullable Endpoint endpoint) {}

    /// The `tunnel:` section; null is "the document does not say".
    public record TunnelConfig(
            @Nullable TunnelType type,
            @Nullable Bind listen,
            @Nullable IpPrefix network,
            @Nullable IpPrefix network6,
            @Nullable Integer mtu,
            @Nullable List<InetAddress> addresses,
            @Nullable String privateKeyFile) {}

    /// The `https:` section; null is "the document does not say".
    public record HttpsConfig(
            @Nullable List<Listener> listen,
            @Nullable Integer hstsSeconds,
            @Nullable Boolean redirect,
            @Nullable Boolean http3,
            @Nullable UnknownName unknownName,
            @Nullable String fallbackName) {}

    /// The `metrics:`, `log:` and `access-log:` sections; null is "the document does not say".
    public record ObservationConfig(
            @Nullable List<Listener> metrics,
            @Nullable List<IpPrefix> scrapers,
            @Nullable LogFormat logFormat,
            @Nullable LogLevel logLevel,
            @Nullable AccessLogSettings accessLog) {}

    /// The `limits:` section, and `proxy-protocol:` of `http:` and `https:`; null is "the document does not say".
    public record ArrivalsConfig(
            @Nullable Limits limits,
            @Nullable ProxyTrust http,
            @Nullable ProxyTrust https) {}

    /// The `allow:` and `clients:` lists, `transparent:` and `docker:`; null is "the document does not say".
    public record RulesConfig(
            @Nullable List<AllowRule> allow,
            @Nullable List<IpPrefix> clients,
            @Nullable Transparency transparent,
            @Nullable String dockerSocket) {}
}
