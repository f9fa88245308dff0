package dev.culvert.control.config;

import dev.culvert.control.store.Store;
import dev.culvert.control.store.Store.Document;
import dev.culvert.model.Model;
import dev.culvert.model.Origin;
import dev.culvert.model.Role;
import dev.culvert.model.config.ModelMerge;
import dev.culvert.model.config.Parsed;
import dev.culvert.model.config.Problem;
import dev.culvert.model.config.Source;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The sources of a node's model: its file, which belongs to a person, and the documents of its store.
public final class Configuration {
    /// Kinds of documents that are of the configuration's schema.
    private static final List<String> KINDS = List.of("sites", "gateways", "services");

    private static final String SERVICES = "services";

    private static final String LAST_GOOD = "memory/last-good";

    private final Role role;
    private final @Nullable Path file;
    private volatile boolean mayAppear;
    private final Store store;
    private volatile Supplier<List<Source>> more = List::of;

    /// What a start found.
    ///
    /// @param problems why the file is not what runs; empty if it is
    public record Start(Model model, List<Problem> problems) {}

    /// @param file the configuration file, or null for none
    /// @param mayAppear whether the file may be missing until somebody writes it; once it was read, a missing file
    ///     is an error and never an empty configuration
    public Configuration(Role role, @Nullable Path file, boolean mayAppear, Store store) {
        this.role = role;
        this.file = file;
        this.mayAppear = mayAppear;
        this.store = store;
    }

    /// Takes further documents, which count after those of the store.
    public void also(Supplier<List<Source>> documents) {
        more = documents;
    }

    /// Reads and merges everything.
    ///
    /// @throws IOException if the file cannot be read
    public Parsed<Model> load() throws IOException {
        String text = file == null || (mayAppear && !Files.exists(file)) ? null : text(file);
        if (text != null) {
            mayAppear = false;
        }
        Parsed<Model> merged = merge(text, stored(role, store::list));
        if (merged instanceof Parsed.Ok<Model> && text != null) {
            remember(text);
        }
        return merged;
    }

    /// Reads for a start: where the file is broken, the one that was good last takes its place, if there was one.
    public Parsed<Start> start() throws IOException {
        Parsed<Model> now = load();
        if (now instanceof Parsed.Ok<Model>(Model model, List<Problem> warnings)) {
            return new Parsed.Ok<>(new Start(model, List.of()), warnings);
        }
        Document lastGood = store.read(LAST_GOOD);
        if (lastGood != null
                && merge(lastGood.text(), stored(role, store::list))
                        instanceof Parsed.Ok<Model>(Model model, var warnings)) {
            return new Parsed.Ok<>(new Start(model, now.notes()), warnings);
        }
        return Parsed.problems(now.notes());
    }

    /// What the model would be if `site` declared exactly `declarations`; changes nothing.
    ///
    /// @throws IOException if the file cannot be read
    public Parsed<Model> with(String site, List<Source> declarations) throws IOException {
        String text = file == null || !Files.exists(file) ? null : text(file);
        List<Source> sources = new ArrayList<>(stored(role, store::list));
        sources.removeIf(source -> source.origin().equals(Origin.site(site)));
        sources.addAll(declarations);
        return merge(text, sources);
    }

    /// The model without what sites declare, for a start at which that cannot be had.
    public Parsed<Model> withoutDeclarations() throws IOException {
        String text = file == null || !Files.exists(file) ? null : text(file);
        List<Source> sources = new ArrayList<>(stored(role, store::list));
        sources.removeIf(source -> source.origin().kind() == Origin.Kind.SITE);
        return merge(text, sources);
    }

    private Parsed<Model> merge(@Nullable String text, List<Source> documents) {
        List<Source> sources = new ArrayList<>();
        if (text != null) {
            sources.add(Source.file(String.valueOf(file), text));
        }
        sources.addAll(documents);
        sources.addAll(more.get());
        return ModelMerge.merge(role, sources);
    }

    /// The documents of a kind, from a store or of somebody who only looks at one.
    @FunctionalInterface
    public interface Documents {
        List<Document> list(String kind) throws IOException;
    }

    /// The store's part of the configuration. A gateway's services there are declarations of its sites.
    public static List<Source> stored(Role role, Documents store) throws IOException {
        List<Source> sources = new ArrayList<>();
        for (String kind : KINDS) {
            for (Document document : store.list(kind)) {
                int dot = document.key().indexOf('.');
                boolean declared = role == Role.GATEWAY && kind.equals(SERVICES) && dot > 0;
                sources.add(
                        declared
                                ? Source.site(document.key().substring(SERVICES.length() + 1, dot), document.text())
                                : Source.store(document.key(), document.text()));
            }
        }
        return sources;
    }

    /// The key of a service that a site declares to its gateway. A site's name has no dot.
    public static String declared(String site, String service) {
        return SERVICES + "/" + site + "." + service;
    }

    /// What a site has declared to this gateway.
    public List<Document> declaredBy(String site) {
        String prefix = declared(site, "");
        return store.list(SERVICES).stream()
                .filter(document -> document.key().startsWith(prefix))
                .toList();
    }

    private static String text(Path file) throws IOException {
        try {
            return Files.readString(file);
        } catch (NoSuchFileException e) {
            throw new IOException("no file " + file, e);
        }
    }

    private void remember(String text) {
        Document before = store.read(LAST_GOOD);
        if (before != null && before.text().equals(text)) {
            return;
        }
        try {
            store.put(LAST_GOOD, before == null ? 0 : before.version(), text);
        } catch (IOException e) {
            // A full disk must not keep a good configuration from running; the next start has the older one.
        }
    }

    /// Tells `listener`, by `executor`, when a document of the configuration has changed.
    public Store.Watch watch(Executor executor, Runnable listener) {
        return store.watch(KINDS, executor, listener);
    }

    /// Looks whether another process has changed the store, and tells the watches: cheap enough for every second.
    public void catchUp() {
        store.catchUp();
    }

    /// Changes when the file or the store does.
    public long revision() {
        long revision = fileRevision();
        for (String kind : KINDS) {
            for (Document document : store.list(kind)) {
                revision = Objects.hash(revision, document.key(), document.version());
            }
        }
        return revision;
    }

    /// Changes when the file does: cheap enough to be asked every second.
    public long fileRevision() {
        if (file == null) {
            return 0;
        }
        try {
            return Objects.hash(Files.getLastModifiedTime(file).toMillis(), Files.size(file));
        } catch (IOException e) {
            // An editor that replaces the file leaves none for a moment.
            return -1;
        }
    }
}
