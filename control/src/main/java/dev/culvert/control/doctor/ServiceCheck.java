package dev.culvert.control.doctor;

import dev.culvert.dataplane.DialException;
import dev.culvert.dataplane.Node;
import dev.culvert.model.Destination;
import dev.culvert.model.Site;
import java.io.IOException;

/// Whether a service's target answers, dialled as a visitor's request would dial it.
final class ServiceCheck implements Check {
    private static final long ECHO_MILLIS = 1_000;
    private static final long DIAL_MILLIS = 1_800;

    private final Node node;
    private final String service;
    private final Destination destination;

    ServiceCheck(Node node, String service, Destination destination) {
        this.node = node;
        this.service = service;
        this.destination = destination;
    }

    @Override
    public String name() {
        return service + ": target";
    }

    @Override
    public Finding run() {
        Site site = destination.site() == null ? null : node.model().sites().get(destination.site());
        if (site != null) {
            var echo = node.tunnel().ping(site.peer().addresses().getFirst(), 56, ECHO_MILLIS);
            if (!Answers.came(echo, ECHO_MILLIS + 200)) {
                return Finding.unknown(name(), "not asked: the tunnel to " + site.name() + " does not answer");
            }
        }
        String at = site == null ? "" : " at " + site.name();
        try {
            long nanos = Answers.of(node.probe(destination), DIAL_MILLIS);
            return Finding.ok(name(), destination.target() + at + " answers, %.1f ms".formatted(nanos / 1e6));
        } catch (DialException e) {
            return Finding.broken(name(), destination.target() + at + ": " + e.getMessage(), fix(e, at));
        } catch (IOException e) {
            return Finding.broken(
                    name(),
                    destination.target() + at + ": the tunnel answers, the target does not: " + e.getMessage(),
                    "is that machine on, and does a firewall drop packets to it? `culvert doctor`" + at + " sees more");
        }
    }

    private String fix(DialException e, String at) {
        return switch (e.broken()) {
            case DENIED ->
                "not on the allow-list: write `- "
                        + destination.target().toString().replaceFirst("^[a-z]+://", "") + "` under allow: in site.yaml"
                        + at;
            case TARGET_REFUSED ->
                "start the service; or it listens on another address of that machine than the target says:"
                        + " `culvert doctor`" + at + " sees which";
            case TARGET_UNREACHABLE ->
                "a name that does not resolve, or no route" + at + ": mend the target, or the LAN";
            case TARGET_TLS -> "is its certificate for this name, and from an authority that target-ca names?";
            case TARGET_TIMEOUT -> "is that machine on, and does a firewall drop packets to it?";
            case SITE_REFUSED -> "start `culvert site`" + at + "; at a plain peer, start what listens on that port";
            case SITE_SILENT -> "the tunnel answers echoes only: does a firewall" + at + " drop TCP?";
            case OVERLOADED -> "the site has no room for more connections: see culvert status" + at;
            case PROTOCOL -> "run the same version at both ends";
        };
    }
}
