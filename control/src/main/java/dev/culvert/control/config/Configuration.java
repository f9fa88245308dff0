package dev.culvert.control.config;

import dev.culvert.control.store.Store;
import dev.culvert.control.store.Store.Document;
import dev.culvert.model.Model;
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
import org.jspecify.annotations.Nullable;

/// The sources of a node's model: its file, which belongs to a person, and the documents of its store.
public final class Configuration {
    /// Kinds of documents that are of the configuration's schema.
    private static final List<String> KINDS = List.of("sites", "gateways");

    private static final String LAST_GOOD = "memory/last-good";

    private final Role role;
    private final @Nullable Path file;
    private volatile boolean mayAppear;
    private final Store store;

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

    /// Reads and merges everything.
    ///
    /// @throws IOException if the file cannot be read
    public Parsed<Model> load() throws IOException {
        String text = file == null || (mayAppear && !Files.exists(file)) ? null : text(file);
        if (text != null) {
            mayAppear = false;
        }
        Parsed<Model> merged = merge(text);
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
        if (lastGood != null && merge(lastGood.text()) instanceof Parsed.Ok<Model>(Model model, var warnings)) {
            return new Parsed.Ok<>(new Start(model, now.notes()), warnings);
        }
        return Parsed.problems(now.notes());
    }

    private Parsed<Model> merge(@Nullable String text) throws IOException {
        List<Source> sources = new ArrayList<>();
        if (text != null) {
            sources.add(Source.file(String.valueOf(file), text));
        }
        sources.addAll(stored(store::list));
        return ModelMerge.merge(role, sources);
    }

    /// The documents of a kind, from a store or of somebody who only looks at one.
    @FunctionalInterface
    public interface Documents {
        List<Document> list(String kind) throws IOException;
    }

    /// The store's part of the configuration.
    public static List<Source> stored(Documents store) throws IOException {
        List<Source> sources = new ArrayList<>();
        for (String kind : KINDS) {
            for (Document document : store.list(kind)) {
                sources.add(Source.store(document.key(), document.text()));
            }
        }
        return sources;
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
