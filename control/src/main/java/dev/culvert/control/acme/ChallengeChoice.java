package dev.culvert.control.acme;

import dev.culvert.control.acme.Authority.OrderException;
import dev.culvert.model.AcmeSettings;
import dev.culvert.model.AcmeSettings.Challenge;
import dev.culvert.model.Listener;
import dev.culvert.model.Model;
import dev.culvert.model.Role;
import java.util.ArrayList;
import java.util.List;

/// Which kind of proof can be given for a name, from what a model listens at.
///
/// @param http whether visitors reach this node by plain HTTP
/// @param tls whether they reach it by TLS, if only through a gateway
record ChallengeChoice(boolean http, boolean tls) {
    static ChallengeChoice of(Model model) {
        return new ChallengeChoice(
                listens(model, Listener.Protocol.HTTP),
                listens(model, Listener.Protocol.HTTPS) || model.role() == Role.SITE);
    }

    private static boolean listens(Model model, Listener.Protocol protocol) {
        return model.listeners().stream()
                .anyMatch(listener -> listener.scope() == Listener.Scope.PUBLIC && listener.protocol() == protocol);
    }

    /// @param attempt how often in a row the name has failed: each time it is the next kind's turn
    Challenge choose(AcmeSettings settings, String name, int attempt) throws OrderException {
        List<Challenge> possible = possible(settings, name);
        if (possible.isEmpty()) {
            boolean wildcard = name.startsWith("*.");
            throw new OrderException(
                    OrderFault.NO_CHALLENGE,
                    wildcard ? name + " can be proven by dns-01 only" : "nothing here can prove " + name,
                    wildcard || settings.challenge() == Challenge.DNS_01
                            ? "set acme.dns"
                            : "let visitors reach port 80 or 443 of this node, or set acme.dns");
        }
        return possible.get(attempt % possible.size());
    }

    private List<Challenge> possible(AcmeSettings settings, String name) {
        List<Challenge> possible = new ArrayList<>();
        Challenge wanted = settings.challenge();
        if (settings.dns() != null && (wanted == Challenge.AUTO || wanted == Challenge.DNS_01)) {
            // Whoever sets records up has a reason: wildcards, or names that lead to no public address.
            return List.of(Challenge.DNS_01);
        }
        if (name.startsWith("*.")) {
            return List.of();
        }
        if (http && (wanted == Challenge.AUTO || wanted == Challenge.HTTP_01)) {
            possible.add(Challenge.HTTP_01);
        }
        if (tls && (wanted == Challenge.AUTO || wanted == Challenge.TLS_ALPN_01)) {
            possible.add(Challenge.TLS_ALPN_01);
        }
        return possible;
    }
}
