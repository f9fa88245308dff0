package dev.culvert.control.store;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Small versioned documents with compare-and-set. May be used from any thread; a write that returned is on the disk.
public interface Store {
    /// @param key `kind/name`
    /// @param version counts the writes of this document, from 1
    record Document(String key, long version, String text) {}

    /// Somebody else has written the document in between.
    final class Conflict extends IOException {
        private static final long serialVersionUID = 1;

        public Conflict(String key) {
            super(key + " was changed by somebody else in between");
        }
    }

    @Nullable
    Document read(String key);

    /// All documents of a kind, by key.
    List<Document> list(String kind);

    /// Writes a document.
    ///
    /// @param expectedVersion the version that is replaced; 0 where there must be none
    /// @throws Conflict if the document is at another version
    Document put(String key, long expectedVersion, String text) throws IOException;

    /// Removes a document; one that is not there stays so.
    void delete(String key) throws IOException;
}
