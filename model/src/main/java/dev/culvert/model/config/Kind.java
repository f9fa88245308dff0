package dev.culvert.model.config;

import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;

/// What may stand behind a key, and how it is read.
sealed interface Kind<T> permits Scalar, ListOf, Shape, Entries {
    /// The value of `node`; null after noting a problem at `path`.
    @Nullable
    T read(Node node, String path, Notes notes);

    /// What is expected, for a Problem and for the reference.
    String expected();
}
