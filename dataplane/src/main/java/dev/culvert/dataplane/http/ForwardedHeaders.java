package dev.culvert.dataplane.http;

import dev.culvert.model.ClientAddress;
import dev.culvert.model.Service;
import dev.culvert.proto.http.Authority;
import dev.culvert.proto.http.ForwardedElement;
import dev.culvert.proto.http.RequestRules;
import dev.culvert.proto.text.AddressLiteral;
import io.netty.handler.codec.http.HttpHeaders;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/// Tells a target who its visitor is, by header fields; what the visitor sent under those names is gone by then.
///
/// @param client the visitor, as the socket knows it
/// @param local where the visitor connected to
/// @param secure whether it came by TLS that ended here
/// @param service whose `client-address:` says whether the fields are wanted
record ForwardedHeaders(InetSocketAddress client, InetSocketAddress local, boolean secure, Service service) {
    void apply(HttpHeaders headers, RequestRules.Accepted verdict) {
        if (service.clientAddress() == ClientAddress.NONE) {
            return;
        }
        InetAddress address = client.getAddress();
        String text = AddressLiteral.format(address);
        String host = new Authority(verdict.host(), verdict.port()).toString();
        String scheme = secure ? "https" : "http";
        headers.set("X-Forwarded-For", text);
        headers.set("X-Real-IP", text);
        headers.set("X-Forwarded-Proto", scheme);
        if (!verdict.host().isEmpty()) {
            headers.set("X-Forwarded-Host", host);
        }
        headers.set("X-Forwarded-Port", Integer.toString(local.getPort()));
        StringBuilder element = new StringBuilder();
        ForwardedElement.append(element, address, -1, verdict.host().isEmpty() ? "" : host, scheme);
        headers.set("Forwarded", element.toString());
    }
}
