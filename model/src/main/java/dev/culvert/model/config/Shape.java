package dev.culvert.model.config;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;

/// A section of the schema as data: its fields, and the words that are not fields but deserve a better answer than
/// "unknown".
final class Shape implements Kind<Section> {
    private final Map<String, Field<?>> fields = new LinkedHashMap<>();
    private final Map<String, String> refused = new HashMap<>();
    private @Nullable Field<?> shorthand;

    private Shape() {}

    static Shape of(Field<?>... fields) {
        Shape shape = new Shape();
        for (Field<?> field : fields) {
            shape.fields.put(field.key(), field);
        }
        return shape;
    }

    /// A word that users may well write here, and what to tell them.
    Shape refusing(String key, String answer) {
        refused.put(key, answer);
        return this;
    }

    /// Lets a single value stand for a section with this field alone.
    Shape shorthand(Field<?> field) {
        shorthand = field;
        return this;
    }

    List<Field<?>> fields() {
        return List.copyOf(fields.values());
    }

    @Override
    public @Nullable Section read(Node node, String path, Notes notes) {
        Section section = new Section(path, notes);
        Field<?> single = shorthand;
        if (single != null && node instanceof ScalarNode && !YamlText.isNull(node)) {
            readShort(single, node, path, section, notes);
            return section;
        }
        boolean mapping = YamlText.forEachKey(node, path, expected(), notes, (key, at, value) -> {
            Field<?> field = fields.get(key.getValue());
            if (field == null) {
                notes.add(at, refusal(key.getValue()));
            } else {
                readField(field, value, at, section, notes);
            }
        });
        if (!mapping) {
            return null;
        }
        for (Field<?> field : fields.values()) {
            if (field.required() && !section.mentions(field)) {
                section.note(field, "is missing (expected: " + field.kind().expected() + ")");
            }
        }
        return section;
    }

    @Override
    public String expected() {
        return (shorthand == null ? "" : shorthand.kind().expected() + ", or ")
                + "a section with "
                + String.join(", ", fields.keySet());
    }

    private static <T> void readShort(Field<T> field, Node value, String path, Section section, Notes notes) {
        notes.places().put(section.path(field), YamlText.place(value));
        T read = field.kind().read(value, path, notes);
        if (read != null) {
            section.put(field, read);
        }
    }

    private static <T> void readField(Field<T> field, Node value, String path, Section section, Notes notes) {
        if (!(field.kind() instanceof Shape) && !(field.kind() instanceof Entries)) {
            notes.places().put(path, YamlText.place(value));
        }
        T read = field.kind().read(value, path, notes);
        if (read != null) {
            section.put(field, read);
        }
    }

    private String refusal(String key) {
        String answer = refused.get(key);
        if (answer != null) {
            return answer;
        }
        String known = String.join(", ", fields.keySet());
        return "unknown key (expected: " + known + ")" + Suggestion.phrase(Suggestion.nearest(key, fields.keySet()));
    }
}
