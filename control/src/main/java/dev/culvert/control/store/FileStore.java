package dev.culvert.control.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A [Store] of files: `kind/name.doc` below one folder, each with its version in the first line.
///
/// A write goes to a temporary file, is synced, takes the old one's place by rename, and then the folder is synced:
/// after
/// kill -9 or a power cut there is the old document or the new one, never half of one. A full disk fails the write and
/// leaves the old document.
public final class FileStore implements Store {
    private static final String SUFFIX = ".doc";
    private static final String HEADER = "# culvert document, version ";
    private static final String VERSION = "[0-9]{1,18}";
    private static final String KEY = "[a-z]+/[A-Za-z0-9_.-]{1,128}";

    private final Path root;

    /// @param root made with mode 0700 if it is not there
    public FileStore(Path root) throws IOException {
        this.root = root;
        StateFolder.create(root);
    }

    @Override
    public synchronized @Nullable Document read(String key) {
        return load(key, file(key));
    }

    private static @Nullable Document load(String key, Path file) {
        try {
            String text = Files.readString(file);
            int end = text.indexOf('\n');
            String version = end < HEADER.length() ? "" : text.substring(HEADER.length(), end);
            if (!text.startsWith(HEADER) || !version.matches(VERSION)) {
                throw new UncheckedIOException(
                        new IOException(file + " is not a document of Culvert's; move it away to go on"));
            }
            return new Document(key, Long.parseLong(version), text.substring(end + 1));
        } catch (NoSuchFileException e) {
            return null;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public synchronized List<Document> list(String kind) {
        List<Document> documents = new ArrayList<>();
        Path folder = root.resolve(kind);
        if (!Files.isDirectory(folder)) {
            return documents;
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*" + SUFFIX)) {
            for (Path file : files) {
                String name = file.getFileName().toString();
                Document document = load(kind + "/" + name.substring(0, name.length() - SUFFIX.length()), file);
                if (document != null) {
                    documents.add(document);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        documents.sort(Comparator.comparing(Document::key));
        return documents;
    }

    @Override
    public synchronized Document put(String key, long expectedVersion, String text) throws IOException {
        Document current = read(key);
        if ((current == null ? 0 : current.version()) != expectedVersion) {
            throw new Conflict(key);
        }
        Document next = new Document(key, expectedVersion + 1, text);
        Path file = file(key);
        Path folder = file.getParent();
        if (folder == null) {
            throw new IOException("no folder for " + key);
        }
        StateFolder.create(folder);
        Path fresh = folder.resolve("." + file.getFileName() + ".new");
        Files.deleteIfExists(fresh);
        try (FileChannel out = FileChannel.open(
                fresh,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
            ByteBuffer bytes =
                    ByteBuffer.wrap((HEADER + next.version() + "\n" + text).getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                out.write(bytes);
            }
            out.force(true);
        }
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        sync(folder);
        return next;
    }

    @Override
    public synchronized void delete(String key) throws IOException {
        Path file = file(key);
        if (Files.deleteIfExists(file) && file.getParent() != null) {
            sync(file.getParent());
        }
    }

    private Path file(String key) {
        if (!key.matches(KEY) || key.contains("..")) {
            throw new IllegalArgumentException("document key: " + key + " (expected: kind/name)");
        }
        return root.resolve(key + SUFFIX);
    }

    private static void sync(Path folder) throws IOException {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
