package dev.culvert.control.store;

import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/// Small versioned documents with compare-and-set and watch. May be used from any thread but an event loop: calls wait
/// for the disk. A write that returned is on the disk.
///
/// Keys are `kind/name`: the kind of lower-case letters, the name of up to 128 of `[A-Za-z0-9_.-]`, neither `.` nor
/// `..`. Reading throws [java.io.UncheckedIOException] when the disk does not give what it has.
public interface Store extends AutoCloseable {
    /// @param key `kind/name`
    /// @param version counts the writes of this document, from 1; one that was removed begins anew
    record Document(String key, long version, String text) {}

    /// Somebody else has written the document in between.
    final class Conflict extends IOException {
        private static final long serialVersionUID = 1;

        public Conflict(String key) {
            super(key + " was changed by somebody else in between");
        }
    }

    /// One step of [#commit].
    sealed interface Change {
        String key();

        /// The version that is replaced or removed; 0 where there must be none.
        long expectedVersion();

        record Put(String key, long expectedVersion, String text) implements Change {}

        record Remove(String key, long expectedVersion) implements Change {}
    }

    /// Ends a watch when closed; its listener may still run once.
    interface Watch extends AutoCloseable {
        @Override
        void close();
    }

    @Nullable
    Document read(String key);

    /// All documents of a kind, by key.
    List<Document> list(String kind);

    /// Makes all changes in their order, or none of them.
    ///
    /// @return the documents that were put, in order
    /// @throws Conflict if one of them is at another version
    /// @throws IOException with the remedy, if the disk does not take them: nothing has changed then
    List<Document> commit(List<Change> changes) throws IOException;

    /// Writes one document.
    ///
    /// @param expectedVersion the version that is replaced; 0 where there must be none
    /// @throws Conflict if the document is at another version
    default Document put(String key, long expectedVersion, String text) throws IOException {
        return commit(List.of(new Change.Put(key, expectedVersion, text))).getFirst();
    }

    /// Removes a document, at whatever version; one that is not there stays so.
    void delete(String key) throws IOException;

    /// Tells `listener`, by `executor`, after each change of a document of these kinds that is on the disk. It is not
    /// told what changed: it reads.
    Watch watch(Collection<String> kinds, Executor executor, Runnable listener);

    /// Looks whether other processes have changed documents, and tells the watches. Cheap enough for once a second.
    void catchUp();

    @Override
    void close();
}
