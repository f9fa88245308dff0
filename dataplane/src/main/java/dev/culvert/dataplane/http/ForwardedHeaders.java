package dev.culvert.dataplane.http;

import dev.culvert.dataplane.tls.Secured;
import dev.culvert.model.ClientAddress;
import dev.culvert.model.Service;
import dev.culvert.proto.http.Authority;
import dev.culvert.proto.http.ForwardedElement;
import dev.culvert.proto.http.RequestRules;
import dev.culvert.proto.text.AddressLiteral;
import io.netty.handler.codec.http.HttpHeaders;
import java.net.InetAddress;

/// Tells a target who its visitor is, by header fields; what the visitor sent under those names is gone by then.
///
/// @param arrival the visitor, as its socket and handshake tell
/// @param service whose `client-address:` says whether the fields are wanted
record ForwardedHeaders(Arrival arrival, Service service) {
    void apply(HttpHeaders headers, RequestRules.Accepted verdict) {
        Secured tls = arrival.tls();
        if (tls != null && tls.client() != null && service.tls().clientHeaders()) {
            ClientCertificate.of(tls.client()).apply(headers);
        }
        if (service.clientAddress() == ClientAddress.NONE) {
            return;
        }
        InetAddress address = arrival.client().getAddress();
        String text = AddressLiteral.format(address);
        String host = new Authority(verdict.host(), verdict.port()).toString();
        String scheme = arrival.scheme();
        headers.set("X-Forwarded-For", text);
        headers.set("X-Real-IP", text);
        headers.set("X-Forwarded-Proto", scheme);
        if (!verdict.host().isEmpty()) {
            headers.set("X-Forwarded-Host", host);
        }
        headers.set("X-Forwarded-Port", Integer.toString(arrival.local().getPort()));
        StringBuilder element = new StringBuilder();
        ForwardedElement.append(element, address, -1, verdict.host().isEmpty() ? "" : host, scheme);
        headers.set("Forwarded", element.toString());
    }
}
