package dev.culvert.control.link;

import dev.culvert.control.Reloader;
import dev.culvert.control.config.Configuration;
import dev.culvert.control.store.Store;
import dev.culvert.control.store.Store.Change;
import dev.culvert.control.store.Store.Document;
import dev.culvert.dataplane.Node;
import dev.culvert.model.Listener;
import dev.culvert.model.Model;
import dev.culvert.model.Origin;
import dev.culvert.model.Role;
import dev.culvert.model.Service;
import dev.culvert.model.config.Config;
import dev.culvert.model.config.ConfigParser;
import dev.culvert.model.config.ConfigWriter;
import dev.culvert.model.config.Parsed;
import dev.culvert.model.config.Problem;
import dev.culvert.model.config.Source;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The gateway's side of `expose`: takes what a site offers as far as it was granted, and says why not of the rest.
///
/// What is taken becomes a document of the store, so that a restarted gateway serves before the site has called. What
/// is
/// refused is not kept; the site offers it again. A service that cannot be had after all, as where its port is taken,
/// is refused, and never stands in the way of what others publish.
public final class Declarations {
    private static final Logger LOG = LoggerFactory.getLogger("culvert");
    private static final int MAX_SERVICES = 256;

    private final Node node;
    private final Configuration configuration;
    private final Store store;
    private final Reloader reloader;
    private final Map<String, String> refusals = new HashMap<>();

    public Declarations(Node node, Configuration configuration, Store store, Reloader reloader) {
        this.node = node;
        this.configuration = configuration;
        this.store = store;
        this.reloader = reloader;
    }

    /// Applies the model of a start. What sites declared must not keep the gateway from serving what its own file says:
    /// where the whole cannot be had, theirs is left out until they offer it again.
    public void apply(Model model) throws IOException {
        try {
            node.apply(model);
        } catch (IOException e) {
            if (configuration.withoutDeclarations() instanceof Parsed.Ok<Model>(Model own, var _)
                    && !own.equals(model)) {
                LOG.error("what the sites declare is not published: {}", e.getMessage());
                node.apply(own);
            } else {
                throw e;
            }
        }
    }

    /// Makes a site's offer what it publishes here.
    ///
    /// @return for each offered service what became of it
    /// @throws IOException if the store cannot be written or the gateway's own file is broken
    synchronized Map<String, Published> take(String site, Offer offer) throws IOException {
        Map<String, Published> answers = new TreeMap<>();
        Map<String, Service> readable = new LinkedHashMap<>();
        offer.documents().forEach((name, document) -> {
            if (readable.size() >= MAX_SERVICES) {
                answers.put(name, Published.refused("a site publishes at most " + MAX_SERVICES + " services"));
                return;
            }
            read(site, name, document, readable, answers);
        });
        Map<String, String> wanted = new TreeMap<>();
        Parsed<Model> merged = configuration.with(site, sources(site, readable));
        if (!(merged instanceof Parsed.Ok<Model>(Model next, List<Problem> notes))) {
            throw new IOException("the gateway's own configuration is broken now: "
                    + merged.notes().getFirst());
        }
        readable.forEach((name, service) -> {
            Service accepted = next.services().get(name);
            if (accepted != null && accepted.origin().equals(Origin.site(site))) {
                wanted.put(Configuration.declared(site, name), document(site, name, service));
            } else {
                answers.put(name, Published.refused(why(site, name, notes)));
            }
        });
        String failure = replace(site, wanted);
        readable.keySet().forEach(name -> answers.computeIfAbsent(name, _ -> outcome(site, name, failure)));
        log(site, answers);
        return answers;
    }

    private Published outcome(String site, String name, String failure) {
        Service live = node.model().services().get(name);
        return live != null && live.origin().equals(Origin.site(site))
                ? Published.at(places(live))
                : Published.refused(failure);
    }

    private static void read(
            String site, String name, String document, Map<String, Service> readable, Map<String, Published> answers) {
        // With the site's own schema: it cannot name a site, and so not another one.
        switch (ConfigParser.parse(Role.SITE, Source.site(site, document))) {
            case Parsed.Problems<Config>(var problems) ->
                answers.put(name, Published.refused(problems.getFirst().message()));
            case Parsed.Ok<Config>(Config config, var _) -> {
                Service service = config.services().get(name);
                if (service == null || service.scope() != Listener.Scope.PUBLIC) {
                    answers.put(name, Published.refused("the document does not hold this service"));
                } else {
                    readable.put(name, service);
                }
            }
        }
    }

    private static String document(String site, String name, Service service) {
        return ConfigWriter.document("services", name, service.at(site));
    }

    /// Those that are published already come first: a later claim cannot push them out.
    private List<Source> sources(String site, Map<String, Service> readable) {
        List<Source> sources = new ArrayList<>();
        for (boolean known : new boolean[] {true, false}) {
            readable.forEach((name, service) -> {
                if (node.model().services().containsKey(name) == known) {
                    sources.add(Source.site(site, document(site, name, service)));
                }
            });
        }
        return sources;
    }

    private static String why(String site, String name, List<Problem> notes) {
        String path = "services." + name;
        return notes.stream()
                .filter(note -> note.file().equals(Origin.site(site).toString()))
                .filter(note -> note.path().equals(path) || note.path().startsWith(path + "."))
                .map(note -> note.path().substring("services.".length()) + " " + note.message())
                .findFirst()
                .orElse("refused");
    }

    /// Puts the documents in place and applies them; what was there before comes back if that fails.
    ///
    /// @return why it failed, or an empty text
    private String replace(String site, Map<String, String> wanted) throws IOException {
        Map<String, String> before = new TreeMap<>();
        for (Document document : configuration.declaredBy(site)) {
            before.put(document.key(), document.text());
        }
        if (before.equals(wanted) && isLive(site, wanted.size())) {
            return "";
        }
        write(before, wanted);
        String failure = reloader.reload();
        if (!failure.isEmpty()) {
            write(wanted, before);
            reloader.reload();
        }
        return failure;
    }

    private boolean isLive(String site, int services) {
        return node.model().services().values().stream()
                        .filter(service -> service.origin().equals(Origin.site(site)))
                        .count()
                == services;
    }

    /// All of it, or nothing.
    private void write(Map<String, String> from, Map<String, String> to) throws IOException {
        List<Change> changes = new ArrayList<>();
        to.forEach((key, text) -> {
            if (!text.equals(from.get(key))) {
                changes.add(new Change.Put(key, version(key), text));
            }
        });
        from.forEach((key, _) -> {
            if (!to.containsKey(key)) {
                changes.add(new Change.Remove(key, version(key)));
            }
        });
        store.commit(changes);
    }

    private long version(String key) {
        Document document = store.read(key);
        return document == null ? 0 : document.version();
    }

    /// Where visitors find it, in words that can be opened or dialled.
    private List<String> places(Service service) {
        List<String> places = new ArrayList<>();
        for (Listener listener : node.model().listeners()) {
            Listener.Protocol wanted = service.tls().isOn() ? Listener.Protocol.HTTPS : Listener.Protocol.HTTP;
            if (listener.protocol() == wanted && listener.service() == null && service.isVisible(listener.scope())) {
                int port = listener.bind().port();
                String suffix = port == (wanted == Listener.Protocol.HTTPS ? 443 : 80) ? "" : ":" + port;
                service.hosts().forEach(host -> places.add(wanted + "://" + host + suffix));
            }
        }
        places.addAll(service.listens());
        return places;
    }

    /// Each refusal once, until it changes: the site offers again and again.
    private void log(String site, Map<String, Published> answers) {
        answers.forEach((name, answer) -> {
            String key = site + "." + name;
            if (!answer.isRefused()) {
                refusals.remove(key);
            } else if (!answer.why().equals(refusals.put(key, answer.why()))) {
                LOG.warn("site {}: service {} is not published: {}", site, name, answer.why());
                node.events().report(site, "service.refused", "service " + name + ": " + answer.why());
            }
        });
        refusals.keySet()
                .removeIf(key -> key.startsWith(site + ".") && !answers.containsKey(key.substring(site.length() + 1)));
    }
}
