package dev.culvert.dataplane.hop;

import dev.culvert.dataplane.site.Source;
import dev.culvert.model.ClientVerdict;
import dev.culvert.model.SiteRules;
import dev.culvert.model.Surroundings;
import dev.culvert.model.Transport;
import dev.culvert.proto.proxyprotocol.HopRequest;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.function.Predicate;

/// Whether a target may be spoken to from the visitor's own address, and at which of its addresses. A gateway that was
/// taken over could otherwise forge any address towards any machine of the home.
final class InVisitorsName {
    private static final String COUNTER = "hop.denied.transparent";
    static final String OTHER_PORT = "hop.transparent.other-port";

    private InVisitorsName() {}

    /// Judges by the home's rules; what is denied is counted, and said to the operator.
    static boolean isAllowed(
            HopServer.Site site, String gateway, Transport by, HopRequest.Target target, InetAddress client) {
        SiteRules rules = site.rules();
        if (!rules.mayShowVisitor(by, target.host(), target.port())) {
            site.events()
                    .report(
                            gateway,
                            COUNTER,
                            "asked for " + HopServer.name(target)
                                    + " from the visitor's own address, to which this home"
                                    + " has not agreed: refused (transparent: in site.yaml would allow it, and"
                                    + " client-address: proxy-v2 needs no leave)");
            return false;
        }
        ClientVerdict verdict = rules.mayShow(client, site.surroundings().own());
        if (!verdict.isAllowed()) {
            site.events()
                    .report(
                            gateway,
                            COUNTER,
                            "says that a visitor of " + HopServer.name(target) + " comes from "
                                    + client.getHostAddress() + " (" + verdict
                                    + "), with which this machine does not speak: refused");
            return false;
        }
        if (!site.hearsAnswersToVisitors()) {
            site.events().report(gateway, COUNTER, "asked for a visitor's own address, whose way back is not set up");
            return false;
        }
        return true;
    }

    /// Which of the target's addresses will do: those whose answers come past this machine.
    static Predicate<InetAddress> may(HopServer.Site site, Transport by, HopRequest.Target target) {
        SiteRules rules = site.rules();
        Surroundings machine = site.surroundings();
        return address -> {
            if (!rules.mayDial(by, target.host(), target.port(), address)) {
                return false;
            }
            boolean returns = rules.returnsHere(by, target.host(), target.port(), address, machine);
            if (!returns) {
                site.events()
                        .report(
                                HopServer.name(target),
                                COUNTER,
                                address.getHostAddress()
                                        + " is neither on this machine nor in its containers, so its answers to visitors"
                                        + " would go past it (transparent.returns-via-site in site.yaml, if they do not)");
            }
            return returns;
        };
    }

    static Source source(HopServer.Site site, InetSocketAddress client) {
        return new Source(client, () -> site.events().count(OTHER_PORT));
    }
}
