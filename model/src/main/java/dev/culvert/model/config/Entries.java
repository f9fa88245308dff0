package dev.culvert.model.config;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;

/// Named sections of one shape: `services:`, `sites:`, `gateways:`.
///
/// @param shape what each is made of
record Entries(Shape shape) implements Kind<Map<String, Section>> {
    @Override
    public @Nullable Map<String, Section> read(Node node, String path, Notes notes) {
        Map<String, Section> sections = new LinkedHashMap<>();
        boolean mapping = YamlText.forEachKey(node, path, expected(), notes, (key, at, value) -> {
            Scalars.NAME.read(key, at, notes);
            Section section = shape.read(value, at, notes);
            if (section != null) {
                // A wrong name has been noted; from here on it only serves to find more.
                sections.put(Echo.clean(key.getValue()), section);
            }
        });
        return mapping ? sections : null;
    }

    @Override
    public String expected() {
        return "names, each with a section";
    }
}
