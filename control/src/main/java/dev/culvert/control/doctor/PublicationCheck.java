package dev.culvert.control.doctor;

import dev.culvert.control.link.Published;
import dev.culvert.control.link.Publisher.Outcome;
import java.util.Map;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// At a site: what its gateways made of a service that it asks them to publish.
final class PublicationCheck implements Check {
    private static final Pattern REMEDY = Pattern.compile("\\(at the gateway: (.*)\\)$");

    private final String service;
    private final Supplier<Map<String, Outcome>> outcomes;

    PublicationCheck(String service, Supplier<Map<String, Outcome>> outcomes) {
        this.service = service;
        this.outcomes = outcomes;
    }

    @Override
    public String name() {
        return service + ": publication";
    }

    @Override
    public Finding run() {
        Finding finding = Finding.unknown(name(), "no gateway has been asked yet");
        for (Map.Entry<String, Outcome> entry : outcomes.get().entrySet()) {
            finding = of(entry.getKey(), entry.getValue());
            if (finding.level() != Finding.Level.OK) {
                return finding;
            }
        }
        return finding;
    }

    private Finding of(String gateway, Outcome outcome) {
        Published published = outcome.services().get(service);
        if (!outcome.failure().isEmpty() || published == null) {
            String why = outcome.failure().isEmpty() ? "it was not offered yet" : outcome.failure();
            return Finding.unknown(name(), "whether gateway " + gateway + " publishes it: " + why);
        }
        if (!published.isRefused()) {
            return Finding.ok(name(), "by gateway " + gateway + " at " + String.join(", ", published.at()));
        }
        Matcher remedy = REMEDY.matcher(published.why());
        String fix = remedy.find() ? "at gateway " + gateway + ": " + remedy.group(1) : "choose another name or port";
        return Finding.broken(
                name(),
                "gateway " + gateway + " refuses: " + remedy.replaceFirst("").strip(),
                fix);
    }
}
