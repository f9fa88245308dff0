package dev.culvert.model.config;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/// A list of values; a single one may stand without its dash.
///
/// @param item what each value is
record ListOf<T>(Scalar<T> item) implements Kind<List<T>> {
    /// The values that could be read. A wrong one is noted and left out, so that the others can still be checked.
    @Override
    public @Nullable List<T> read(Node node, String path, Notes notes) {
        if (YamlText.isNull(node)) {
            return List.of();
        }
        if (!(node instanceof SequenceNode sequence)) {
            T single = item.read(node, path, notes);
            return single == null ? null : List.of(single);
        }
        List<T> values = new ArrayList<>();
        for (int i = 0; i < sequence.getValue().size(); i++) {
            Node element = sequence.getValue().get(i);
            String at = path + "[" + i + "]";
            notes.places().put(at, YamlText.place(element));
            T value = item.read(element, at, notes);
            if (value != null && values.contains(value)) {
                notes.add(at, "stands twice in the list");
            } else if (value != null) {
                values.add(value);
            }
        }
        return List.copyOf(values);
    }

    @Override
    public String expected() {
        return item.expected() + ", or a list";
    }
}
