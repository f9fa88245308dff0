package dev.culvert.control.store;

import dev.culvert.control.store.Store.Document;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// The store of versions before SQLite: `kind/name.doc` below one folder, each with its version in the first line. It
/// is only read, once, so that an upgrade keeps its state.
final class DocumentFiles {
    private static final String SUFFIX = ".doc";
    private static final String HEADER = "# culvert document, version ";
    private static final String VERSION = "[0-9]{1,18}";
    private static final String KIND = "[a-z]+";
    private static final String NAME = "[A-Za-z0-9_.-]{1,64}";

    private final Path root;

    DocumentFiles(Path root) {
        this.root = root;
    }

    boolean exist() {
        return Files.isDirectory(root);
    }

    /// All documents, by key; leftovers of a crash are none.
    ///
    /// @throws IOException if one of them is not what it should be, with the remedy
    List<Document> all() throws IOException {
        List<Document> all = new ArrayList<>();
        try (DirectoryStream<Path> kinds = Files.newDirectoryStream(root, Files::isDirectory)) {
            for (Path kind : kinds) {
                if (name(kind).matches(KIND)) {
                    all.addAll(list(name(kind)));
                }
            }
        } catch (NoSuchFileException e) {
            return all;
        }
        return all;
    }

    /// Those of one kind, by key.
    List<Document> list(String kind) throws IOException {
        List<Document> documents = new ArrayList<>();
        Path folder = root.resolve(kind);
        if (!Files.isDirectory(folder)) {
            return documents;
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*" + SUFFIX)) {
            for (Path file : files) {
                String name = name(file);
                name = name.substring(0, name.length() - SUFFIX.length());
                if (name.matches(NAME)) {
                    documents.add(load(kind + "/" + name, file));
                }
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        documents.sort(Comparator.comparing(Document::key));
        return documents;
    }

    /// Puts the folder out of the way when its documents are elsewhere; nothing in it is deleted.
    Path retire() throws IOException {
        Path retired = root.resolveSibling(name(root) + ".imported");
        for (int i = 2; Files.exists(retired); i++) {
            retired = root.resolveSibling(name(root) + ".imported-" + i);
        }
        return Files.move(root, retired);
    }

    private static Document load(String key, Path file) throws IOException {
        String text = Files.readString(file);
        int end = text.indexOf('\n');
        String version = end < HEADER.length() ? "" : text.substring(HEADER.length(), end);
        if (!text.startsWith(HEADER) || !version.matches(VERSION)) {
            throw new IOException(file + " is not a document of Culvert's; move it away to go on");
        }
        return new Document(key, Long.parseLong(version), text.substring(end + 1));
    }

    private static String name(Path path) {
        return String.valueOf(path.getFileName());
    }
}
