package dev.culvert.control.doctor;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.culvert.dataplane.Ports;
import dev.culvert.dataplane.internal.InternalService.Response;
import dev.culvert.dataplane.internal.TunnelClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;

/// At a gateway: what a site's own doctor finds, of which the first broken hop is told here too.
final class FarEndCheck implements Check {
    private static final long MILLIS = 2_800;

    private final TunnelClient client;
    private final String site;
    private final InetAddress address;

    FarEndCheck(TunnelClient client, String site, InetAddress address) {
        this.client = client;
        this.site = site;
        this.address = address;
    }

    @Override
    public String name() {
        return site + ": seen from there";
    }

    @Override
    public Finding run() throws IOException {
        Response response;
        try {
            response = Answers.of(
                    client.request(new InetSocketAddress(address, Ports.CONTROL), "GET", "/findings", "", MILLIS),
                    MILLIS + 200);
        } catch (IOException e) {
            return Finding.unknown(name(), "it does not answer through the tunnel");
        }
        if (response.status() != 200) {
            return Finding.unknown(
                    name(), "it does not tell: " + response.body().strip());
        }
        if (JSON.std.mapFrom(response.body()).get("findings") instanceof List<?> findings) {
            for (Object entry : findings) {
                if (entry instanceof Map<?, ?> map && "broken".equals(map.get("level"))) {
                    Finding theirs = Finding.of(map);
                    return Finding.broken(
                            name(), theirs.check() + ": " + theirs.what(), "at " + site + ": " + theirs.fix());
                }
            }
        }
        return Finding.ok(name(), "nothing is broken");
    }
}
