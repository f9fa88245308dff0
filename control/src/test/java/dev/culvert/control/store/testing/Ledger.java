package dev.culvert.control.store.testing;

import dev.culvert.control.store.Store;
import dev.culvert.control.store.Store.Document;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/// What a writer has been told, kept outside of the store: a line before each write, a line after its acknowledgment.
/// A process that is killed loses none of them, for each is in the kernel's hands before the next step.
final class Ledger implements AutoCloseable {
    private final Map<String, Long> acknowledged = new TreeMap<>();
    private final Map<String, Long> tried = new TreeMap<>();
    private final FileOutputStream out;

    /// Goes on with the ledger of the writers before.
    Ledger(Path file) throws IOException {
        if (Files.exists(file)) {
            for (String line : Files.readAllLines(file)) {
                take(line);
            }
        }
        out = new FileOutputStream(file.toFile(), true);
    }

    private void take(String line) {
        String[] words = line.split(" ");
        switch (words[0]) {
            case "try" ->
                Arrays.stream(words)
                        .skip(1)
                        .map(word -> word.split("="))
                        .forEach(word -> tried.put(word[0], Long.parseLong(word[1])));
            case "ack" -> {
                acknowledged.putAll(tried);
                tried.clear();
            }
            case "fail" -> tried.clear();
            default -> throw new IllegalStateException("ledger: " + line);
        }
    }

    private void add(String line) throws IOException {
        take(line);
        out.write((line + "\n").getBytes(StandardCharsets.US_ASCII));
    }

    /// @param versions what the documents will be at; 0: gone
    void willWrite(Map<String, Long> versions) throws IOException {
        StringBuilder line = new StringBuilder("try");
        versions.forEach(
                (key, version) -> line.append(' ').append(key).append('=').append(version.longValue()));
        add(line.toString());
    }

    void wasAcknowledged() throws IOException {
        add("ack");
    }

    void wasRefused() throws IOException {
        add("fail");
    }

    long version(String key) {
        return acknowledged.getOrDefault(key, 0L);
    }

    /// Holds the store against the ledger: each document as it was acknowledged last; or all of those of the write that
    /// was cut off as that write would have left them. What it finds is acknowledged from now on.
    ///
    /// @throws IllegalStateException if something was lost, is half there, or came from nowhere
    void verify(Store store, Iterable<String> keys) throws IOException {
        Map<String, Long> found = new TreeMap<>();
        for (String key : keys) {
            Document document = store.read(key);
            found.put(key, document == null ? 0 : document.version());
            if (document != null && !document.text().equals(text(key, document.version()))) {
                throw new IllegalStateException(key + " at " + document.version() + " has another text");
            }
        }
        Map<String, Long> before = new TreeMap<>();
        keys.forEach(key -> before.put(key, version(key)));
        Map<String, Long> after = new TreeMap<>(before);
        after.putAll(tried);
        if (!found.equals(before) && !found.equals(after)) {
            throw new IllegalStateException("acknowledged " + before + ", tried " + tried + ", found " + found);
        }
        add(found.equals(after) ? "ack" : "fail");
    }

    /// The text of a document is a function of its key and version, of 0 to 6 kB.
    static String text(String key, long version) {
        int length = Math.floorMod(key.hashCode() * 31L + version * 2_654_435_761L, 6_000);
        return (key + " " + version + "\n").repeat(length / 16);
    }

    @Override
    public void close() throws IOException {
        out.close();
    }
}
