package dev.culvert.dataplane.http;

import dev.culvert.dataplane.tls.Secured;
import dev.culvert.model.ClientAddress;
import dev.culvert.model.Service;
import dev.culvert.proto.http.Authority;
import dev.culvert.proto.http.ForwardedElement;
import dev.culvert.proto.http.RequestRules;
import dev.culvert.proto.text.AddressLiteral;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import java.net.InetAddress;

/// Tells a target who its visitor is, by header fields; what the visitor sent under those names is gone by then.
///
/// Most requests of a connection are for one service under one name, and so have the same fields: they are written
/// once for all of those.
final class ForwardedHeaders {
    private static final AsciiString FOR = AsciiString.cached("X-Forwarded-For");
    private static final AsciiString REAL_IP = AsciiString.cached("X-Real-IP");
    private static final AsciiString PROTO = AsciiString.cached("X-Forwarded-Proto");
    private static final AsciiString HOST = AsciiString.cached("X-Forwarded-Host");
    private static final AsciiString PORT = AsciiString.cached("X-Forwarded-Port");
    private static final AsciiString FORWARDED = AsciiString.cached("Forwarded");

    private final Arrival arrival;
    private final Service service;
    private final String host;
    private final int port;
    private final AsciiString address;
    private final AsciiString scheme;
    private final AsciiString authority;
    private final AsciiString localPort;
    private final AsciiString element;

    /// @param arrival the visitor, as its socket and handshake tell
    /// @param service whose `client-address:` says whether the fields are wanted
    ForwardedHeaders(Arrival arrival, Service service, RequestRules.Accepted verdict) {
        this.arrival = arrival;
        this.service = service;
        this.host = verdict.host();
        this.port = verdict.port();
        InetAddress client = arrival.client().getAddress();
        String asked = host.isEmpty() ? "" : new Authority(host, port).toString();
        StringBuilder text = new StringBuilder();
        ForwardedElement.append(text, client, -1, asked, arrival.scheme());
        this.address = AsciiString.of(AddressLiteral.format(client));
        this.scheme = AsciiString.of(arrival.scheme());
        this.authority = AsciiString.of(asked);
        this.localPort = AsciiString.of(Integer.toString(arrival.local().getPort()));
        this.element = AsciiString.of(text);
    }

    /// Whether they are those of a request to `other` with this verdict, on the same connection.
    boolean areFor(Service other, RequestRules.Accepted verdict) {
        return port == verdict.port() && service.equals(other) && host.equals(verdict.host());
    }

    void apply(HttpHeaders headers) {
        Secured tls = arrival.tls();
        if (tls != null && tls.client() != null && service.tls().clientHeaders()) {
            ClientCertificate.of(tls.client()).apply(headers);
        }
        if (service.clientAddress() == ClientAddress.NONE) {
            return;
        }
        headers.set(FOR, address).set(REAL_IP, address).set(PROTO, scheme);
        if (!authority.isEmpty()) {
            headers.set(HOST, authority);
        }
        headers.set(PORT, localPort).set(FORWARDED, element);
    }
}
